package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	runtime "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

func TestConfigDefaults(t *testing.T) {
	t.Setenv("APP_PORT", "8090")
	cfg, err := loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.PublicAddr != "127.0.0.1:8089" || cfg.PublicURL != "http://127.0.0.1:8089" ||
		cfg.GatewayURL != "http://127.0.0.1:8080" || !cfg.Sample || cfg.AllowRemote {
		t.Errorf("the defaults are %+v", cfg)
	}
}

func TestConfigIsRefusedUnlessItIsLocal(t *testing.T) {
	for _, c := range []struct {
		addr, remote string
		refused      string
	}{
		{"127.0.0.1:1", "", ""},
		{"[::1]:1", "", ""},
		{"localhost:1", "", ""},
		{"127.0.0.1", "", "host:port"},
		{":8089", "", "SIMULATOR_ALLOW_REMOTE"},
		{"0.0.0.0:8089", "", "SIMULATOR_ALLOW_REMOTE"},
		{"[::]:8089", "", "SIMULATOR_ALLOW_REMOTE"},
		{"192.0.2.7:8089", "false", "SIMULATOR_ALLOW_REMOTE"},
		{"simulator.example.com:8089", "", "SIMULATOR_ALLOW_REMOTE"},
		{"0.0.0.0:8089", "true", ""},
		{"127.0.0.1:1", "perhaps", "SIMULATOR_ALLOW_REMOTE"},
	} {
		t.Run(c.addr+c.remote, func(t *testing.T) {
			t.Setenv("APP_PORT", "8090")
			t.Setenv("PUBLIC_ADDR", c.addr)
			if c.remote != "" {
				t.Setenv("SIMULATOR_ALLOW_REMOTE", c.remote)
			}
			_, err := loadConfig()
			if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("loadConfig: %v, want %q", err, c.refused)
			}
		})
	}
}

func TestStartTellsWhyItFails(t *testing.T) {
	t.Setenv("APP_PORT", "")
	t.Setenv("PUBLIC_ADDR", "0.0.0.0:1")
	var out, problems strings.Builder
	if status := start(&out, &problems); status != 2 || !strings.Contains(problems.String(), "SIMULATOR_ALLOW_REMOTE") {
		t.Errorf("exit status %d: %s", status, problems.String())
	}
	t.Setenv("PUBLIC_ADDR", "127.0.0.1:1")
	t.Setenv("DAPR_HTTP_PORT", "1")
	t.Setenv("DAPR_START_WAIT", "1ms")
	if status := start(&out, &problems); status != 1 || !strings.Contains(out.String(), "sidecar") {
		t.Errorf("exit status %d: %s", status, out.String())
	}
}

func TestTheSampleIsOptional(t *testing.T) {
	t.Parallel()
	for sample, want := range map[bool]int{true: len(simulator.Tenants()), false: 0} {
		world, _, err := newWorld(config{Sample: sample}, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		world.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/tenants", http.NoBody))
		if got := strings.Count(rec.Body.String(), `"tenant_id"`); got != want {
			t.Errorf("sample %t: %d tenants, want %d: %s", sample, got, want, rec.Body)
		}
	}
}

func TestTheStateIsOptional(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.jsonl")
	_, end, err := newWorld(config{Sample: true, State: path}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || len(content) == 0 {
		t.Errorf("nothing was kept: %v", err)
	}
	if _, _, err := newWorld(config{State: t.TempDir()}, nil, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a folder was taken for the state")
	}
}

func TestRunServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	cfg := config{
		Sidecar: startSidecar(t, map[string]string{sidecar.SecretSimulatorKey: "master"}), Sample: true,
		PublicAddr: freeAddr(t), Internal: httpserver.InternalConfig{Host: "127.0.0.1", Port: port(t, freeAddr(t))},
		Grace: 5 * time.Second,
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, cfg, slog.New(slog.DiscardHandler)) }()
	for _, at := range []string{
		cfg.Internal.Addr() + "/healthz", cfg.Internal.Addr() + "/readyz", cfg.PublicAddr + "/", cfg.PublicAddr + "/api/tenants",
	} {
		if status := awaitAnswer(t, "http://"+at, ended); status != http.StatusOK {
			t.Errorf("%s: status %d", at, status)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

func TestRunNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), config{Sidecar: startSidecar(t, nil)}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, sidecar.ErrMissingSecrets) || !strings.Contains(err.Error(), sidecar.SecretSimulatorKey) {
		t.Errorf("without the secret: %v", err)
	}
	err = run(t.Context(), config{Sidecar: sidecar.Config{HTTPPort: "1", GRPCPort: "1", StartWait: time.Millisecond}},
		slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "sidecar") {
		t.Errorf("without a sidecar: %v", err)
	}
}

// awaitAnswer asks until the server listens, or has ended.
func awaitAnswer(t *testing.T, target string, ended <-chan error) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		status, err := get(ctx, target)
		if err == nil {
			return status
		}
		select {
		case err := <-ended:
			t.Fatalf("run ended: %v", err)
		case <-ctx.Done():
			t.Fatalf("no answer from %s: %v", target, err)
		case <-again.C:
		}
	}
}

func get(ctx context.Context, target string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// daprd is the part of a sidecar that start-up needs.
type daprd struct {
	runtime.UnimplementedDaprServer

	secrets map[string]string
}

func (d *daprd) GetSecret(_ context.Context, in *runtime.GetSecretRequest) (*runtime.GetSecretResponse, error) {
	value, ok := d.secrets[in.GetKey()]
	if !ok {
		return nil, errors.New("no such secret")
	}
	return &runtime.GetSecretResponse{Data: map[string]string{in.GetKey(): value}}, nil
}

func startSidecar(t *testing.T, secrets map[string]string) sidecar.Config {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	runtime.RegisterDaprServer(server, &daprd{secrets: secrets})
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	healthy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(healthy.Close)
	where, err := url.Parse(healthy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return sidecar.Config{HTTPPort: where.Port(), GRPCPort: port(t, l.Addr().String()), SecretStore: "secretstore", StartWait: 10 * time.Second}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func port(t *testing.T, addr string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
