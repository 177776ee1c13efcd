package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shownLines of a command's or a log's end go into an error.
const shownLines = 20

// Kubectl runs the real kubectl as the administrator and returns what it printed. The error of one that failed has what it said.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return c.command(ctx, "", "kubectl", args)
}

// Apply hands manifests to `kubectl apply`, checked strictly: an unknown field is an error.
func (c *Cluster) Apply(ctx context.Context, manifests string) error {
	_, err := c.command(ctx, manifests, "kubectl", []string{"apply", "--validate=strict", "-f", "-"})
	return err
}

// Helm runs the real helm as the administrator and returns what it printed. Its settings and caches are below Dir.
func (c *Cluster) Helm(ctx context.Context, args ...string) (string, error) {
	return c.command(ctx, "", "helm", args)
}

func (c *Cluster) command(ctx context.Context, stdin, name string, args []string) (string, error) {
	program, err := c.program(name)
	if err != nil {
		return "", err
	}
	helm := filepath.Join(c.dir, "helm")
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig(), "KUBECACHEDIR="+filepath.Join(c.dir, "kubectl"),
		"HELM_CACHE_HOME="+helm, "HELM_CONFIG_HOME="+helm, "HELM_DATA_HOME="+helm)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, lastLines(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-shownLines):], "\n")
}
