package platform

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// AwaitEnhancer waits until a worker takes work for the tenant's own enhancer, or for the shared one, which has no tenant.
func (p *Platform) AwaitEnhancer(ctx context.Context, tenantID string) error {
	again := time.NewTicker(poll)
	defer again.Stop()
	for {
		workers, err := p.admin.Workers(ctx)
		if err != nil {
			return fmt.Errorf("list the workers: %w", err)
		}
		if slices.ContainsFunc(workers, func(w adminapi.Worker) bool { return w.Enhancer == tenantID && w.State == adminapi.WorkerWorking }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no worker takes work for the enhancer %q among %+v: %w", tenantID, workers, context.Cause(ctx))
		case <-again.C:
		}
	}
}
