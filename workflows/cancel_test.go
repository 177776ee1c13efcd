package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
	"github.com/ai-agents/ai-agents/workflows"
)

// cancel has an operator cancel a run. When it returns, that is committed.
func (f *fixture) cancel(t *testing.T, job workflows.Job) ledger.Cancellation {
	t.Helper()
	c, err := f.ledger.Cancel(t.Context(), job.TenantID, job.JobID, job.Run, "example",
		func(context.Context, postgres.Tx, ledger.Cancellation) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fixture) wantCancelled(t *testing.T, jobID string) {
	t.Helper()
	job, err := f.ledger.Job(t.Context(), "alpha", jobID)
	if err != nil || !job.Cancelled() || job.NoteID != "" || !strings.HasPrefix(job.FailureReason, ledger.CancelledReason) {
		t.Errorf("job %+v, %v", job, err)
	}
}

// Wherever the jobs stand when they are cancelled, and have not announced a write by then, nothing is written any more.
func TestACancelStopsJobsInFlight(t *testing.T) {
	t.Parallel()
	stopsInFlight(t, func(t *testing.T, l *living, jobs []workflows.Job) {
		t.Helper()
		for _, job := range jobs {
			if c := l.cancel(t, job); c.Announced || c.Before {
				t.Errorf("%+v", c)
			}
		}
	}, func(t *testing.T, l *living, jobs []workflows.Job) {
		t.Helper()
		for _, job := range jobs {
			l.wantCancelled(t, job.JobID)
		}
	})
}

// The same at any moment: a job has either been told that its write had begun, or it is not written about.
func TestACancelAtAnyMoment(t *testing.T) {
	t.Parallel()
	const jobs = 24
	l := newLiving(t, patient)
	ready := l.many(jobs)
	w := &watched{Ledger: l.ledger}
	l.activities.Ledger = w
	begun := make(chan struct{})
	w.beforeIntend = sync.OnceFunc(func() { close(begun) })
	var over sync.WaitGroup
	for _, job := range ready {
		over.Go(func() {
			if err := l.update(job); err != nil {
				t.Error(err)
			}
		})
	}
	<-begun
	announced := map[string]bool{}
	for _, job := range ready {
		c, err := l.ledger.Cancel(t.Context(), job.TenantID, job.JobID, job.Run, "example",
			func(context.Context, postgres.Tx, ledger.Cancellation) error { return nil })
		announced[job.JobID] = err != nil || c.Announced // an error: its note stands already
	}
	over.Wait()
	for _, job := range ready {
		if notes := len(l.sdp.Notes(job.TicketID)); notes > 0 && !announced[job.JobID] {
			t.Errorf("job %s is written about after its cancel was confirmed", job.JobID)
		}
		stored, err := l.ledger.Job(t.Context(), "alpha", job.JobID)
		if err != nil || stored.Status == enhancement.StatusCompleted != (len(l.sdp.Notes(job.TicketID)) == 1) {
			t.Errorf("the job is %s, with %d notes, %v", stored.Status, len(l.sdp.Notes(job.TicketID)), err)
		}
	}
}

// What was sent before the cancel arrives, and the ledger says so.
func TestAWriteThatHadBegunIsBooked(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	l.synthesize(job)
	l.activities.Ledger = &afterIntend{Ledger: l.ledger, do: func() {
		if c := l.cancel(t, job); !c.Announced {
			t.Errorf("%+v", c)
		}
		l.wantCancelled(t, job.JobID)
	}}
	if err := l.update(job); err != nil {
		t.Fatal(err)
	}
	if stored, err := l.ledger.Job(t.Context(), "alpha", job.JobID); err != nil || stored.Status != enhancement.StatusCompleted || stored.NoteID == "" || stored.Cancelled() {
		t.Errorf("%+v, %v", stored, err)
	}
}

// afterIntend does something when a write was announced.
type afterIntend struct {
	workflows.Ledger

	do func()
}

func (a *afterIntend) IntendNote(ctx context.Context, w ledger.Writer, digests ...string) error {
	err := a.Ledger.IntendNote(ctx, w, digests...)
	if err == nil {
		a.do()
	}
	return err
}

// Before its last step, a cancelled job's steps ask nobody. Begun anew, it is done from the beginning, and what is left of the earlier run
// writes nothing.
func TestACancelledJobAsksNobody(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	l.cancel(t, job)
	l.synthesize(job)
	if err := l.update(job); err != nil || l.writes() != 0 || l.asked() != 0 {
		t.Errorf("%d writes, %d searches, %v", l.writes(), l.asked(), err)
	}
	l.wantCancelled(t, job.JobID)
	again, err := l.ledger.Retry(t.Context(), "alpha", job.JobID, func(context.Context, postgres.Tx, enhancement.Job) error { return nil })
	if err != nil || again.Cancelled() || again.Run != 2 {
		t.Fatalf("%+v, %v", again, err)
	}
	if err := l.update(job); err != nil || l.writes() != 0 {
		t.Errorf("of the run before: %d writes, %v", l.writes(), err)
	}
	job.Run = 2
	l.synthesize(job)
	if err := l.update(job); err != nil || l.writes() != 1 {
		t.Errorf("of the next run: %d writes, %v", l.writes(), err)
	}
}

// The workflow of a cancelled job ends by itself: on the real engine, with the ticket fetched or not.
func TestTheWorkflowOfACancelledJobEnds(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(t *testing.T) *fixture{"a job": newFixture, "one whose ticket is fetched": newHinted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fresh(t)
			spans := f.traced(t)
			f.activities.Ledger = &cancelling{Ledger: f.activities.Ledger, f: f, t: t}
			_, job := f.run(t)
			if !job.Cancelled() || f.asked() != 0 || f.desk.calls != 0 {
				t.Errorf("job %+v, %d searches, desk %+v", job, f.asked(), f.desk)
			}
			rec := httptest.NewRecorder()
			f.activities.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
			if strings.Contains(rec.Body.String(), "enhancement_requests_total{") {
				t.Error("it counts among the jobs that ended")
			}
			run := spans.One(tracing.SpanEnhance)
			if run.Status.Code == codes.Error || tracingtest.Attr(run, tracing.KeyStatus).AsString() != "cancelled" {
				t.Errorf("the trace says of the run %+v", run)
			}
		})
	}
}

