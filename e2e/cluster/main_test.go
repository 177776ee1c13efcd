package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/cluster"
)

// running is the cluster that all tests of this package share; each works in namespaces of its own.
var running *cluster.Cluster

// patience with anything that a test waits for: much more than it takes on a machine that does other things, too.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	cluster.RunTests(m, "cluster", func(_ context.Context, c *cluster.Cluster) error {
		running = c
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
