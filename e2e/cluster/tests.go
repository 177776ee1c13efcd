package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/ai-agents/ai-agents/e2e/cluster/namespace"
)

// startPatience is how long a cluster may take to be there, on a machine that does other things, too.
const startPatience = 5 * time.Minute

// RunTests runs m, a *testing.M, beside a cluster with Dapr in a network and mounts of their own, and ends the process. Prepare gets the cluster before. Its
// data and logs, in a temporary folder with this name, stay when a test fails.
func RunTests(m interface{ Run() int }, name string, prepare func(context.Context, *Cluster) error) {
	namespace.Main(func() int {
		code, err := runTests(m, name, prepare)
		if err != nil {
			fmt.Fprintln(os.Stderr, "cluster:", err)
			code = max(code, 1)
		}
		return code
	})
}

func runTests(m interface{ Run() int }, name string, prepare func(context.Context, *Cluster) error) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	dir, err := os.MkdirTemp("", "ai-agents-"+name+"-")
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
	c, err := Start(ctx, Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return 1, fmt.Errorf("start a cluster: %w", err)
	}
	defer func() { err = errors.Join(err, c.Stop(context.WithoutCancel(ctx))) }()
	if err := c.InstallDapr(ctx); err != nil {
		return 1, fmt.Errorf("install Dapr: %w", err)
	}
	if err := prepare(ctx, c); err != nil {
		return 1, err
	}
	fmt.Printf("cluster: Kubernetes and Dapr ready in %s\n", time.Since(began).Round(time.Millisecond))
	return m.Run(), nil
}
