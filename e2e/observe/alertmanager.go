package observe

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// tellsNobody is a configuration of Alertmanager for looking at alerts on one machine.
const tellsNobody = `route:
  receiver: nobody
  group_by: [alertname, tenant_id]
receivers:
  - name: nobody
`

func (l *launch) alertmanager() (stack.Beside, error) {
	program, err := command("tools/install-packages.sh prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
	if err != nil {
		return stack.Beside{}, err
	}
	dir, err := l.directory("alertmanager")
	if err != nil {
		return stack.Beside{}, err
	}
	config := l.opts.AlertmanagerConfig
	if config == "" {
		config = filepath.Join(dir, "alertmanager.yaml")
		if err := os.WriteFile(config, []byte(tellsNobody), 0o600); err != nil {
			return stack.Beside{}, fmt.Errorf("write the configuration of Alertmanager: %w", err)
		}
	}
	address := loopback(l.ports.alertmanager)
	return stack.Beside{
		Name: processAlertmanager, Command: program, Dir: dir, Ports: []int{l.ports.alertmanager},
		Args: []string{
			"--config.file=" + config, "--storage.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + address,
			"--cluster.listen-address=", // it is alone
		},
		URLVariable: "ALERTMANAGER_URL",
		Ready:       "http://" + address + "/-/ready",
	}, nil
}
