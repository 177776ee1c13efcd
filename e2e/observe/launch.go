package observe

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// launch is a start under way.
type launch struct {
	opts  Options
	stack *stack.Stack
	dir   string // of data and configuration
	ports ports
}

// ports are the actual ones of what was asked for.
type ports struct {
	prometheus, alertmanager int
	collector                int
	collectorMetrics         int
	jaeger, jaegerOTLP       int
}

func (o Options) complete() (Options, error) {
	if o.Parts == 0 {
		o.Parts = All
	}
	if o.Parts&Alerts != 0 && o.Parts&Metrics == 0 {
		return o, errors.New("alerts need metrics: without Prometheus nothing reports to Alertmanager")
	}
	if o.Root == "" {
		root, err := stack.FindRoot()
		if err != nil {
			return o, fmt.Errorf("find what deploy/ ships: %w", err)
		}
		o.Root = root
	}
	if o.Rules == nil {
		o.Rules = []string{filepath.Join(o.Root, "deploy/prometheus/rules/*.yaml")}
	}
	if o.DecisionWait == 0 {
		o.DecisionWait = defaultDecisionWait
	}
	if o.ReadyTimeout == 0 {
		o.ReadyTimeout = defaultReadyTimeout
	}
	return o, nil
}

// describe settles ports and writes configuration.
func (l *launch) describe() ([]stack.Beside, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	if err := l.choosePorts(); err != nil {
		return nil, err
	}
	var all []stack.Beside
	for _, part := range []struct {
		of       Parts
		describe func() (stack.Beside, error)
	}{
		{Metrics, l.prometheus}, {Alerts, l.alertmanager}, {Traces, l.jaeger}, {Traces, l.collector},
	} {
		if l.opts.Parts&part.of == 0 {
			continue
		}
		process, err := part.describe()
		if err != nil {
			return nil, err
		}
		all = append(all, process)
	}
	return all, nil
}

// choosePorts prefers the usual ones, which people know.
func (l *launch) choosePorts() error {
	for _, want := range []struct {
		part      Parts
		port      *int
		preferred int
	}{
		{Metrics, &l.ports.prometheus, 9090},
		{Alerts, &l.ports.alertmanager, 9093},
		{Traces, &l.ports.jaeger, 16686},
		{Traces, &l.ports.jaegerOTLP, 24317},
		{Traces, &l.ports.collectorMetrics, 8888},
	} {
		if l.opts.Parts&want.part == 0 {
			continue
		}
		var err error
		if *want.port, err = l.stack.FreePort(want.preferred); err != nil {
			return fmt.Errorf("find a port: %w", err)
		}
	}
	return l.chooseCollectorPort()
}

// chooseCollectorPort takes the port to which the stack exports already, if it does.
func (l *launch) chooseCollectorPort() (err error) {
	if l.opts.Parts&Traces == 0 {
		return nil
	}
	if address := l.stack.OTLPAddr(); address != "" {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("the stack exports traces to %q: %w", address, err)
		}
		if l.ports.collector, err = strconv.Atoi(port); err != nil {
			return fmt.Errorf("the stack exports traces to %q: %w", address, err)
		}
		return nil
	}
	const usual = 4317
	if l.ports.collector, err = l.stack.FreePort(usual); err != nil {
		return fmt.Errorf("find a port: %w", err)
	}
	return nil
}

// command finds a program under one of its names, those of Debian first, and says how to get it.
func command(install string, names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is missing: install it with `%s`", names[0], install)
}

// directory makes one below the run directory.
func (l *launch) directory(name string) (string, error) {
	dir := filepath.Join(l.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a directory: %w", err)
	}
	return dir, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
