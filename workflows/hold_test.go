package workflows_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/workflows"
)

// throttled is a desk that has had enough.
func throttled(int) error {
	return &servicedesk.Error{Kind: servicedesk.KindRetry, HTTPStatus: http.StatusTooManyRequests, Message: "example: too many", RateLimited: true}
}

// admit has the tenant's next job go on, after the pause before the next try of what is dead.
func (f *fixture) admit(t *testing.T) {
	t.Helper()
	f.nextTry(t, -time.Second)
	jobs, err := f.ledger.Admit(t.Context(), "alpha", 1, 10)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("admitted %+v, %v", jobs, err)
	}
	if f.job, err = f.ledger.Job(t.Context(), "alpha", jobs[0].JobID); err != nil {
		t.Fatal(err)
	}
}

// nextTry has the server that counts as dead be tried again in a while from now, and not sooner, however slow the machine is.
func (f *fixture) nextTry(t *testing.T, in time.Duration) {
	t.Helper()
	if _, err := f.database.Admin.Exec(t.Context(), "UPDATE dependency_outages SET probe_after = now() + $1::interval", in); err != nil {
		t.Fatal(err)
	}
}

// pause is the one before the next try; zero when nothing counts as dead.
func (f *fixture) pause(t *testing.T) (pause time.Duration) {
	t.Helper()
	err := f.database.Admin.QueryRow(t.Context(), "SELECT coalesce(max(pause), '0') FROM dependency_outages WHERE since IS NOT NULL").Scan(&pause)
	if err != nil {
		t.Fatal(err)
	}
	return pause
}

func (f *fixture) asked() (times int) {
	for _, s := range f.sources {
		times += s.attempts
	}
	return times
}

func TestAJobIsHeldUntilTheServerIsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var log bytes.Buffer
	f.activities.Logger = slog.New(slog.NewTextHandler(&log, nil))
	f.desk.fail = busy
	if result, job := f.run(t); result.HeldFor != enhancement.DependencyServiceDesk || job.Status != enhancement.StatusPending || f.desk.calls != 3 {
		t.Fatalf("result %+v, job %+v, %d calls", result, job, f.desk.calls)
	}
	for try, want := range []time.Duration{10 * time.Second, 20 * time.Second, 20 * time.Second} {
		f.admit(t)
		result, job := f.run(t)
		if result.HeldFor == "" || job.Run != try+3 || f.desk.calls != 4+try || f.pause(t) != want {
			t.Errorf("try %d: result %+v, run %d, %d calls, the next after %s; want one call, and %s", try+1, result, job.Run, f.desk.calls, f.pause(t), want)
		}
	}
	f.desk.fail = nil
	f.admit(t)
	if result, job := f.run(t); result.Status != enhancement.StatusCompleted || job.Status != enhancement.StatusCompleted || f.pause(t) != 0 {
		t.Errorf("result %+v, job %+v", result, job)
	}
	if f.asked() != len(f.sources) {
		t.Errorf("the sources were asked %d times", f.asked())
	}
	if f.desk.tidied == 0 {
		t.Error("a write that may have arrived late was not looked for")
	}
	for message, times := range map[string]int{"counts as dead": 1, "the job is held": 4, "outage of the tenant's ServiceDesk Plus is over": 1} {
		if got := strings.Count(log.String(), message); got != times {
			t.Errorf("the log says %d times %q, want %d", got, message, times)
		}
	}
	rec := httptest.NewRecorder()
	f.activities.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		telemetry.MetricHeld + `{dependency="servicedesk",tenant_id="alpha"} 4`, telemetry.MetricOutages + `{dependency="servicedesk",tenant_id="alpha"} 1`,
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("not measured: %s", want)
		}
	}
}

// A job that comes to a server of which it is known that it is dead does not call it, and has nothing to tidy up later.
func TestOtherJobsDoNotCallADeadServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.desk.fail = throttled // which need not happen three times
	if result, _ := f.run(t); result.HeldFor == "" || f.desk.calls != 1 {
		t.Fatalf("result %+v, %d calls", result, f.desk.calls)
	}
	first := f.job
	f.next(t, "1002")
	second := f.job
	if result, job := f.run(t); result.HeldFor == "" || !strings.Contains(result.Reason, "example: too many") || job.Run != 2 || f.desk.calls != 1 {
		t.Errorf("result %+v, run %d, %d calls", result, job.Run, f.desk.calls)
	}
	f.desk.fail = nil
	f.admit(t)
	if f.job.ID != first.ID {
		t.Errorf("%s was admitted first", f.job.Ticket.ID)
	}
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted {
		t.Errorf("result %+v", result)
	}
	tidied := f.desk.tidied
	f.admit(t)
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.job.ID != second.ID || f.desk.tidied != tidied || f.desk.calls != 3 {
		t.Errorf("result %+v, %d calls, tidied %d times more", result, f.desk.calls, f.desk.tidied-tidied)
	}
}

// A server that refuses is not dead: the job fails, and the others go on.
func TestARefusalEndsAnOutage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		desks desks
		fail  error
	}{
		"of the key":            {fail: &servicedesk.Error{Kind: servicedesk.KindUnauthorized, HTTPStatus: http.StatusUnauthorized, Message: "example: bad key"}},
		"the tenant's disabled": {desks: desks{err: tenant.ErrNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.desk.fail = throttled
			f.run(t)
			f.admit(t)
			f.desk.fail = func(int) error { return c.fail }
			if c.desks.err != nil {
				f.activities.Desks = c.desks
			}
			if result, job := f.run(t); result.Status != enhancement.StatusFailed || job.Status != enhancement.StatusFailed || f.pause(t) != 0 {
				t.Errorf("result %+v, job %+v, pause %s", result, job, f.pause(t))
			}
		})
	}
}

func TestAJobThatWasHeldForTooLongFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.activities.HoldLimit = time.Nanosecond
	f.desk.fail = throttled
	if result, job := f.run(t); result.HeldFor == "" || job.Status != enhancement.StatusPending {
		t.Fatalf("result %+v, job %+v", result, job)
	}
	f.admit(t)
	result, job := f.run(t)
	if result.Status != enhancement.StatusFailed || job.Status != enhancement.StatusFailed || job.FailureReason != result.Reason ||
		!strings.Contains(job.FailureReason, "example: too many") || !strings.Contains(job.FailureReason, "the limit") {
		t.Errorf("result %+v, job %+v", result, job)
	}
}

// Held at its first step, a job fetches again when its server is back, and the fetch is what finds out.
func TestAJobIsHeldAtTheFetch(t *testing.T) {
	t.Parallel()
	f := newHinted(t)
	f.desk.request = func(string, int) (servicedesk.Request, error) { return servicedesk.Request{}, throttled(1) }
	if _, err := f.ledger.Fail(t.Context(), "alpha", other(t, f), 1, "not of this test"); err != nil {
		t.Fatal(err)
	}
	if result, job := f.run(t); result.HeldFor == "" || job.HeldFor == "" || f.asked() != 0 {
		t.Fatalf("result %+v, job %+v", result, job)
	}
	f.desk.request = func(id string, _ int) (servicedesk.Request, error) {
		return servicedesk.Request{ID: id, Subject: "Scanner", Description: "It hums"}, nil
	}
	f.admit(t)
	f.desk.fail = throttled
	if result, _ := f.run(t); result.HeldFor == "" || f.desk.calls != 1 || f.pause(t) != 5*time.Second {
		t.Errorf("result %+v, %d writes, pause %s: reading worked, so that a new outage began with the write", result, f.desk.calls, f.pause(t))
	}
	// Now it is writing that fails, of which reading says nothing.
	f.admit(t)
	if result, _ := f.run(t); result.HeldFor == "" || f.desk.calls != 2 || f.pause(t) != 10*time.Second || f.asked() != len(f.sources) {
		t.Errorf("result %+v, %d writes, pause %s, %d searches", result, f.desk.calls, f.pause(t), f.asked())
	}
	// The text has changed meanwhile: what was found for the old one is of no use.
	f.desk.fail = nil
	f.desk.request = func(id string, _ int) (servicedesk.Request, error) {
		return servicedesk.Request{ID: id, Subject: "Scanner", Description: "It smokes"}, nil
	}
	f.admit(t)
	if result, job := f.run(t); result.Status != enhancement.StatusCompleted || job.Ticket.Description != "It smokes" || f.asked() != 2*len(f.sources) {
		t.Errorf("result %+v, job %+v, %d searches", result, job, f.asked())
	}
}

// other is the id of the job that is not at hand.
func other(t *testing.T, f *fixture) (id string) {
	t.Helper()
	if err := f.database.Admin.QueryRow(t.Context(), "SELECT job_id::text FROM enhancement_history WHERE job_id <> $1", f.job.ID).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// Of an earlier run's searches, those that failed are made again.
func TestAHeldJobSearchesAgainForWhatItLacks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	docs := f.sources[enhancement.StepDocSearch]
	find := docs.find
	docs.find = func(context.Context, gather.Query, int) (gather.Result, error) {
		return gather.Result{}, &gather.PermanentError{Err: errors.New("example: key refused")}
	}
	f.desk.fail = throttled
	f.run(t)
	docs.find = find
	for _, forget := range []struct {
		what     string
		searches int
	}{
		{"", 0}, // the note is written
		{"DELETE FROM enhancement_steps WHERE step = 'synthesize'", 1},
		{"DELETE FROM enhancement_steps WHERE step = 'synthesize'", 0},
		{"UPDATE enhancement_steps SET finished_at = now() - interval '1 hour' WHERE step <> 'synthesize'", 0},
		{"DELETE FROM enhancement_steps WHERE step = 'synthesize'", 3},
	} {
		if forget.what != "" {
			if _, err := f.database.Admin.Exec(t.Context(), forget.what); err != nil {
				t.Fatal(err)
			}
		}
		before := f.asked()
		f.admit(t)
		if result, _ := f.run(t); result.HeldFor == "" || f.asked()-before != forget.searches {
			t.Errorf("after %q, %d searches; want %d", forget.what, f.asked()-before, forget.searches)
		}
	}
}

// flaky is a ledger that fails for a while.
type flaky struct {
	workflows.Ledger

	left atomic.Int32
}

func (l *flaky) Outage(ctx context.Context, tenantID string, d enhancement.Dependency, jobID string, run int) (o ledger.Outage, err error) {
	if l.left.Add(-1) >= 0 {
		return o, errors.New("example: no database")
	}
	return l.Ledger.Outage(ctx, tenantID, d, jobID, run)
}

// A ledger that is away for a while neither fails the job nor passes for a dead server.
func TestALedgerThatIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	away := &flaky{Ledger: f.ledger}
	away.left.Store(4)
	f.activities.Ledger = away
	if result, job := f.run(t); result.Status != enhancement.StatusCompleted || job.Run != 1 || f.desk.calls != 1 {
		t.Errorf("result %+v, job %+v, %d calls", result, job, f.desk.calls)
	}
}
