// Package tenantspace owns the namespace of a tenant with an enhancer of its own: what stands in it, by the chart charts/tenant, and how it is
// made and removed by helm and kubectl, which it runs as programs.
package tenantspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// stopTime is how long an interrupted helm may take to say in its release that it was interrupted: killed, it would leave one that looks as if it were
// still being installed, and refuse the next.
const stopTime = 30 * time.Second

// Programs are helm and kubectl, and the cluster that they work on.
type Programs struct {
	// Helm and Kubectl are their files.
	Helm, Kubectl string
	// Context is that of the kubeconfig; empty for its current one.
	Context string
	// Env is what they get beside this process's environment, as NAME=value.
	Env []string
}

// Find looks for both in PATH. The error names what is missing.
func Find(kubeContext string) (Programs, error) {
	p := Programs{Context: kubeContext}
	var missing []string
	for name, path := range map[string]*string{"helm": &p.Helm, "kubectl": &p.Kubectl} {
		found, err := exec.LookPath(name)
		if err != nil {
			missing = append(missing, name)
			continue
		}
		*path = found
	}
	if len(missing) > 0 {
		return Programs{}, fmt.Errorf("this is done by helm and kubectl, and PATH has no %s: install it", strings.Join(missing, " and no "))
	}
	return p, nil
}

// Cluster names the context that is worked in.
func (p Programs) Cluster(ctx context.Context) (string, error) {
	if p.Context != "" {
		return p.Context, nil
	}
	out, err := p.run(ctx, p.Kubectl, "", "config", "current-context")
	return strings.TrimSpace(out), err
}

func (p Programs) runHelm(ctx context.Context, args ...string) (string, error) {
	if p.Context != "" {
		args = append(args, "--kube-context", p.Context)
	}
	return p.run(ctx, p.Helm, "", args...)
}

func (p Programs) runKubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	if p.Context != "" {
		args = append(args, "--context", p.Context)
	}
	return p.run(ctx, p.Kubectl, stdin, args...)
}

// run gives what the program prints. An error has what it says about its failure, and not what it was given on standard input.
func (p Programs) run(ctx context.Context, program, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return "", fmt.Errorf("%s %s: %w: %s", program, strings.Join(args[:min(len(args), shownArgs)], " "), err, strings.TrimSpace(problems.String()))
	}
	return out.String(), nil
}

// shownArgs of a command say what it was.
const shownArgs = 4
