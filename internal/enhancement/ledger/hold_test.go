package ledger_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const plus = enhancement.DependencyServiceDesk

// limit is for how long jobs are held here.
const limit = 72 * time.Hour

// failed accounts for a failure that the job found.
func (s *swept) failed(j ledger.Admitted, plea bool) ledger.Outage {
	s.t.Helper()
	o, err := s.DependencyFailed(s.t.Context(), j.TenantID, ledger.Failure{
		Dependency: plus, JobID: j.JobID, Run: j.Run, Step: enhancement.StepUpdateTicket, Reason: "example: dead", Plea: plea,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *swept) hold(j ledger.Admitted, spent bool) ledger.Held {
	s.t.Helper()
	held, err := s.Hold(s.t.Context(), j.TenantID, j.JobID, j.Run, ledger.Holding{Dependency: plus, Reason: "example: dead", Spent: spent, Limit: limit})
	if err != nil {
		s.t.Fatal(err)
	}
	return held
}

// works has alpha's server answer.
func (s *swept) works() ledger.Recovery {
	s.t.Helper()
	r, err := s.DependencyWorks(s.t.Context(), "alpha", plus)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *swept) load(j ledger.Admitted) enhancement.Job {
	s.t.Helper()
	got, err := s.Job(s.t.Context(), j.TenantID, j.JobID)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// outage is what the run is told.
func (s *swept) outage(j ledger.Admitted) ledger.Outage {
	s.t.Helper()
	o, err := s.Outage(s.t.Context(), j.TenantID, plus, j.JobID, j.Run)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// pass lets the time pass that a pause before the next try is made of.
func (s *swept) pass(d time.Duration) {
	s.exec("UPDATE dependency_outages SET probe_after = probe_after - $1::interval, since = since - $1::interval", d)
}

// die has alpha's server fail for three jobs, which are held, and gives them.
func (s *swept) die() []ledger.Admitted {
	s.t.Helper()
	for i := range 3 {
		s.queue("alpha", strconv.Itoa(i))
		s.age(time.Minute)
	}
	jobs := s.admit("alpha", 3, 3)
	for i, j := range jobs {
		if o := s.failed(j, false); o.Standing != (i == 2) || o.Opened != (i == 2) {
			s.t.Fatalf("failure %d: %+v", i+1, o)
		}
	}
	for _, j := range jobs {
		if held := s.hold(j, false); !held.Held || held.Failed {
			s.t.Fatalf("held %+v", held)
		}
	}
	return jobs
}

func TestAHeldJobKeepsItsPlaceAndItsSteps(t *testing.T) {
	s := newSwept(t)
	s.queue("alpha", "1")
	j := s.admit("alpha", 1, 1)[0]
	if err := s.RecordStep(t.Context(), "alpha", j.JobID, enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}); err != nil {
		t.Fatal(err)
	}
	before := s.load(j)
	for range 3 {
		s.failed(j, false)
	}
	if held := s.hold(j, true); !held.Held {
		t.Fatalf("held %+v", held)
	}
	got := s.load(j)
	if got.Status != enhancement.StatusPending || got.Run != 2 || got.FirstRun != 1 || got.HeldFor != plus || got.HeldSince.IsZero() ||
		!got.StartedAt.IsZero() || !got.ReceivedAt.Equal(before.ReceivedAt) {
		t.Errorf("the job is %+v", got)
	}
	if steps, err := s.Steps(t.Context(), "alpha", j.JobID); err != nil || len(steps) != 1 {
		t.Errorf("steps %+v, %v", steps, err)
	}
	// What is done twice, or late, does nothing: the run is over.
	if again := s.hold(j, true); again.Held || again.Failed {
		t.Errorf("held again: %+v", again)
	}
	if failed, err := s.Fail(t.Context(), "alpha", j.JobID, j.Run, "late"); err != nil || failed {
		t.Errorf("failed %t, %v", failed, err)
	}
	s.works()
	next := s.admit("alpha", 1, 1)
	if len(next) != 1 || next[0].Run != 2 {
		t.Fatalf("admitted %+v", next)
	}
	s.failed(next[0], true)
	s.hold(next[0], false)
	if again := s.load(j); !again.HeldSince.Equal(got.HeldSince) || again.Run != 3 {
		t.Errorf("held again: %+v, want it to be held since %s", again, got.HeldSince)
	}
}

func TestASuccessInBetweenIsNoOutage(t *testing.T) {
	s := newSwept(t)
	s.queue("alpha", "1")
	j := s.admit("alpha", 1, 1)[0]
	for range 5 {
		for range 2 {
			if o := s.failed(j, false); o.Standing {
				t.Fatalf("after two failures: %+v", o)
			}
		}
		if r := s.works(); r.Ended {
			t.Errorf("an outage that was none has ended: %+v", r)
		}
	}
	if o := s.outage(j); o.Standing {
		t.Errorf("%+v", o)
	}
	if r := s.works(); r != (ledger.Recovery{}) {
		t.Errorf("there was nothing to forget: %+v", r)
	}
}

func TestWhoAsksForQuietIsGivenIt(t *testing.T) {
	s := newSwept(t)
	s.queue("alpha", "1")
	j := s.admit("alpha", 1, 1)[0]
	if o := s.failed(j, true); !o.Standing || !o.Opened {
		t.Errorf("%+v", o)
	}
}

// However many replicas look, one job tries what is dead, and no other until it has told, or its time is up.
func TestOneJobTriesWhatIsDead(t *testing.T) {
	s := newSwept(t)
	s.die()
	s.queue("beta", "1")
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
		t.Fatalf("admitted %+v at once", jobs)
	}
	if jobs := s.admit("beta", 10, 10); len(jobs) != 1 {
		t.Errorf("of the neighbour, %+v were admitted", jobs)
	}
	s.pass(5 * time.Second)
	tries := func() []ledger.Admitted {
		var (
			mu  sync.Mutex
			all []ledger.Admitted
			wg  sync.WaitGroup
		)
		for range 8 {
			wg.Go(func() {
				jobs, err := s.Admit(t.Context(), "alpha", 10, 10)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, jobs...)
			})
		}
		wg.Wait()
		return all
	}
	first := tries()
	if len(first) != 1 {
		t.Fatalf("admitted %+v", first)
	}
	if o := s.outage(first[0]); !o.Standing || !o.Probe || o.Reason != "example: dead" || o.Step != enhancement.StepUpdateTicket {
		t.Errorf("it is told %+v", o)
	}
	if o := s.outage(ledger.Admitted{TenantID: "alpha", JobID: first[0].JobID, Run: first[0].Run + 1}); !o.Standing || o.Probe {
		t.Errorf("another run is told %+v", o)
	}
	// It dies without a word.
	s.pass(29 * time.Second)
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
		t.Errorf("admitted beside it: %+v", jobs)
	}
	s.pass(2 * time.Second)
	second := tries()
	if len(second) != 1 || second[0].JobID == first[0].JobID {
		t.Fatalf("after the lease, %+v were admitted", second)
	}
	if o := s.outage(first[0]); !o.Standing || o.Probe {
		t.Errorf("the one that comes back is told %+v", o)
	}
	// The call is about to be made: its time begins anew.
	s.pass(29 * time.Second)
	s.outage(second[0])
	s.pass(29 * time.Second)
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
		t.Errorf("admitted beside it: %+v", jobs)
	}
	if r := s.works(); !r.Ended || r.Lasted < time.Minute || r.Held != 1 {
		t.Errorf("recovered %+v", r)
	}
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 1 || s.load(jobs[0]).HeldFor != "" {
		t.Errorf("afterwards, %+v were admitted", jobs)
	}
}