// A run that was cancelled, and was begun anew before its last step found out, is not told as one that was held.
func TestTheSpanOfACancelledRunThatWasBegunAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	f.activities.Ledger = &cancelling{Ledger: f.activities.Ledger, f: f, t: t, then: func(tenantID, jobID string) {
		if _, err := f.ledger.Retry(t.Context(), tenantID, jobID, func(context.Context, postgres.Tx, enhancement.Job) error { return nil }); err != nil {
			t.Error(err)
		}
	}}
	if _, job := f.run(t); job.Run != 2 {
		t.Fatalf("job %+v", job)
	}
	if run := spans.One(tracing.SpanEnhance); tracingtest.Attr(run, tracing.KeyStatus).AsString() != "cancelled" || tracingtest.Attr(run, tracing.KeyRun).AsInt64() != 1 {
		t.Errorf("the trace says of the run %+v", run)
	}
}

// cancelling cancels the job as its first step begins.
type cancelling struct {
	workflows.Ledger

	f    *fixture
	t    *testing.T
	once sync.Once
	then func(tenantID, jobID string)
}

func (c *cancelling) EndUnwanted(ctx context.Context, tenantID, jobID string, run int, step enhancement.StepRecord) (ledger.Unwanted, error) {
	c.once.Do(func() {
		c.f.cancel(c.t, workflows.Job{TenantID: tenantID, JobID: jobID, Run: run})
		if c.then != nil {
			c.then(tenantID, jobID)
		}
	})
	return c.Ledger.EndUnwanted(ctx, tenantID, jobID, run, step)
}

// A cancelled job that was to try a dead server gives its turn back.
func TestACancelledJobGivesItsTurnBack(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	job.Holds = true
	l.synthesize(job)
	if _, err := l.database.Admin.Exec(t.Context(), `INSERT INTO dependency_outages (tenant_id, dependency, since, probe_after, probe_job, probe_run)
		VALUES ('alpha', 'servicedesk', now(), now() + interval '1 hour', $1, 1)`, job.JobID); err != nil {
		t.Fatal(err)
	}
	l.cancel(t, job)
	if err := l.update(job); err != nil {
		t.Fatal(err)
	}
	o, err := l.ledger.Outage(t.Context(), "alpha", enhancement.DependencyServiceDesk, job.JobID, 1)
	if err != nil || !o.Standing || o.Probe || time.Until(o.Next) > time.Minute {
		t.Errorf("%+v, %v", o, err)
	}
}

