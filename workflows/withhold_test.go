package workflows_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

// turn switches the tenant. When it returns, the switch is committed.
func (f *fixture) turn(t *testing.T, mode tenant.Mode) {
	t.Helper()
	_, err := f.database.Admin.Exec(t.Context(), `UPDATE tenant_configs SET enhancement_prefs = enhancement_prefs || jsonb_build_object('mode', $1::text)
		WHERE tenant_id = 'alpha'`, string(mode))
	if err != nil {
		t.Fatal(err)
	}
}

// wantWithheld wants a job to have ended because of the mode, with no trace of a note.
func (f *fixture) wantWithheld(t *testing.T, jobID string, mode tenant.Mode, detail string) {
	t.Helper()
	job, err := f.ledger.Job(t.Context(), "alpha", jobID)
	if err != nil || job.Status != enhancement.StatusCompleted || job.Withheld != mode || job.NoteID != "" {
		t.Errorf("job %+v, %v; want it withheld in mode %s", job, err, mode)
	}
	steps, err := f.ledger.Steps(t.Context(), "alpha", jobID)
	if err != nil || !strings.HasPrefix(steps[enhancement.StepUpdateTicket].Detail, detail) {
		t.Errorf("the step says %q, want %q; %v", steps[enhancement.StepUpdateTicket].Detail, detail, err)
	}
	if _, made := steps[enhancement.StepSynthesize]; mode == tenant.ModeShadow && !made {
		t.Error("no note was made")
	}
}

// books is all that is known of the ticket's note.
func (l *living) books() (row string) {
	l.t.Helper()
	if err := l.database.Admin.QueryRow(l.t.Context(), "SELECT coalesce(jsonb_agg(n)::text, '') FROM ticket_notes n").Scan(&row); err != nil {
		l.t.Fatal(err)
	}
	return row
}

// In shadow mode notes are made and kept. They leave no trace in what is known of the note that stands: the next one that is posted
// marks what it changes of that.
func TestANoteIsNotPostedInShadowMode(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.enhance("one", "created")
	before, note, calls := l.books(), l.note(), len(l.sdp.Calls())
	l.turn(t, tenant.ModeShadow)
	l.finds("18")
	job := l.accepted("two")
	l.synthesize(job)
	if err := l.update(job); err != nil {
		t.Fatal(err)
	}
	l.wantWithheld(t, job.JobID, tenant.ModeShadow, "withheld_shadow: ")
	if diff := cmp.Diff(before, l.books()) + cmp.Diff(note, l.note()); diff != "" || len(l.sdp.Calls()) != calls {
		t.Errorf("%d calls of the server, %s", len(l.sdp.Calls())-calls, diff)
	}
	l.turn(t, tenant.ModeLive)
	if err := l.update(job); err != nil { // once more, as the engine may
		t.Fatal(err)
	}
	l.wantWithheld(t, job.JobID, tenant.ModeShadow, "withheld_shadow: ") // and it stays so
	l.finds("19")
	l.enhance("three", "edited")
	l.wantNote(true, "new #19; no longer named #17")
	l.wantNote(false, "#18")
}

// Where a later release has another mode, this one does not post what that may mean to withhold.
func TestAModeThatIsNotKnownIsNotLive(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.turn(t, "example-of-a-later-release")
	job := l.accepted("one")
	l.synthesize(job)
	if err := l.update(job); err != nil || l.writes() != 0 {
		t.Errorf("%d writes, %v", l.writes(), err)
	}
	l.wantWithheld(t, job.JobID, tenant.ModeShadow, "withheld_shadow: ")
}

// asked is a ledger that counts what is asked of it.
type asked struct {
	workflows.Ledger

	mu    sync.Mutex
	times map[string]int
}

func (a *asked) count(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times[what]++
}

func (a *asked) EndUnwanted(ctx context.Context, tenantID, jobID string, run int, step enhancement.StepRecord) (ledger.Unwanted, error) {
	a.count("unwanted")
	return a.Ledger.EndUnwanted(ctx, tenantID, jobID, run, step)
}

func (a *asked) Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	a.count("job")
	return a.Ledger.Job(ctx, tenantID, jobID)
}

func (a *asked) Steps(ctx context.Context, tenantID, jobID string) (map[enhancement.Step]enhancement.StepRecord, error) {
	a.count("steps")
	return a.Ledger.Steps(ctx, tenantID, jobID)
}

func (a *asked) HoldNote(ctx context.Context, tenantID, ticketID, holder string, lease time.Duration) (ledger.HeldNote, error) {
	a.count("hold")
	return a.Ledger.HoldNote(ctx, tenantID, ticketID, holder, lease)
}

