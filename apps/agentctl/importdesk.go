package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/importfile/meter"
	"github.com/ai-agents/ai-agents/internal/importfile/outcome"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

// importer imports from a tenant's ServiceDesk Plus.
type importer interface {
	Import(ctx context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error)
}

// importFromDesk pages through the tenant's ServiceDesk Plus, from where the last import stopped.
func importFromDesk(cmd *cobra.Command, k kind, f *importFlags, open func(*backend) importer) error {
	ctx := cmd.Context()
	b, err := openBackend(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	if _, _, err := b.tenants.Get(ctx, f.tenantID); err != nil {
		return fmt.Errorf("nothing was imported: %w (create it with `agentctl tenant apply`)", err)
	}
	began := time.Now()
	progress := newMeter(cmd, k, f)
	summary, err := open(b).Import(ctx, f.tenantID, k.feed, mirror.Options{
		Since: f.since, Limit: f.limit, DryRun: f.dryRun, Restart: f.restart,
		Report: func(p mirror.Progress) {
			progress.Show(meter.Reading{Rows: p.Done, Done: int64(p.Done), Total: int64(p.Total), Waiting: p.Waiting, Reason: p.Reason})
		},
	})
	progress.Close()
	stored := summary.Added + summary.Changed + summary.Unchanged
	result := outcome.Outcome{
		Change: summary.Change, DryRun: f.dryRun, Valid: stored,
		Read: summary.Read, Rejected: summary.Rejected, Skipped: summary.Skipped, Removed: summary.Removed,
		Resumed: summary.Resumed, Limited: f.limit > 0 && stored >= f.limit, Took: time.Since(began),
		WhySkipped: "not resolved, without a resolution, not approved, or disposed of",
	}
	var rejected []string
	for _, r := range summary.Rejections {
		rejected = append(rejected, fmt.Sprintf("%s: %s", r.ID, r.Reason))
	}
	return report(cmd, k, result, rejected, endOfDesk(ctx, err))
}

// endOfDesk says how to go on after an import that did not get to the end.
func endOfDesk(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: run the same command again, and it goes on where it stopped", errStopped)
	default:
		return fmt.Errorf("the import stopped; run the same command again, and it goes on from there: %w", err)
	}
}
