package mirror

import (
	"context"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// readAgain reads tickets that the server failed to give out when they were listed. Changes are followed behind them by
// now, so without it they would be missing until the next complete pass.
func (r *run) readAgain(ctx context.Context) error {
	overdue, err := r.m.rows.overdue(ctx, r.tenantID, r.feed, storeEvery)
	if err != nil || len(overdue) == 0 {
		return err
	}
	ids := make([]string, len(overdue))
	for i, left := range overdue {
		ids[i] = left.ID
	}
	have, err := r.m.tickets.Versions(ctx, r.tenantID, ids)
	if err != nil {
		return fmt.Errorf("see which tickets there are: %w", err)
	}
	batch := &ticketBatch{r: r}
	for _, left := range overdue {
		version, known := have[left.ID]
		if !known || left.Version.IsZero() || version.Before(left.Version) { // otherwise it has come in meanwhile
			if err = batch.fetch(ctx, servicedesk.Request{ID: left.ID, LastUpdatedTime: left.Version}, known); err != nil {
				break
			}
		}
	}
	if err := batch.close(ctx, err); err != nil {
		return err
	}
	return r.m.rows.settled(ctx, r.tenantID, r.feed, ids)
}