// The first activity ends the job. What the engine runs after it finds that, and goes no further.
func TestNothingIsMadeWhereNotesAreOff(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fresh func(t *testing.T) *fixture
		asked map[string]int
	}{
		"a job":                       {newFixture, map[string]int{"unwanted": 4, "job": 1}}, // three searches, the synthesis; the update
		"one whose ticket is fetched": {newHinted, map[string]int{"unwanted": 1, "job": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tc.fresh(t)
			f.turn(t, tenant.ModeOff)
			books := &asked{Ledger: f.activities.Ledger, times: map[string]int{}}
			f.activities.Ledger = books
			result, job := f.run(t)
			if result.Status != enhancement.StatusCompleted || f.asked() != 0 || f.desk.calls != 0 || f.desk.fetched != 0 || f.desk.tidied != 0 {
				t.Errorf("result %+v, %d searches, desk %+v", result, f.asked(), f.desk)
			}
			if diff := cmp.Diff(tc.asked, books.times); diff != "" {
				t.Errorf("of the ledger was asked: %s", diff)
			}
			f.wantWithheld(t, job.ID, tenant.ModeOff, "withheld_off: ")
			steps, err := f.ledger.Steps(t.Context(), "alpha", job.ID)
			if err != nil || len(steps) != 1 {
				t.Errorf("steps %+v, %v", steps, err)
			}
			found := f.activities.Metrics
			wantMetric(t, found, `enhancement_requests_total{operation_type="created",status="withheld",tenant_id="alpha"} 1`)
			wantMetric(t, found, `enhancement_notes_total{action="withheld_off"} 1`)
		})
	}
}

// A job that was begun while notes were off is not ended with half of what it needs when they are on again.
func TestAJobThatWasEndedStaysEnded(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	l.turn(t, tenant.ModeOff)
	if err := l.do(job, l.activities.Search(enhancement.StepTicketSearch)); err != nil {
		t.Fatal(err)
	}
	l.turn(t, tenant.ModeLive)
	l.synthesize(job)
	if err := l.update(job); err != nil || l.writes() != 0 || l.asked() != 0 {
		t.Errorf("%d writes, %d searches, %v", l.writes(), l.asked(), err)
	}
	l.wantWithheld(t, job.JobID, tenant.ModeOff, "withheld_off: ")
}

// A job that is held for a dead server need not wait for it any longer: its note is not posted. Nothing is known of the server
// thereby, and the next job that needs it tries it.
func TestAHeldJobDoesNotWaitInShadowMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []tenant.Mode{tenant.ModeShadow, tenant.ModeOff} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.desk.fail = throttled
			if result, _ := f.run(t); result.HeldFor == "" {
				t.Fatalf("result %+v", result)
			}
			if jobs, err := f.ledger.Admit(t.Context(), "alpha", 10, 10); err != nil || len(jobs) != 0 {
				t.Fatalf("admitted %+v, %v", jobs, err)
			}
			f.turn(t, mode)
			jobs, err := f.ledger.Admit(t.Context(), "alpha", 10, 10)
			if err != nil || len(jobs) != 1 {
				t.Fatalf("admitted %+v, %v", jobs, err)
			}
			if f.job, err = f.ledger.Job(t.Context(), "alpha", jobs[0].JobID); err != nil {
				t.Fatal(err)
			}
			if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.calls != 1 {
				t.Errorf("result %+v, %d calls", result, f.desk.calls)
			}
			f.wantWithheld(t, f.job.ID, mode, string("withheld_"+mode))
			if f.pause(t) == 0 {
				t.Error("the outage is over, though nobody has asked the server")
			}
			f.turn(t, tenant.ModeLive)
			f.desk.fail = nil
			f.nextTry(t, time.Hour)
			f.next(t, "1002")
			if result, _ := f.run(t); result.HeldFor == "" {
				t.Errorf("result %+v: it did not wait for its turn to try the server", result)
			}
			f.admit(t)
			if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.calls != 2 || f.pause(t) != 0 {
				t.Errorf("result %+v, %d calls", result, f.desk.calls)
			}
		})
	}
}

// The job that has the turn to try a dead server gives it back when it ends without having done so.
func TestAWithheldTryIsNotLost(t *testing.T) {
	t.Parallel()
	for _, mode := range []tenant.Mode{tenant.ModeShadow, tenant.ModeOff} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.desk.fail = throttled
			if result, _ := f.run(t); result.HeldFor == "" {
				t.Fatalf("result %+v", result)
			}
			f.admit(t) // it is the one to try
			f.turn(t, mode)
			if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.calls != 1 {
				t.Errorf("result %+v, %d calls", result, f.desk.calls)
			}
			var free bool
			err := f.database.Admin.QueryRow(t.Context(), "SELECT probe_job IS NULL AND probe_after <= now() FROM dependency_outages").Scan(&free)
			if err != nil || !free {
				t.Errorf("the next job cannot try the server: %v", err)
			}
		})
	}
}

