package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/importfile/meter"
	"github.com/ai-agents/ai-agents/internal/importfile/outcome"
)

// importFromDesk has the console page through the tenant's ServiceDesk Plus, from where the last import stopped. The
// import lasts as long as the request: it ends with this process.
func importFromDesk(cmd *cobra.Command, k kind, f *importFlags) error {
	ctx := cmd.Context()
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	if err := checkTenant(ctx, client, f.tenantID); err != nil {
		return err
	}
	began := time.Now()
	summary, err := fetchFromDesk(ctx, cmd, client, k, f)
	if _, told := errors.AsType[*adminapi.StreamError](err); err != nil && !told {
		return err
	}
	return report(cmd, k, outcomeOf(summary, f, time.Since(began)), rejections(summary), err)
}

// fetchFromDesk imports, showing progress, and gives what became of it. After an adminapi.StreamError that is what was stored until then.
func fetchFromDesk(ctx context.Context, cmd *cobra.Command, client *adminapi.Client, k kind, f *importFlags) (adminapi.ImportSummary, error) {
	in := adminapi.StartImport{Feed: k.feed, Limit: f.limit, DryRun: f.dryRun, Restart: f.restart}
	if !f.since.IsZero() {
		in.Since = &f.since
	}
	progress := newMeter(cmd, k, f)
	reached := 0
	summary, err := client.Import(ctx, f.tenantID, in, func(p adminapi.ImportProgress) {
		reached = p.Done
		progress.Show(meter.Reading{
			Rows: p.Done, Done: int64(p.Done), Total: int64(p.Total),
			Waiting: time.Duration(p.WaitingMS) * time.Millisecond, Reason: p.Reason,
		})
	})
	progress.Close()
	if _, told := errors.AsType[*adminapi.StreamError](err); err != nil && !told {
		return summary, withoutSummary(ctx, k, reached, err)
	}
	return summary, err
}

func outcomeOf(s adminapi.ImportSummary, f *importFlags, took time.Duration) outcome.Outcome {
	return outcome.Outcome{
		Change: changeOf(s.Change), DryRun: f.dryRun, Valid: s.Added + s.Changed + s.Unchanged,
		Read: s.Read, Rejected: s.Rejected, Skipped: s.Skipped, Removed: s.Removed,
		Resumed: s.Resumed, Limited: s.Limited, Took: took,
		WhySkipped: "not resolved, without a resolution, not approved, or disposed of",
	}
}

func rejections(s adminapi.ImportSummary) []string {
	var lines []string
	for _, r := range s.Rejections {
		lines = append(lines, fmt.Sprintf("%s: %s", r.ID, r.Reason))
	}
	return lines
}

// withoutSummary says how to go on after an import of whose end nothing was heard: what it has stored stays.
func withoutSummary(ctx context.Context, k kind, reached int, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w after %s %s: run the same command again, and it goes on where it stopped", errStopped, meter.Thousands(reached), k.name)
	case adminapi.StatusOf(err) != 0:
		return fmt.Errorf("nothing was imported: %w", err)
	default:
		return fmt.Errorf("after %s %s; run the same command again, and it goes on from there: %w", meter.Thousands(reached), k.name, err)
	}
}
