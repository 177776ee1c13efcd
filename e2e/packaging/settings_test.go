package packaging_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAppsTakeTheSettings starts each app with what compose gives it, empty ones included. Settings that it cannot use end it with status 2;
// with these it goes on to look for its sidecar, which is not there.
func TestAppsTakeTheSettings(t *testing.T) {
	const elsewhere, nobody = "1", "DAPR_HTTP_PORT=1"
	for _, app := range local(t).Apps {
		for _, c := range []struct {
			also   string
			status int
			says   string
		}{{nobody, 1, "sidecar was not ready"}, {"SHUTDOWN_GRACE=soon", 2, "SHUTDOWN_GRACE"}} {
			cmd := exec.CommandContext(t.Context(), filepath.Join(root(t), "bin", app.ID))
			for name, value := range load(t, "", "").Services[app.ID].Environment {
				if value != nil {
					cmd.Env = append(cmd.Env, name+"="+*value)
				}
			}
			cmd.Env = append(cmd.Env, nobody, "DAPR_GRPC_PORT="+elsewhere, "DAPR_START_WAIT=1ms", c.also)
			said, err := cmd.CombinedOutput()
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.ExitCode() != c.status || !strings.Contains(string(said), c.says) {
				t.Errorf("%s with %s: %v, want status %d: %s", app.ID, c.also, err, c.status, said)
			}
		}
	}
}