// In shadow mode a ticket is still fetched, from a server that may be dead: that job waits as ever, and one at a time tries.
func TestAJobWaitsForItsTicketInShadowMode(t *testing.T) {
	t.Parallel()
	f := newHinted(t)
	f.turn(t, tenant.ModeShadow)
	f.desk.request = func(string, int) (servicedesk.Request, error) { return servicedesk.Request{}, throttled(1) }
	if _, err := f.ledger.Fail(t.Context(), "alpha", other(t, f), 1, "not of this test"); err != nil {
		t.Fatal(err)
	}
	if result, _ := f.run(t); result.HeldFor == "" {
		t.Fatalf("result %+v", result)
	}
	if jobs, err := f.ledger.Admit(t.Context(), "alpha", 10, 10); err != nil || len(jobs) != 0 {
		t.Fatalf("admitted %+v, %v", jobs, err)
	}
	f.desk.request = func(id string, _ int) (servicedesk.Request, error) {
		return servicedesk.Request{ID: id, Subject: "Scanner", Description: "It hums"}, nil
	}
	f.admit(t)
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.calls != 0 || f.pause(t) != 0 {
		t.Errorf("result %+v, %d writes", result, f.desk.calls)
	}
	f.wantWithheld(t, f.job.ID, tenant.ModeShadow, "withheld_shadow: ")
}

// A second note, which a late write has left, is removed in shadow mode, too. Where notes are off nothing is touched.
func TestWhatIsTidiedDependsOnTheMode(t *testing.T) {
	t.Parallel()
	for mode, removed := range map[tenant.Mode]int{tenant.ModeShadow: 1, tenant.ModeOff: 0} {
		l := newLiving(t, patient)
		job := l.enhance("one", "created")
		l.sdp.AddNote("1001", servicedesktest.Note{Description: l.note().Description, Author: servicedesktest.Person{ID: "4"}})
		l.turn(t, mode)
		books := &asked{Ledger: l.ledger, times: map[string]int{}}
		l.activities.Ledger = books
		if err := l.do(job, l.activities.TidyNote); err != nil {
			t.Fatal(err)
		}
		if books.times["hold"] != removed {
			t.Errorf("%s: the note was held %d times", mode, books.times["hold"])
		}
		if n := len(l.sdp.Notes("1001")); n != 2-removed {
			t.Errorf("%s: %d notes", mode, n)
		}
	}
}

// watched is a ledger that tells a test where its callers stand, and what they announced.
type watched struct {
	workflows.Ledger

	beforeHold, beforeIntend func()

	mu       sync.Mutex
	intended []time.Time // when those were asked for that were granted
}

func (w *watched) HoldNote(ctx context.Context, tenantID, ticketID, holder string, lease time.Duration) (ledger.HeldNote, error) {
	if w.beforeHold != nil {
		w.beforeHold()
	}
	return w.Ledger.HoldNote(ctx, tenantID, ticketID, holder, lease)
}

func (w *watched) IntendNote(ctx context.Context, writer ledger.Writer, digests ...string) error {
	if w.beforeIntend != nil {
		w.beforeIntend()
	}
	asked := time.Now()
	err := w.Ledger.IntendNote(ctx, writer, digests...)
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.intended = append(w.intended, asked)
	}
	return err
}

// many makes so many jobs, each of a ticket of its own, whose notes are ready to be posted.
func (l *living) many(n int) []workflows.Job {
	l.t.Helper()
	jobs := make([]workflows.Job, n)
	for i := range jobs {
		id := strconv.Itoa(2000 + i)
		l.sdp.AddRequest(servicedesktest.Request{ID: id, Subject: "Printer"})
		job := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: id, Description: "one of many"}, "c-"+id)
		if _, err := l.ledger.Accept(l.t.Context(), job); err != nil {
			l.t.Fatal(err)
		}
		if _, err := ledgertest.Claim(l.t.Context(), l.ledger, "alpha", job.ID); err != nil {
			l.t.Fatal(err)
		}
		jobs[i] = workflows.Job{TenantID: "alpha", JobID: job.ID, TicketID: id, Run: 1}
		l.synthesize(jobs[i])
	}
	return jobs
}

