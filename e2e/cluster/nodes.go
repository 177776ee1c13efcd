package cluster

import (
	"context"
	"fmt"
	"log/slog"

	"k8s.io/client-go/kubernetes"

	"github.com/ai-agents/ai-agents/e2e/cluster/kubelet"
)

// nodes is the goroutine that plays the kubelets.
type nodes struct {
	client kubernetes.Interface
	cancel context.CancelFunc
	ended  chan error
}

func (n *nodes) start(ctx context.Context, logger *slog.Logger, count int) error {
	names := make([]string, 0, count)
	for i := range count {
		names = append(names, fmt.Sprintf("node-%d", i+1))
	}
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	registered := make(chan struct{})
	n.cancel, n.ended = cancel, make(chan error, 1)
	go func() {
		n.ended <- kubelet.Run(lasting, n.client, logger, func() { close(registered) }, names...)
	}()
	select {
	case <-registered:
		return nil
	case err := <-n.ended:
		n.ended <- err // stop reads it, too
		return fmt.Errorf("play the kubelets: %w", err)
	case <-ctx.Done():
		return fmt.Errorf("play the kubelets: %w", context.Cause(ctx))
	}
}

func (n *nodes) stop() error {
	if n.cancel == nil {
		return nil
	}
	n.cancel()
	n.cancel = nil
	return <-n.ended
}
