package alerting

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

const (
	poll    = 20 * time.Millisecond
	private = 0o600
)

// listening is what both programs log when they have their port.
var listening = regexp.MustCompile(`msg="?Listening on"? address=(127\.0\.0\.1:\d+)`)

// Find gives the path of the first program that is installed, or an error that says what to install.
func Find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: run tools/install-packages.sh prometheus prometheus-alertmanager", names[0])
}

// Program is a Prometheus or an Alertmanager that runs on loopback, on a port of its own choice.
type Program struct {
	// URL is its address, without a slash at the end.
	URL string
	// Log is the file with what it said.
	Log string

	child *lifeline.Child
}

// StartAlertmanager starts one with a configuration, its data in dir, and waits until it is ready.
func StartAlertmanager(ctx context.Context, dir, config string) (*Program, error) {
	path, err := Find("prometheus-alertmanager", "alertmanager")
	if err != nil {
		return nil, err
	}
	return start(ctx, filepath.Join(dir, "alertmanager.log"), path,
		"--config.file="+config, "--storage.path="+filepath.Join(dir, "alertmanager"), "--web.listen-address=127.0.0.1:0",
		"--web.external-url=https://alertmanager.example.com", "--web.route-prefix=/", "--cluster.listen-address=")
}

// StartPrometheus does likewise.
func StartPrometheus(ctx context.Context, dir, config string) (*Program, error) {
	path, err := Find("prometheus")
	if err != nil {
		return nil, err
	}
	return start(ctx, filepath.Join(dir, "prometheus.log"), path,
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "prometheus"), "--web.listen-address=127.0.0.1:0",
		// What is sent before it has found the Alertmanager is lost until it is sent again.
		"--rules.alert.resend-delay=1s")
}

func start(ctx context.Context, logFile, path string, args ...string) (*Program, error) {
	output, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, private)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer func() { _ = output.Close() }() // the process has its own handle
	cmd := exec.Command(path, args...)    //nolint:noctx // it outlives ctx, and Stop ends it
	cmd.Stdout, cmd.Stderr = output, output
	child, err := lifeline.Start(cmd, lifeline.Options{})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	p := &Program{Log: logFile, child: child}
	if err := p.ready(ctx); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// ready waits for the port, and then for the program to say that it is ready.
func (p *Program) ready(ctx context.Context) error {
	for ; ; _ = pause.For(ctx, poll) {
		said, err := os.ReadFile(p.Log)
		if err != nil {
			return fmt.Errorf("read its log: %w", err)
		}
		select {
		case <-p.child.Done():
			return fmt.Errorf("it ended (%w): %s", p.child.Err(), said)
		case <-ctx.Done():
			return fmt.Errorf("it is not ready (%w): %s", ctx.Err(), said)
		default:
		}
		if match := listening.FindSubmatch(said); match != nil {
			p.URL = "http://" + string(match[1])
			if p.answers(ctx) {
				return nil
			}
		}
	}
}

func (p *Program) answers(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/-/ready", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// Stop ends it, and waits for its end.
func (p *Program) Stop() {
	_ = p.child.Signal(syscall.SIGTERM)
	select {
	case <-p.child.Done():
	case <-time.After(10 * time.Second):
		_ = p.child.Signal(syscall.SIGKILL)
		<-p.child.Done()
	}
}
