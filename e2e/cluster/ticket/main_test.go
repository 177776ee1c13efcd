// Package ticket_test has one ticket enhanced by the platform as charts/ai-agents installs it, in a real control plane of Kubernetes and of Dapr: apps and
// sidecars run with what the API server holds of their pods, and with identities from sentry. What they are told otherwise is in
// e2e/cluster/deviations.go, what is changed of the production values in testdata/values.yaml.
package ticket_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/cluster/namespace"
)

// running is the cluster.
var running *cluster.Cluster

// patience with anything that a test waits for: much more than it takes on a machine that does other things, too.
const patience = time.Minute

func TestMain(m *testing.M) {
	if dir := os.Getenv(postgresDir); dir != "" {
		if err := runPostgres(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	namespace.Main(func() int {
		code, err := runTests(m)
		if err != nil {
			fmt.Fprintln(os.Stderr, "cluster:", err)
			code = max(code, 1)
		}
		return code
	})
}

func runTests(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "ai-agents-ticket-")
	if err != nil {
		return 1, fmt.Errorf("make a run directory: %w", err)
	}
	defer func() {
		if code == 0 && err == nil {
			err = os.RemoveAll(dir)
			return
		}
		fmt.Fprintln(os.Stderr, "What the cluster's processes printed is in", dir+"/logs.")
	}()
	began := time.Now()
	running, err = cluster.Start(ctx, cluster.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return 1, fmt.Errorf("start a cluster: %w", err)
	}
	defer func() { err = errors.Join(err, running.Stop(context.WithoutCancel(ctx))) }()
	if err := running.InstallDapr(ctx); err != nil {
		return 1, fmt.Errorf("install Dapr: %w", err)
	}
	if err := running.RunActors(ctx); err != nil {
		return 1, fmt.Errorf("run Dapr's placement and schedulers: %w", err)
	}
	fmt.Printf("cluster: Kubernetes and Dapr, placement and schedulers included, ready in %s\n", time.Since(began).Round(time.Millisecond))
	return m.Run(), nil
}

// bounded is the test's context, with an end.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