// stopsInFlight has jobs come to each place before they announce their writes, where they are stopped and then go on. Nothing may be
// announced or written.
func stopsInFlight(t *testing.T, stop, stopped func(t *testing.T, l *living, jobs []workflows.Job)) {
	t.Helper()
	for name, at := range map[string]func(w *watched, arrive func()){
		"before the note is held": func(w *watched, arrive func()) { w.beforeHold = arrive },
		"before it is written":    func(w *watched, arrive func()) { w.beforeIntend = arrive },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const jobs = 12
			l := newLiving(t, patient)
			ready := l.many(jobs)
			w := &watched{Ledger: l.ledger}
			l.activities.Ledger = w
			var arrived, over sync.WaitGroup
			goOn := make(chan struct{})
			arrived.Add(jobs)
			at(w, func() { arrived.Done(); <-goOn })
			for _, job := range ready {
				over.Go(func() {
					if err := l.update(job); err != nil {
						t.Error(err)
					}
				})
			}
			arrived.Wait()
			stop(t, l, ready)
			close(goOn)
			over.Wait()
			if len(w.intended) != 0 || l.writes() != 0 {
				t.Errorf("%d announced, %d written", len(w.intended), l.writes())
			}
			stopped(t, l, ready)
		})
	}
}

// A switch that is committed is believed by every job that has not begun to write, wherever it stands.
func TestASwitchStopsJobsInFlight(t *testing.T) {
	t.Parallel()
	stopsInFlight(t, func(t *testing.T, l *living, _ []workflows.Job) {
		t.Helper()
		l.turn(t, tenant.ModeShadow)
	}, func(t *testing.T, l *living, jobs []workflows.Job) {
		t.Helper()
		for _, job := range jobs {
			l.wantWithheld(t, job.JobID, tenant.ModeShadow, "withheld_shadow: ")
		}
	})
}

// The same wherever the switch happens to find them: what is announced was asked for before the switch was done, and nothing is
// written that was not announced.
func TestASwitchAtAnyMoment(t *testing.T) {
	t.Parallel()
	const jobs = 24
	l := newLiving(t, patient)
	ready := l.many(jobs)
	w := &watched{Ledger: l.ledger}
	l.activities.Ledger = w
	begun := make(chan struct{})
	w.beforeIntend = sync.OnceFunc(func() { close(begun) }) // the first is about to write, the others are anywhere
	var over sync.WaitGroup
	for _, job := range ready {
		over.Go(func() {
			if err := l.update(job); err != nil {
				t.Error(err)
			}
		})
	}
	<-begun
	l.turn(t, tenant.ModeShadow)
	done := time.Now()
	over.Wait()
	for _, asked := range w.intended {
		if asked.After(done) {
			t.Errorf("announced %s after the switch", asked.Sub(done))
		}
	}
	if l.writes() != len(w.intended) {
		t.Errorf("%d written, %d announced", l.writes(), len(w.intended))
	}
	posted := 0
	for _, job := range ready {
		stored, err := l.ledger.Job(t.Context(), "alpha", job.JobID)
		if err != nil || stored.Status != enhancement.StatusCompleted || (stored.NoteID == "") == (stored.Withheld == "") {
			t.Errorf("job %+v, %v", stored, err)
		}
		if stored.NoteID != "" {
			posted++
		}
	}
	if posted != len(w.intended) {
		t.Errorf("%d jobs say that they have posted, %d have", posted, len(w.intended))
	}
}

// A write that got no answer is not made again after a switch. Whether it arrived is not looked for, and the job says so; the next one
// that posts finds what it left.
func TestAnUncertainWriteIsNotRepeatedAfterASwitch(t *testing.T) {
	t.Parallel()
	l := newLiving(t, 300*time.Millisecond)
	l.sdp.SetFaults(lateCommit(2 * time.Second))
	job := l.accepted("one")
	l.synthesize(job)
	if err := l.update(job); !servicedesk.Uncertain(err) {
		t.Fatalf("got %v", err)
	}
	writes := l.writes()
	l.turn(t, tenant.ModeShadow)
	if err := l.update(job); err != nil || l.writes() != writes {
		t.Errorf("%d more writes, %v", l.writes()-writes, err)
	}
	l.wantWithheld(t, job.JobID, tenant.ModeShadow, "withheld_shadow: ")
	steps, err := l.ledger.Steps(t.Context(), "alpha", job.JobID)
	if err != nil || !strings.Contains(steps[enhancement.StepUpdateTicket].Detail, "an earlier attempt") {
		t.Errorf("the step says %q, %v", steps[enhancement.StepUpdateTicket].Detail, err)
	}
	until(t, "the write that had begun arrives", func() bool { return len(l.sdp.Notes("1001")) > 0 })
	l.turn(t, tenant.ModeLive)
	l.finds("19")
	later := l.accepted("two")
	l.synthesize(later)
	until(t, "the lease of the lost write runs out", func() bool { err = l.update(later); return !errors.Is(err, ledger.ErrNoteBusy) })
	if err != nil {
		t.Fatal(err)
	}
	l.wantNote(true, "#19")
}

func wantMetric(t *testing.T, m *telemetry.Metrics, line string) {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if !strings.Contains(rec.Body.String(), line) {
		t.Errorf("the metrics lack %s", line)
	}
}
