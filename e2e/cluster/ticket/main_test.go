// Package ticket_test has one ticket enhanced by the platform as charts/ai-agents installs it, in a real control plane of Kubernetes and of Dapr: apps and
// sidecars run with what the API server holds of their pods, and with identities from sentry. What they are told otherwise is in
// e2e/cluster/deviations.go, what is changed of the production values in testdata/values.yaml.
package ticket_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/cluster"
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
	cluster.RunTests(m, "ticket", func(ctx context.Context, c *cluster.Cluster) error {
		running = c
		if err := c.RunActors(ctx); err != nil {
			return fmt.Errorf("run Dapr's placement and schedulers: %w", err)
		}
		return nil
	})
}

// bounded is the test's context, with an end.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
