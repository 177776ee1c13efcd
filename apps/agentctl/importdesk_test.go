package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

// standIn stands in for the mirror.
type standIn struct {
	tenantID string
	feed     mirror.Feed
	opts     mirror.Options

	reports []mirror.Progress
	summary mirror.Summary
	err     error
	// endless: it goes on until it is stopped.
	endless bool
	stopped atomic.Bool
}

func (d *standIn) Import(ctx context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error) {
	d.tenantID, d.feed, d.opts = tenantID, feed, opts
	for _, p := range d.reports {
		opts.Report(p)
	}
	if d.endless {
		<-ctx.Done()
		d.stopped.Store(true)
		return d.summary, ctx.Err()
	}
	return d.summary, d.err
}

// withMirror gives agentctl a console with d in place of the mirror.
func withMirror(t *testing.T, d *standIn) {
	t.Helper()
	w := newWorld(t, consoletest.Options{Importer: d})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	mustApply(t)
}

func TestImportFromServiceDesk(t *testing.T) {
	d := &standIn{
		reports: []mirror.Progress{{Done: 100, Total: 200}},
		summary: mirror.Summary{Change: gather.Change{Added: 90, Changed: 5, Unchanged: 2}, Read: 100, Skipped: 3, Removed: 1, Resumed: true},
	}
	withMirror(t, d)
	out := must(t, "", "import tickets --tenant alpha")
	if d.tenantID != "alpha" || d.feed != mirror.FeedTickets {
		t.Errorf("%s: %+v", out, d)
	}
	for _, says := range []string{
		"tickets: 97 imported (90 new, 5 changed, 2 unchanged), 1 removed\n", "3 left out", "went on where the last import had stopped",
	} {
		if !strings.Contains(out, says) {
			t.Errorf("says nothing of %q: %s", says, out)
		}
	}
	must(t, "", "import tickets --tenant alpha --since 2026-01-31 --limit 7 --dry-run --restart --quiet")
	want := mirror.Options{Since: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Limit: 7, DryRun: true, Restart: true}
	if diff := cmp.Diff(want, d.opts, cmpopts.IgnoreFields(mirror.Options{}, "Report")); diff != "" {
		t.Error(diff)
	}
	if err := failure(t, "", "import tickets --tenant nobody", "nothing was imported", "agentctl tenant apply"); adminapi.StatusOf(err) != http.StatusNotFound {
		t.Errorf("an unknown tenant: %v", err)
	}
	must(t, "", "tenant disable alpha")
	fails(t, "", "import tickets --tenant alpha", "nothing was imported", "disabled")
}

// TestALimitThatEndedNothing: a list that is complete has no more, however many of its records there are already.
func TestALimitThatEndedNothing(t *testing.T) {
	d := &standIn{summary: mirror.Summary{Change: gather.Change{Unchanged: 30}, Read: 30}}
	withMirror(t, d)
	if out := must(t, "", "import tickets --tenant alpha --limit 30"); strings.Contains(out, "--limit") {
		t.Errorf("says %s", out)
	}
	d.summary.Limited = true
	if out := must(t, "", "import tickets --tenant alpha --limit 30"); !strings.Contains(out, "ended at --limit: there may be more") {
		t.Errorf("says %s", out)
	}
}

func TestADryRunOfServiceDesk(t *testing.T) {
	withMirror(t, &standIn{summary: mirror.Summary{Change: gather.Change{Added: 3, Changed: 2, Unchanged: 4}, Read: 11, Skipped: 2}})
	if out := must(t, "", "import tickets --tenant alpha --dry-run"); !strings.Contains(out, "dry run, nothing was written: 9 would be imported (3 new, 2 changed, 4 unchanged)") {
		t.Errorf("says %s", out)
	}
}

func TestServiceDeskThatDoesNotGoToTheEnd(t *testing.T) {
	d := &standIn{summary: mirror.Summary{Change: gather.Change{Added: 40}, Read: 41, Rejected: 1, Rejections: []mirror.Rejection{{ID: "17", Reason: "example"}}}}
	withMirror(t, d)
	out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha")
	if exitStatus(err) != exitRejected || !strings.Contains(out, "rejected: 17: example") || !strings.Contains(out, "40 imported (40 new, 0 changed, 0 unchanged), 1 rejected") {
		t.Errorf("a reject: %v: %s", err, out)
	}
	d.err = errors.New("example: the server is down")
	out, err = agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha")
	if exitStatus(err) != exitFailed || !strings.Contains(err.Error(), "goes on from there") || !strings.Contains(out, "40 imported") {
		t.Errorf("a failure: %v: %s", err, out)
	}
}

// TestCtrlCEndsAnImportInTheConsole: it lasts as long as the command does.
func TestCtrlCEndsAnImportInTheConsole(t *testing.T) {
	d := &standIn{reports: []mirror.Progress{{Done: 1234, Total: 2000, Waiting: time.Minute, Reason: "rate limit"}}, endless: true}
	withMirror(t, d)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	cmd := newRootCommand()
	cmd.SetOut(io.Discard)
	cmd.SetErr(pressing{stop: stop, at: "waiting 1m0s: rate limit"})
	cmd.SetArgs([]string{"import", "tickets", "--tenant", "alpha"})
	err := cmd.ExecuteContext(ctx)
	if exitStatus(err) != exitStopped || !strings.Contains(err.Error(), "after 1,234 tickets") || !strings.Contains(err.Error(), "goes on where it stopped") {
		t.Errorf("Ctrl-C: %v", err)
	}
	for range 500 {
		if d.stopped.Load() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the console goes on all the same")
}

// pressing is a terminal at which somebody presses Ctrl-C as soon as they read something.
type pressing struct {
	stop func()
	at   string
}

func (p pressing) Write(text []byte) (int, error) {
	if strings.Contains(string(text), p.at) {
		p.stop()
	}
	return len(text), nil
}