// A job that is run again edits the note that stands.
func TestARerunEditsTheNote(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	l.synthesize(job)
	if err := l.update(job); err != nil {
		t.Fatal(err)
	}
	l.finds("18")
	if _, err := l.ledger.Rerun(t.Context(), "alpha", job.JobID, 1, false, func(context.Context, postgres.Tx, enhancement.Job) error { return nil }); err != nil {
		t.Fatal(err)
	}
	job.Run = 2
	l.synthesize(job)
	if err := l.update(job); err != nil {
		t.Fatal(err)
	}
	if notes := l.sdp.Notes("1001"); len(notes) != 1 {
		t.Errorf("%d notes", len(notes))
	}
	l.wantNote(true, "#18")
	if l.writes() != 2 {
		t.Errorf("%d writes", l.writes())
	}
}

// The first attempt sends the note and never learns what became of it; then the job is cancelled. Where the note arrives all the same, the
// job is completed, as the operator was told: by the next attempt, or by the look after that.
func TestANoteThatArrivesAfterTheCancelEndsTheJob(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"before the next attempt": 500 * time.Millisecond, "later": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiving(t, 300*time.Millisecond)
			job := l.accepted("one")
			l.synthesize(job)
			l.sdp.SetFaults(lateCommit(after))
			if err := l.update(job); !servicedesk.Uncertain(err) {
				t.Fatalf("got %v", err)
			}
			if c := l.cancel(t, job); !c.Announced {
				t.Fatalf("%+v", c)
			}
			early := after < time.Second
			if early {
				until(t, "the note arrives", func() bool { return len(l.sdp.Notes("1001")) == 1 })
			}
			if err := l.update(job); err != nil { // it waits for the lease of the attempt before, 3 s
				t.Fatal(err)
			}
			if !early {
				l.wantCancelled(t, job.JobID)
				until(t, "the note arrives", func() bool { return len(l.sdp.Notes("1001")) == 1 })
				if err := l.do(job, l.activities.TidyNote); err != nil {
					t.Fatal(err)
				}
			}
			l.wantDetail(job, "verified")
			if len(l.sdp.Notes("1001")) != 1 || l.writes() != 1 {
				t.Errorf("%d notes, %d writes", len(l.sdp.Notes("1001")), l.writes())
			}
		})
	}
}

// One that never arrives leaves the job cancelled, and is looked for once more.
func TestANoteThatNeverArrivesLeavesTheJobCancelled(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	l.synthesize(job)
	lost := errors.New("example: the worker dies")
	l.activities.Ledger = &lostIntend{Ledger: l.ledger, lost: lost}
	if err := l.update(job); !errors.Is(err, lost) {
		t.Fatalf("got %v", err)
	}
	l.activities.Ledger = l.ledger
	if c := l.cancel(t, job); !c.Announced {
		t.Fatalf("%+v", c)
	}
	input, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	said, err := l.activities.UpdateTicket(activityContext{ctx: t.Context(), input: input})
	if result, ok := said.(workflows.StepResult); err != nil || !ok || result.TidyAfter <= 0 {
		t.Errorf("%+v, %v", said, err)
	}
	if err := l.do(job, l.activities.TidyNote); err != nil {
		t.Error(err)
	}
	l.wantCancelled(t, job.JobID)
	if len(l.sdp.Notes("1001")) != 0 || l.writes() != 0 {
		t.Errorf("%d notes, %d writes", len(l.sdp.Notes("1001")), l.writes())
	}
}

// lostIntend announces a write that is never sent.
type lostIntend struct {
	workflows.Ledger

	lost error
}

func (i *lostIntend) IntendNote(ctx context.Context, w ledger.Writer, digests ...string) error {
	return errors.Join(i.Ledger.IntendNote(ctx, w, digests...), i.lost)
}

// A cancel that comes while the note turns out to say the same already finds nothing written: the job stays cancelled, and does not count as
// done.
func TestACancelOfAJobThatHasNothingToWrite(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.enhance("one", "created")
	job := l.accepted("two")
	l.synthesize(job)
	w := &watched{Ledger: l.ledger}
	l.activities.Ledger = w
	w.beforeHold = sync.OnceFunc(func() { l.cancel(t, job) })
	if err := l.update(job); err != nil {
		t.Fatal(err)
	}
	l.wantCancelled(t, job.JobID)
	steps, err := l.ledger.Steps(t.Context(), "alpha", job.JobID)
	if _, told := steps[enhancement.StepUpdateTicket]; err != nil || told {
		t.Errorf("steps %+v, %v", steps, err)
	}
	rec := httptest.NewRecorder()
	l.activities.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if n := strings.Count(rec.Body.String(), `status="success"`); n != 1 { // of the first job alone
		t.Errorf("%d series of jobs that are done", n)
	}
	if !strings.Contains(rec.Body.String(), `status="success",tenant_id="alpha"} 1`) {
		t.Errorf("the cancelled job counts as done:\n%s", rec.Body.String())
	}
}