func TestThePauseBeforeTheNextTryDoubles(t *testing.T) {
	s := newSwept(t)
	s.die()
	for i, longest := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 20 * time.Second} {
		s.pass(longest/2 + longest/5)
		if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
			t.Fatalf("try %d came too early", i+1)
		}
		s.pass(longest - longest/2 - longest/5)
		jobs := s.admit("alpha", 10, 10)
		if len(jobs) != 1 {
			t.Fatalf("try %d did not come", i+1)
		}
		if o := s.failed(jobs[0], false); !o.Probe || !o.Standing || o.Opened {
			t.Errorf("try %d: %+v", i+1, o)
		}
		// A failure that comes after all from the time before changes nothing of the pause.
		if o := s.failed(ledger.Admitted{TenantID: "alpha", JobID: jobs[0].JobID, Run: jobs[0].Run}, false); o.Probe || !o.Standing {
			t.Errorf("late: %+v", o)
		}
		if held := s.hold(jobs[0], true); !held.Held {
			t.Errorf("held %+v", held)
		}
	}
}

// The jobs take turns: one whose ticket makes the server fail must not be the only one that ever tries.
func TestJobsTakeTurnsAtTrying(t *testing.T) {
	s := newSwept(t)
	s.die()
	tried := map[string]int{}
	s.queue("alpha", "new")
	for range 8 {
		s.pass(20 * time.Second)
		jobs := s.admit("alpha", 10, 10)
		if len(jobs) != 1 {
			t.Fatalf("admitted %+v", jobs)
		}
		tried[jobs[0].TicketID]++
		s.failed(jobs[0], false)
		s.hold(jobs[0], true)
	}
	if len(tried) != 4 || tried["new"] != 2 || tried["0"] != 2 {
		t.Errorf("tried %v", tried)
	}
}

