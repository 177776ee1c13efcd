package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// standIn stands in for the mirror.
type standIn struct {
	tenantID string
	feed     mirror.Feed
	opts     mirror.Options

	reports []mirror.Progress
	summary mirror.Summary
	err     error
}

func (d *standIn) Import(_ context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error) {
	d.tenantID, d.feed, d.opts = tenantID, feed, opts
	for _, p := range d.reports {
		opts.Report(p)
	}
	return d.summary, d.err
}

// importWith runs an import of tickets with these flags from d.
func importWith(ctx context.Context, d *standIn, args ...string) (string, error) {
	k := kind{name: "tickets", feed: mirror.FeedTickets, dated: true, mostRows: 1}
	var (
		flags importFlags
		out   bytes.Buffer
	)
	cmd := &cobra.Command{SilenceUsage: true, SilenceErrors: true, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := flags.check(cmd, k); err != nil {
			return err
		}
		return importFromDesk(cmd, k, &flags, func(*backend) importer { return d })
	}}
	flags.bind(cmd, k)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func TestImportFromServiceDesk(t *testing.T) {
	environment(t)
	mustApply(t)
	d := &standIn{
		reports: []mirror.Progress{{Done: 100, Total: 200}, {Done: 100, Total: 200, Waiting: time.Minute, Reason: "rate limit"}},
		summary: mirror.Summary{Change: gather.Change{Added: 90, Changed: 5, Unchanged: 2}, Read: 100, Skipped: 3, Removed: 1, Resumed: true},
	}
	out, err := importWith(t.Context(), d, "--tenant", "alpha")
	if err != nil || d.tenantID != "alpha" || d.feed != mirror.FeedTickets {
		t.Errorf("%v: %s: %+v", err, out, d)
	}
	for _, says := range []string{
		"tickets: 97 imported (90 new, 5 changed, 2 unchanged), 1 removed\n", "3 left out", "went on where the last import had stopped",
	} {
		if !strings.Contains(out, says) {
			t.Errorf("says nothing of %q: %s", says, out)
		}
	}
	if _, err := importWith(t.Context(), d, "--tenant", "alpha", "--since", "2026-01-31", "--limit", "7", "--dry-run", "--restart", "--quiet"); err != nil {
		t.Error(err)
	}
	want := mirror.Options{Since: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Limit: 7, DryRun: true, Restart: true}
	if diff := cmp.Diff(want, d.opts, cmpopts.IgnoreFields(mirror.Options{}, "Report")); diff != "" {
		t.Error(diff)
	}
	if _, err := importWith(t.Context(), d, "--tenant", "nobody"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
}

func TestADryRunOfServiceDesk(t *testing.T) {
	environment(t)
	mustApply(t)
	d := &standIn{summary: mirror.Summary{Change: gather.Change{Added: 3, Changed: 2, Unchanged: 4}, Read: 11, Skipped: 2}}
	if out, err := importWith(t.Context(), d, "--tenant", "alpha", "--dry-run"); err != nil ||
		!strings.Contains(out, "dry run, nothing was written: 9 would be imported (3 new, 2 changed, 4 unchanged)") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestServiceDeskThatDoesNotGoToTheEnd(t *testing.T) {
	environment(t)
	mustApply(t)
	part := mirror.Summary{Change: gather.Change{Added: 40}, Read: 41, Rejected: 1, Rejections: []mirror.Rejection{{ID: "17", Reason: "example"}}}
	out, err := importWith(t.Context(), &standIn{summary: part}, "--tenant", "alpha")
	if exitStatus(err) != exitRejected || !strings.Contains(out, "rejected: 17: example") || !strings.Contains(out, "40 imported (40 new, 0 changed, 0 unchanged), 1 rejected") {
		t.Errorf("a reject: %v: %s", err, out)
	}
	failure := errors.New("example: the server is down")
	out, err = importWith(t.Context(), &standIn{summary: part, err: failure}, "--tenant", "alpha")
	if exitStatus(err) != exitFailed || !errors.Is(err, failure) || !strings.Contains(err.Error(), "goes on from there") || !strings.Contains(out, "40 imported") {
		t.Errorf("a failure: %v: %s", err, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopping := &standIn{summary: part, err: context.Canceled}
	k := kind{name: "tickets", feed: mirror.FeedTickets}
	flags := importFlags{tenantID: "alpha"}
	cmd := &cobra.Command{}
	cmd.SetContext(ctx)
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	err = importFromDesk(cmd, k, &flags, func(*backend) importer { stop(); return stopping })
	if exitStatus(err) != exitStopped || !strings.Contains(err.Error(), "goes on where it stopped") {
		t.Errorf("Ctrl-C: %v", err)
	}
}
