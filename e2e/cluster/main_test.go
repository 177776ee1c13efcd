package cluster_test

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

// running is the cluster that all tests of this package share; each works in namespaces of its own.
var running *cluster.Cluster

// patience with anything that a test waits for: much more than it takes on a machine that does other things, too.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
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
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ai-agents-cluster-")
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
	defer func() { err = errors.Join(err, running.Stop(ctx)) }()
	fmt.Printf("cluster: control plane and nodes ready in %s\n", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	if err := running.InstallDapr(ctx); err != nil {
		return 1, fmt.Errorf("install Dapr: %w", err)
	}
	fmt.Printf("cluster: Dapr ready in %s\n", time.Since(began).Round(time.Millisecond))
	return m.Run(), nil
}

// bounded is the test's context, with an end.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