func TestNoTryIsLostWhereNothingWaits(t *testing.T) {
	s := newSwept(t)
	s.queue("alpha", "1")
	j := s.admit("alpha", 1, 1)[0]
	s.failed(j, true)
	s.fail(enhancement.Job{ID: j.JobID, TenantID: "alpha"}, 1)
	s.pass(time.Minute)
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
		t.Fatalf("admitted %+v", jobs)
	}
	s.queue("alpha", "2")
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 1 {
		t.Errorf("the first that comes is kept waiting: %+v", jobs)
	}
}

func TestAJobIsNotHeldForGood(t *testing.T) {
	s := newSwept(t)
	s.die()
	s.exec("UPDATE enhancement_history SET held_since = held_since - $1::interval", limit-time.Minute)
	try := func() (ledger.Admitted, ledger.Held) {
		s.pass(20 * time.Second)
		j := s.admit("alpha", 1, 10)[0]
		s.failed(j, false)
		return j, s.hold(j, true)
	}
	if j, held := try(); !held.Held {
		t.Errorf("%s: %+v", j.TicketID, held)
	}
	s.exec("UPDATE enhancement_history SET held_since = held_since - $1::interval", 2*time.Minute)
	j, held := try()
	got := s.load(j)
	if !held.Failed || held.Held || got.Status != enhancement.StatusFailed || got.FailureReason != held.Reason || got.HeldFor != "" ||
		!strings.Contains(got.FailureReason, "example: dead; it was held for 72h") {
		t.Errorf("%+v, the job is %+v", held, got)
	}
	// An operator begins it anew, and its time does, too.
	begun, err := s.Retry(t.Context(), "alpha", j.JobID, nothing)
	if err != nil || !begun.HeldSince.IsZero() || begun.FirstRun != begun.Run {
		t.Errorf("%+v, %v", begun, err)
	}
}

// A ticket that makes the server fail, while it answers all others, ends.
func TestATicketThatFailsAloneIsGivenUp(t *testing.T) {
	for name, answered := range map[string]bool{"others are done in between": true, "each time it has the server taken for dead": false} {
		t.Run(name, func(t *testing.T) {
			s := newSwept(t)
			s.queue("alpha", "1")
			var held ledger.Held
			runs := 0
			for ; !held.Failed && runs < 10; runs++ {
				jobs := s.admit("alpha", 1, 1)
				if len(jobs) != 1 {
					t.Fatalf("run %d: admitted %+v", runs+1, jobs)
				}
				for range 3 {
					s.failed(jobs[0], false)
				}
				if answered {
					s.works()
				}
				held = s.hold(jobs[0], true)
				s.works()
			}
			if runs != 4 || !strings.Contains(held.Reason, "while other tickets were done") {
				t.Errorf("after %d runs: %+v", runs, held)
			}
		})
	}
}

// Those who were told of an outage that has ended by now are not to blame.
func TestAJobThatWasToldIsNotToBlame(t *testing.T) {
	s := newSwept(t)
	s.queue("alpha", "1")
	for run := range 10 {
		jobs := s.admit("alpha", 1, 1)
		if len(jobs) != 1 {
			t.Fatalf("run %d: admitted %+v", run+1, jobs)
		}
		if held := s.hold(jobs[0], false); !held.Held || s.load(jobs[0]).HeldFor != "" {
			t.Fatalf("run %d: %+v", run+1, held)
		}
	}
}

