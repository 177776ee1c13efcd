package runbooks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

// monitor is a Prometheus that scrapes the stack's apps, and the Alertmanager that it tells.
type monitor struct {
	prometheusURL, alertmanagerURL string
	children                       []*lifeline.Child
}

func watch(ctx context.Context, s *stack.Stack) (*monitor, error) {
	dir := filepath.Join(s.Dir(), "monitor")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	prometheus, alertmanager := freeAddress(), freeAddress()
	m := &monitor{prometheusURL: "http://" + prometheus, alertmanagerURL: "http://" + alertmanager}
	scrape := "global: {scrape_interval: 1s}\nalerting: {alertmanagers: [{static_configs: [{targets: ['" + alertmanager + "']}]}]}\nscrape_configs:\n"
	for _, app := range []string{"gateway", "enhancer", "console"} {
		at, err := url.Parse(s.InternalURL(app))
		if err != nil {
			return nil, err
		}
		scrape += fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: ['%s']}]}\n", app, at.Host)
	}
	for name, content := range map[string]string{
		"prometheus.yaml":   scrape + "  - {job_name: prometheus, static_configs: [{targets: ['" + prometheus + "']}]}\n",
		"alertmanager.yaml": "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	return m, errors.Join(
		m.launch(ctx, dir, prometheus, "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--web.listen-address="+prometheus),
		m.launch(ctx, dir, alertmanager, "prometheus-alertmanager", "--config.file=alertmanager.yaml", "--storage.path=am", "--web.listen-address="+alertmanager, "--cluster.listen-address="),
	)
}

func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // interim
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (m *monitor) launch(ctx context.Context, dir, address, program string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s is missing: tools/install-packages.sh %s: %w", program, program, err)
	}
	output, err := os.Create(filepath.Join(dir, program+".log"))
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, output, output
	child, err := lifeline.Start(cmd, lifeline.Options{})
	if err != nil {
		return err
	}
	m.children = append(m.children, child)
	for range 100 {
		answer, err := http.Get("http://" + address + "/-/ready") //nolint:noctx // interim
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s is not ready, see %s", program, output.Name())
}

func (m *monitor) stop() error {
	var errs []error
	for _, c := range m.children {
		errs = append(errs, c.Signal(syscall.SIGTERM))
		<-c.Done()
	}
	return errors.Join(errs...)
}
