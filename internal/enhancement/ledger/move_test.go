package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// own is the ledger as alpha's own enhancer has it.
func (s *swept) own() *ledger.Ledger { return s.Of("alpha") }

// assign moves alpha.
func (s *swept) assign(enhancer string) {
	s.t.Helper()
	_, err := s.store.Console.Assign(s.t.Context(), "alpha", enhancer, 0, func(ctx context.Context, tx postgres.Tx) error {
		return ledger.HoldAdmissions(ctx, tx, "alpha")
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *swept) admitBy(l *ledger.Ledger, most int) []ledger.Admitted {
	s.t.Helper()
	jobs, err := l.Admit(s.t.Context(), "alpha", most, 1_000)
	if err != nil {
		s.t.Fatal(err)
	}
	return jobs
}

// takenBy are the jobs of alpha that the enhancer's sweeper is given.
func (s *swept) takenBy(l *ledger.Ledger) []ledger.Due {
	s.t.Helper()
	jobs, err := l.TakeDue(s.t.Context(), "alpha", patience, 100, anyLease)
	if err != nil {
		s.t.Fatal(err)
	}
	return jobs
}

func (s *swept) turnBy(l *ledger.Ledger) ledger.Turn {
	s.t.Helper()
	turns, err := l.Turns(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, turn := range turns {
		if turn.TenantID == "alpha" {
			return turn
		}
	}
	return ledger.Turn{}
}

func TestWhatWaitsIsBegunByWhomTheTenantIsAssignedTo(t *testing.T) {
	s := newSwept(t)
	for i := range 3 {
		s.queue("alpha", strconv.Itoa(i))
	}
	if jobs := s.admitBy(s.own(), 10); len(jobs) != 0 {
		t.Errorf("its own enhancer began %+v of a tenant that is not its own yet", jobs)
	}
	s.admitOne("alpha")
	s.assign("alpha")
	if jobs := s.admitBy(s.Ledger, 10); len(jobs) != 0 {
		t.Errorf("begun after the move: %+v", jobs)
	}
	if turn := s.turnBy(s.Ledger); turn.Waits || turn.Running != 1 {
		t.Errorf("the shared one's turn: %+v", turn)
	}
	if turn := s.turnBy(s.own()); !turn.Waits || turn.Running != 0 {
		t.Errorf("its own one's turn: %+v", turn)
	}
	// Of the tenant no more run than may, whoever has begun them.
	if jobs, err := s.own().Admit(t.Context(), "alpha", 10, 2); err != nil || len(jobs) != 1 {
		t.Errorf("with room for one more: %+v, %v", jobs, err)
	}
	s.assign(tenant.SharedEnhancer)
	if jobs := s.admitBy(s.own(), 10); len(jobs) != 0 {
		t.Errorf("begun after the move back: %+v", jobs)
	}
	if jobs := s.admitBy(s.Ledger, 10); len(jobs) != 1 {
		t.Errorf("the rest, back: %+v", jobs)
	}
	if turn := s.turnBy(s.own()); turn.Running != 1 {
		t.Errorf("what it has begun is still its own: %+v", turn)
	}
}

func TestARunIsLookedAtByWhoBeganIt(t *testing.T) {
	s := newSwept(t)
	j := s.queue("alpha", "1")
	s.admitOne("alpha")
	s.assign("alpha")
	s.accept("alpha", "2") // its message was lost
	s.age(time.Hour)
	for name, c := range map[string]struct {
		l    *ledger.Ledger
		want bool
	}{"its own": {s.own(), false}, "the shared one": {s.Ledger, true}} {
		found := false
		for _, d := range s.takenBy(c.l) {
			found = found || d.JobID == j.ID
		}
		if found != c.want {
			t.Errorf("%s is given the run: %t", name, found)
		}
	}
	tenants, err := s.own().Unfinished(t.Context(), patience)
	if err != nil || len(tenants) != 1 || tenants[0].Running != 0 || tenants[0].Pending == 0 {
		t.Errorf("unfinished to its own: %+v, %v", tenants, err)
	}
	s.fail(j, 1)
	s.age(time.Hour)
	for name, c := range map[string]struct {
		l    *ledger.Ledger
		want int
	}{"its own": {s.own(), 0}, "the shared one": {s.Ledger, 1}} {
		tenants, err := c.l.Unpurged(t.Context(), time.Minute)
		jobs, takeErr := c.l.TakeEnded(t.Context(), "alpha", time.Minute, 10, 0)
		if err = errors.Join(err, takeErr); err != nil || len(jobs) != c.want || len(tenants) != c.want {
			t.Errorf("%s removes the workflows of %+v, of %v: %v", name, jobs, tenants, err)
		}
	}
}

// A run that ended for now, and a job that failed, go on wherever the tenant is.
func TestHeldAndFailedJobsMove(t *testing.T) {
	s := newSwept(t)
	held := s.admitJob("1")
	failed := s.admitJob("2")
	s.assign("alpha")
	s.hold(held, false)
	s.fail(enhancement.Job{TenantID: "alpha", ID: failed.JobID}, 1)
	_, err := s.Retry(t.Context(), "alpha", failed.JobID, func(context.Context, postgres.Tx, enhancement.Job) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if jobs := s.admitBy(s.Ledger, 10); len(jobs) != 0 {
		t.Errorf("begun where they were: %+v", jobs)
	}
	jobs := s.admitBy(s.own(), 10)
	if len(jobs) != 2 || jobs[0].Run != 2 || jobs[1].Run != 2 {
		t.Errorf("begun where they are now: %+v", jobs)
	}
}

func (s *swept) admitJob(ticketID string) ledger.Admitted {
	s.t.Helper()
	s.queue("alpha", ticketID)
	jobs := s.admit("alpha", 1, 1_000)
	if len(jobs) != 1 {
		s.t.Fatalf("admitted %+v", jobs)
	}
	return jobs[0]
}

// Whether a run that was put back has a workflow is not known: elsewhere, it would be a second one under the same id.
func TestARunThatWasPutBackIsBegunElsewhereAsAnother(t *testing.T) {
	s := newSwept(t)
	first := s.admitJob("1")
	if err := s.Readmit(t.Context(), "alpha", first.JobID, 1); err != nil {
		t.Fatal(err)
	}
	s.assign("alpha")
	jobs := s.admitBy(s.own(), 1)
	if len(jobs) != 1 || jobs[0].Run != 2 {
		t.Fatalf("begun elsewhere: %+v", jobs)
	}
	completion := ledger.Completion{TenantID: "alpha", JobID: first.JobID, TicketID: "1", NoteID: "7", Run: 1, Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket}}
	if err := s.Complete(t.Context(), completion, "nobody"); !errors.Is(err, ledger.ErrCancelled) {
		t.Errorf("the run before ends the job: %v", err)
	}
	// Back where it was put back before anybody began it, it is the same run, which that engine begins once.
	second := s.admitBy(s.own(), 1)
	if len(second) != 0 {
		t.Fatalf("%+v", second)
	}
	if err := s.own().Readmit(t.Context(), "alpha", first.JobID, 2); err != nil {
		t.Fatal(err)
	}
	s.assign("")
	s.assign("alpha")
	if jobs := s.admitBy(s.own(), 1); len(jobs) != 1 || jobs[0].Run != 2 {
		t.Errorf("there and back: %+v", jobs)
	}
}

func TestAPauseHoldsWhereverTheTenantIs(t *testing.T) {
	s := newSwept(t)
	s.queue("alpha", "1")
	pauses := suspension.New(s.store.ConsoleDB)
	_, err := pauses.Pause(t.Context(), suspension.Request{TenantID: "alpha", Scope: suspension.Processing, Reason: "example", By: "example"},
		func(context.Context, postgres.Tx, suspension.Pause) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.assign("alpha")
	if jobs := s.admitBy(s.own(), 1); len(jobs) != 0 || s.turnBy(s.own()).Waits {
		t.Errorf("begun while it is paused: %+v", jobs)
	}
	_, err = pauses.Resume(t.Context(), "alpha", suspension.Processing, func(context.Context, postgres.Tx, suspension.Pause) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if jobs := s.admitBy(s.own(), 1); len(jobs) != 1 {
		t.Errorf("begun after that: %+v", jobs)
	}
}

func TestWhatAnEnhancerThatIsGoneHasBegunIsTakenOver(t *testing.T) {
	s := newSwept(t)
	s.assign("alpha")
	s.queue("alpha", "1")
	s.queue("alpha", "2")
	began := s.admitBy(s.own(), 2)
	s.fail(enhancement.Job{TenantID: "alpha", ID: began[1].JobID}, 1)
	s.assign("")
	var (
		given  int
		spread ledger.Spread
	)
	err := s.store.DB.InTenant(t.Context(), "alpha", func(tx postgres.Tx) (err error) {
		if spread, err = ledger.SpreadIn(t.Context(), tx, "alpha", ""); err != nil {
			return err
		}
		given, err = ledger.TakeOverIn(t.Context(), tx, "alpha", "")
		return err
	})
	if err != nil || given != 1 || spread != (ledger.Spread{Elsewhere: 1}) {
		t.Fatalf("given up %d of %+v, %v", given, spread, err)
	}
	if jobs := s.admitBy(s.Ledger, 10); len(jobs) != 1 || jobs[0].Run != 2 || jobs[0].JobID != began[0].JobID {
		t.Errorf("begun after that: %+v", jobs)
	}
	s.age(time.Hour)
	if jobs, err := s.TakeEnded(t.Context(), "alpha", time.Minute, 10, 0); err != nil || len(jobs) != 1 {
		t.Errorf("what has ended is accounted for by %+v, %v", jobs, err)
	}
}

// Two enhancers admit at once while the tenant is moved to and fro: each job is given to one of them, once.
func TestMovesWhileBothAdmit(t *testing.T) {
	s := newSwept(t)
	const jobs = 60
	for i := range jobs {
		s.queue("alpha", strconv.Itoa(i))
	}
	var (
		mu    sync.Mutex
		given = map[string]int{}
		wg    sync.WaitGroup
	)
	done := make(chan struct{})
	for range 2 {
		for _, l := range []*ledger.Ledger{s.Ledger, s.own()} {
			wg.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					admitted, err := l.Admit(t.Context(), "alpha", 1, 1_000)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, a := range admitted {
						given[a.JobID]++
					}
					all := len(given) == jobs
					mu.Unlock()
					if all {
						return
					}
				}
			})
		}
	}
	for i := 0; ; i++ {
		s.assign([]string{"alpha", ""}[i%2])
		mu.Lock()
		n := len(given)
		mu.Unlock()
		if n == jobs || t.Failed() {
			break
		}
	}
	close(done)
	wg.Wait()
	for id, n := range given {
		if n != 1 {
			t.Errorf("job %s was given %d times", id, n)
		}
	}
}

// engines are what two enhancers have begun, by instance.
type engines map[string]string

// Whatever happens in whatever order, no two engines are ever given the same instance, no engine is given a run that is over, and every job
// ends.
func TestNoJobIsLostOrGivenTwiceByMoves(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			s := newSwept(t)
			random := rand.New(rand.NewPCG(seed, 1))
			began, running := engines{}, map[string]ledger.Admitted{}
			newest := map[string]int{}
			admit := func(name string) {
				for _, a := range s.admitBy(s.Of(name), 1+random.IntN(3)) {
					id := enhancement.InstanceID(a.JobID, a.Run)
					if by, ok := began[id]; ok && by != name {
						t.Fatalf("instance %s was begun by %q, and is by %q", id, by, name)
					}
					if a.Run < newest[a.JobID] {
						t.Fatalf("run %d of job %s after run %d", a.Run, a.JobID, newest[a.JobID])
					}
					if _, ok := running[a.JobID]; ok {
						t.Fatalf("job %s is begun while it runs", a.JobID)
					}
					began[id], newest[a.JobID], running[a.JobID] = name, a.Run, a
				}
			}
			some := func() (a ledger.Admitted, ok bool) {
				for _, a = range running {
					return a, true
				}
				return a, false
			}
			const jobs = 20
			for i := range jobs {
				s.queue("alpha", strconv.Itoa(i))
			}
			ended := 0
			for step := 0; ended < jobs; step++ {
				if step > 2_000 {
					t.Fatalf("%d of %d have ended", ended, jobs)
				}
				switch random.IntN(8) {
				case 0:
					s.assign([]string{"", "alpha"}[random.IntN(2)])
				case 1, 2:
					admit("")
				case 3, 4:
					admit("alpha")
				case 5: // the engine does not answer
					if a, ok := some(); ok {
						delete(running, a.JobID)
						if err := s.Readmit(t.Context(), "alpha", a.JobID, a.Run); err != nil {
							t.Fatal(err)
						}
					}
				case 6: // held, while the desk is dead
					if a, ok := some(); ok {
						delete(running, a.JobID)
						s.hold(a, false)
					}
				case 7:
					if a, ok := some(); ok {
						delete(running, a.JobID)
						if done, err := s.Fail(t.Context(), "alpha", a.JobID, a.Run, "example"); err != nil || !done {
							t.Fatalf("run %d of job %s is over already: %v", a.Run, a.JobID, err)
						}
						ended++
					}
				}
				for name, l := range map[string]*ledger.Ledger{"": s.Ledger, "alpha": s.own()} {
					if step%10 != 0 {
						break
					}
					s.exec("UPDATE enhancement_history SET sweep_at = now() - interval '1 second' WHERE status = 'running'")
					for _, d := range s.takenBy(l) {
						if by := began[enhancement.InstanceID(d.JobID, d.Run)]; by != name {
							t.Fatalf("the sweeper of %q is given run %d of job %s, which %q has", name, d.Run, d.JobID, by)
						}
					}
				}
			}
		})
	}
}