// The event of a held job is sent again, by a gateway that then cannot reach the queue: the job stays.
func TestAHeldJobIsNotTakenBack(t *testing.T) {
	s := newSwept(t)
	j := s.die()[0]
	same := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: j.TicketID, Description: "d"}, "again")
	a, err := s.Accept(t.Context(), same)
	if err != nil || a.Fresh || a.JobID != j.JobID || a.Status != enhancement.StatusPending {
		t.Fatalf("accepted %+v, %v", a, err)
	}
	if gone, err := s.Withdraw(t.Context(), "alpha", j.JobID); err != nil || gone {
		t.Errorf("withdrawn: %t, %v", gone, err)
	}
	if c, err := s.Queued(t.Context(), "alpha", j.JobID); err != nil || c.Status != enhancement.StatusPending || s.load(j).HeldFor != plus {
		t.Errorf("queued %+v, %v", c, err)
	}
	if _, err := s.Retry(t.Context(), "alpha", j.JobID, nothing); err == nil {
		t.Error("an operator begins anew what has not failed")
	}
}

// A note that stands after all ends a held job.
func TestALateNoteEndsAHeldJob(t *testing.T) {
	s := newSwept(t)
	j := s.die()[0]
	err := s.Complete(t.Context(), ledger.Completion{
		TenantID: "alpha", JobID: j.JobID, TicketID: j.TicketID, NoteID: "7", ReceivedAt: time.Now(),
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}, "0f8fad5b-d9cb-469f-a165-70867728950e")
	if got := s.load(j); err != nil || got.Status != enhancement.StatusCompleted || got.HeldFor != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHeldJobsAndOutagesAreCounted(t *testing.T) {
	s := newSwept(t)
	s.die()
	s.queue("alpha", "new")
	depths, err := s.Waiting(t.Context())
	if err != nil || len(depths) != 1 || depths[0].Waiting != 4 || depths[0].Held != 3 {
		t.Errorf("depths %+v, %v", depths, err)
	}
	s.pass(time.Minute)
	outages, err := s.StandingOutages(t.Context())
	if err != nil || len(outages) != 1 || outages[0].TenantID != "alpha" || outages[0].Dependency != plus || outages[0].For < time.Minute {
		t.Errorf("outages %+v, %v", outages, err)
	}
}

// A ticket whose text has changed while its job was held is searched for anew.
func TestWhatWasFoundForAnotherTextGoes(t *testing.T) {
	s := newSwept(t)
	hinted := enhancement.NewRefetch("alpha", enhancement.EventCreated, "1", "c")
	if made, err := s.AcceptQueued(t.Context(), hinted); err != nil || !made {
		t.Fatal(err)
	}
	text := ticket.Ticket{ID: "1", Subject: "Printer", Description: "It hums"}
	for _, c := range []struct {
		description string
		steps       int
	}{{"It hums", 3}, {"It hums", 3}, {"It smokes", 1}} {
		j := s.admit("alpha", 1, 1)[0]
		text.Description = c.description
		if _, err := s.Fetched(t.Context(), "alpha", j.JobID, j.Run, text); err != nil {
			t.Fatal(err)
		}
		if j.Run == 1 {
			for _, step := range []enhancement.Step{enhancement.StepTicketSearch, enhancement.StepSynthesize, enhancement.StepUpdateTicket} {
				if err := s.RecordStep(t.Context(), "alpha", j.JobID, enhancement.StepRecord{Step: step, Outcome: enhancement.OutcomeOK}); err != nil {
					t.Fatal(err)
				}
			}
		}
		steps, err := s.Steps(t.Context(), "alpha", j.JobID)
		if _, tried := steps[enhancement.StepUpdateTicket]; err != nil || len(steps) != c.steps || !tried {
			t.Errorf("run %d: steps %+v, %v", j.Run, steps, err)
		}
		s.hold(j, false)
	}
}

// So is one whose workflow was lost and that another run goes on with.
func TestWhatALostRunFoundForAnotherTextGoes(t *testing.T) {
	s := newSwept(t)
	hinted := enhancement.NewRefetch("alpha", enhancement.EventCreated, "1", "c")
	if made, err := s.AcceptQueued(t.Context(), hinted); err != nil || !made {
		t.Fatal(err)
	}
	j := s.admit("alpha", 1, 1)[0]
	text := ticket.Ticket{ID: "1", Subject: "Printer", Description: "It hums"}
	if _, err := s.Fetched(t.Context(), "alpha", j.JobID, j.Run, text); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordStep(t.Context(), "alpha", j.JobID, enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}); err != nil {
		t.Fatal(err)
	}
	anew, err := s.BeginAnew(t.Context(), ledger.Due{TenantID: "alpha", JobID: j.JobID, Run: j.Run})
	if err != nil {
		t.Fatal(err)
	}
	text.Description = "It smokes"
	if _, err := s.Fetched(t.Context(), "alpha", j.JobID, anew.Run, text); err != nil {
		t.Fatal(err)
	}
	if steps, err := s.Steps(t.Context(), "alpha", j.JobID); err != nil || len(steps) != 0 {
		t.Errorf("the note would be of the old text: %+v, %v", steps, err)
	}
}

