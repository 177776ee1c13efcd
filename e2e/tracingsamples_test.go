package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/pause"
)

// theirs is a trace in which a sidecar is asked for something.
const theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// A real daprd takes the sample for Zipkin, and its spans arrive in Zipkin's format, in the trace of who asked.
func TestASidecarSendsItsSpansToZipkin(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 100)
	zipkin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.URL.Path == "/api/v2/spans" {
			var spans []struct {
				TraceID string `json:"traceId"`
			}
			if json.Unmarshal(body, &spans) == nil {
				for _, s := range spans {
					arrived <- s.TraceID
				}
			}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(zipkin.Close)
	ask := sidecarWith(t, "e2e-zipkin", "zipkin.yaml", "zipkin.example.com:9411", strings.TrimPrefix(zipkin.URL, "http://"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ask(ctx)
	for {
		select {
		case id := <-arrived:
			if id == theirs[3:35] {
				return
			}
		case <-ctx.Done():
			t.Fatal("no span of the trace arrived")
		}
	}
}

// And the sample for Jaeger, which is read from Jaeger itself.
func TestASidecarSendsItsSpansToJaeger(t *testing.T) {
	t.Parallel()
	const app = "e2e-jaeger"
	ask := sidecarWith(t, app, "jaeger.yaml", "jaeger.example.com:4317", watched.CollectorAddr())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ask(ctx)
	for {
		if trace, err := watched.Trace(ctx, theirs[3:35]); err == nil && len(trace.Spans) > 0 && trace.Spans[0].Service == app {
			return
		}
		if err := pause.For(ctx, 200*time.Millisecond); err != nil {
			t.Fatal("no span of the trace arrived")
		}
	}
}

// sidecarWith runs a daprd of its own with a sample, in which one address stands for another. What it gives asks it for something, in a
// trace.
func sidecarWith(t *testing.T, appID, sample, example, address string) (ask func(context.Context)) {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "deploy/dapr-tracing", sample))
	if err != nil || !strings.Contains(string(text), example) {
		t.Fatalf("%s does not name %s: %v", sample, example, err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, sample)
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(string(text), example, address)), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "daprd.log"))
	if err != nil {
		t.Fatal(err)
	}
	ports := make([]string, 3)
	for i := range ports {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, ports[i], err = net.SplitHostPort(listener.Addr().String())
		if err == nil {
			err = listener.Close() // daprd wants it
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	daprd := exec.CommandContext(t.Context(), filepath.Join(root, "bin/daprd"),
		"--app-id", appID, "--config", filepath.Join(root, "components/configuration-console.yaml"), "--config", config, "--resources-path", t.TempDir(),
		"--dapr-listen-addresses", "127.0.0.1", "--dapr-http-port", ports[0], "--dapr-grpc-port", ports[1], "--dapr-internal-grpc-port", ports[2],
		"--enable-metrics=false")
	daprd.Stdout, daprd.Stderr = log, log
	if err := daprd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daprd.Process.Kill() // its spans have arrived, or the test has failed
		_ = daprd.Wait()
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("daprd says:\n%s", said)
		}
	})
	return func(ctx context.Context) { askInTrace(ctx, t, net.JoinHostPort("127.0.0.1", ports[0])) }
}

func askInTrace(ctx context.Context, t *testing.T, address string) {
	t.Helper()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/v1.0/state/none/key", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Traceparent", theirs)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			return // whatever it says of a store that there is not
		}
		if err := pause.For(ctx, 100*time.Millisecond); err != nil {
			t.Fatal("the sidecar does not answer")
		}
	}
}
