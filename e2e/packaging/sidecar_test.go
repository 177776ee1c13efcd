package packaging_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar/secretsfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TestASidecarReadsTheSecretsFile has the gateway's own daprd read what `migrate secrets` writes: what is the gateway's, whole, and nothing else.
func TestASidecarReadsTheSecretsFile(t *testing.T) {
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "secrets.json")
	err = secretsfile.Write(file, "postgres://admin:example@postgres/ai_agents?sslmode=disable", secretsfile.Config{
		AppPassword: "example-app", ConsolePassword: "example-console", RedisPassword: "example-redis", TenantKeyset: keyset,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secretstore.yaml"), []byte(read(t, "components/secretstore.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	base := "http://127.0.0.1:" + startSidecar(t, dir, file) + "/v1.0/secrets/secretstore/"
	for name, want := range map[string]string{
		"tenant-keyset": keyset, "database-url": "postgres://app_user:example-app@postgres/ai_agents?sslmode=disable",
		"console-database-url": "", "redis-password": "",
	} {
		status, got := secret(t, base+name, name)
		if want == "" && status != http.StatusForbidden || want != "" && (status != http.StatusOK || got != want) {
			t.Errorf("%s: status %d, %q", name, status, got)
		}
	}
}

// startSidecar gives the HTTP port of a daprd of the gateway, which has the resources of dir and this file of secrets, and ends with the test.
func startSidecar(t *testing.T, dir, secrets string) string {
	t.Helper()
	ports := freePorts(t, 4)
	cmd := exec.CommandContext(t.Context(), filepath.Join(root(t), "bin/daprd"),
		"--app-id", "gateway", "--resources-path", dir, "--config", filepath.Join(root(t), "components/configuration-gateway.yaml"),
		"--dapr-http-port", ports[0], "--dapr-grpc-port", ports[1], "--dapr-internal-grpc-port", ports[2], "--metrics-port", ports[3],
		"--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1")
	cmd.Env = []string{"DAPR_HOST_IP=127.0.0.1", "SECRETS_FILE=" + secrets}
	log, err := os.Create(filepath.Join(t.TempDir(), "daprd.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: tools/build-dapr.sh builds it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
	})
	for range 300 {
		if resp, err := http.Get("http://127.0.0.1:" + ports[0] + "/v1.0/healthz/outbound"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusNoContent {
				return ports[0]
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("daprd was not ready within 30 s: %s", said)
	return ""
}

func freePorts(t *testing.T, n int) []string {
	t.Helper()
	ports := make([]string, 0, n)
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	return ports
}

func secret(t *testing.T, url, name string) (status int, value string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]string
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &values); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	}
	return resp.StatusCode, values[name]
}