// The job that tries has its turn for as long as its steps take to get to the call, and so has the run that goes on with it.
func TestATryLastsAsLongAsItsSteps(t *testing.T) {
	s := newSwept(t)
	s.die()
	s.pass(5 * time.Second)
	j := s.admit("alpha", 10, 10)[0]
	for range 4 { // a slow model
		s.pass(20 * time.Second)
		if err := s.Beat(t.Context(), "alpha", j.JobID); err != nil {
			t.Fatal(err)
		}
		if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
			t.Fatalf("admitted beside it: %+v", jobs)
		}
	}
	anew, err := s.BeginAnew(t.Context(), ledger.Due{TenantID: "alpha", JobID: j.JobID, Run: j.Run})
	if err != nil {
		t.Fatal(err)
	}
	j.Run = anew.Run
	if o := s.outage(j); !o.Probe {
		t.Errorf("the run that goes on is told %+v", o)
	}
}

// A try that ends without a word about the server makes room for the next at once.
func TestATryThatTellsNothingIsOver(t *testing.T) {
	s := newSwept(t)
	s.die()
	s.pass(5 * time.Second)
	j := s.admit("alpha", 10, 10)[0]
	if err := s.ProbeOver(t.Context(), "alpha", enhancement.DependencyServiceDesk, j.JobID, j.Run+1); err != nil { // another run's
		t.Fatal(err)
	}
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
		t.Errorf("admitted beside it: %+v", jobs)
	}
	if err := s.ProbeOver(t.Context(), "alpha", enhancement.DependencyServiceDesk, j.JobID, j.Run); err != nil {
		t.Fatal(err)
	}
	if jobs := s.admit("alpha", 10, 10); len(jobs) != 1 {
		t.Errorf("admitted %+v", jobs)
	}
	if o := s.outage(j); !o.Standing || o.Probe {
		t.Errorf("the one that is over is told %+v", o)
	}
}

// An update that proves nothing joins a job that is held, for that will fetch the ticket again.
func TestAnUpdateJoinsAHeldJob(t *testing.T) {
	s := newSwept(t)
	hinted := enhancement.NewRefetch("alpha", enhancement.EventUpdated, "1", "c")
	if made, err := s.AcceptQueued(t.Context(), hinted); err != nil || !made {
		t.Fatal(err)
	}
	j := s.admit("alpha", 1, 1)[0]
	if _, err := s.Fetched(t.Context(), "alpha", j.JobID, j.Run, ticket.Ticket{ID: "1", Subject: "Printer", Description: "It hums"}); err != nil {
		t.Fatal(err)
	}
	s.failed(j, true)
	s.hold(j, false)
	a, err := s.Accept(t.Context(), enhancement.NewRefetch("alpha", enhancement.EventUpdated, "1", "c"))
	if err != nil || a.JobID != j.JobID || a.Fresh {
		t.Errorf("accepted %+v, %v", a, err)
	}
}

// The workflows of a held job's runs are removed while it is held: one that is tried for days leaves thousands.
func TestWorkflowsOfHeldRunsAreTaken(t *testing.T) {
	s := newSwept(t)
	j := s.die()[0]
	take := func() map[string]ledger.Ended {
		t.Helper()
		tenants, err := s.Unpurged(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		taken := map[string]ledger.Ended{}
		for _, id := range tenants {
			jobs, err := s.TakeEnded(t.Context(), id, time.Hour, 10, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range jobs {
				taken[e.JobID] = e
			}
		}
		return taken
	}
	taken := take()
	if e := taken[j.JobID]; len(taken) != 3 || e.Run != 1 || e.Purged != 0 {
		t.Fatalf("taken %+v", taken)
	}
	if err := s.Purged(t.Context(), taken[j.JobID]); err != nil {
		t.Fatal(err)
	}
	s.age(2 * time.Minute)
	if again := take(); len(again) != 2 {
		t.Errorf("taken again: %+v", again)
	}
}
