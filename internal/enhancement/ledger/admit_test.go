package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// queue is a job whose message has arrived.
func (s *swept) queue(tenantID, ticketID string) enhancement.Job {
	s.t.Helper()
	j := s.accept(tenantID, ticketID)
	if c, err := s.Queued(s.t.Context(), tenantID, j.ID); err != nil || c.Status != enhancement.StatusPending {
		s.t.Fatalf("%+v, %v", c, err)
	}
	return j
}

func (s *swept) admit(tenantID string, most, limit int) []ledger.Admitted {
	s.t.Helper()
	jobs, err := s.Admit(s.t.Context(), tenantID, most, limit)
	if err != nil {
		s.t.Fatal(err)
	}
	return jobs
}

// admitOne admits the tenant's next job, whose id it gives.
func (s *swept) admitOne(tenantID string) string {
	s.t.Helper()
	jobs := s.admit(tenantID, 1, 1_000)
	if len(jobs) != 1 {
		s.t.Fatalf("admitted %+v", jobs)
	}
	return jobs[0].JobID
}

func TestAJobWaitsUntilItIsAdmitted(t *testing.T) {
	s := newSwept(t)
	s.accept("alpha", "1") // its message has not arrived
	want := s.queue("alpha", "2")
	s.queue("beta", "3")
	jobs := s.admit("alpha", 10, 10)
	if len(jobs) != 1 {
		t.Fatalf("admitted %+v", jobs)
	}
	got, err := s.Job(t.Context(), "alpha", want.ID)
	if jobs[0] != (ledger.Admitted{
		TenantID: "alpha", JobID: want.ID, TicketID: "2", CorrelationID: "example-correlation", Run: 1,
		WaitedSince: got.ReceivedAt, StartedAt: got.StartedAt, ReceivedAt: got.ReceivedAt,
	}) {
		t.Errorf("admitted %+v", jobs[0])
	}
	if err != nil || got.Status != enhancement.StatusRunning || got.StartedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if again := s.admit("alpha", 10, 10); len(again) != 0 {
		t.Errorf("admitted twice: %+v", again)
	}
	// The message comes again, or for the first time.
	if c, err := s.Queued(t.Context(), "alpha", want.ID); err != nil || c.Status != enhancement.StatusRunning || c.Run != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	s.fail(want, 1)
	if c, err := s.Queued(t.Context(), "alpha", want.ID); err != nil || c.Status != enhancement.StatusFailed {
		t.Errorf("%+v, %v", c, err)
	}
	if again := s.admit("alpha", 10, 10); len(again) != 0 {
		t.Errorf("admitted after its end: %+v", again)
	}
}

func TestTheOldestIsAdmittedFirst(t *testing.T) {
	s := newSwept(t)
	var want []string
	for i := range 5 {
		want = append(want, s.accept("alpha", strconv.Itoa(i)).ID)
		s.age(time.Minute)
	}
	for _, id := range []string{want[3], want[0], want[4], want[1], want[2]} { // as the messages arrive
		if _, err := s.Queued(t.Context(), "alpha", id); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for range want {
		got = append(got, s.admitOne("alpha"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("admitted %v, want %v", got, want)
	}
}

func TestAJobThatCouldNotBeStartedKeepsItsPlace(t *testing.T) {
	s := newSwept(t)
	first := s.queue("alpha", "1")
	s.age(time.Minute)
	s.queue("alpha", "2")
	s.admitOne("alpha")
	if err := s.Readmit(t.Context(), "alpha", first.ID, 2); err != nil { // of another run
		t.Fatal(err)
	}
	if got, err := s.Job(t.Context(), "alpha", first.ID); err != nil || got.Status != enhancement.StatusRunning {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.Readmit(t.Context(), "alpha", first.ID, 1); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Job(t.Context(), "alpha", first.ID); err != nil || got.Status != enhancement.StatusPending || got.StartedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if next := s.admitOne("alpha"); next != first.ID {
		t.Errorf("%s is next", next)
	}
	s.fail(first, 1)
	if err := s.Readmit(t.Context(), "alpha", first.ID, 1); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Job(t.Context(), "alpha", first.ID); err != nil || got.Status != enhancement.StatusFailed {
		t.Errorf("an ended job is put back: %+v, %v", got, err)
	}
}

// Its message was delivered, so its sender may have been told so.
func TestAQueuedJobIsNotWithdrawn(t *testing.T) {
	s := newSwept(t)
	j := s.queue("alpha", "1")
	if gone, err := s.Withdraw(t.Context(), "alpha", j.ID); err != nil || gone {
		t.Errorf("withdrawn %t, %v", gone, err)
	}
	// Begun anew, it waits for its next message.
	s.fail(j, 1)
	accept(t, s.Ledger, j)
	if jobs := s.admit("alpha", 1, 1); len(jobs) != 0 {
		t.Errorf("admitted %+v", jobs)
	}
	if gone, err := s.Withdraw(t.Context(), "alpha", j.ID); err != nil || !gone {
		t.Errorf("withdrawn %t, %v", gone, err)
	}
}

func TestAJobOfWhichNoMessageTells(t *testing.T) {
	s := newSwept(t)
	j := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1", Description: "d"}, "c")
	for first := range 2 {
		if made, err := s.AcceptQueued(t.Context(), j); err != nil || made != (first == 0) {
			t.Errorf("time %d: made %t, %v", first, made, err)
		}
	}
	if gone, err := s.Withdraw(t.Context(), "alpha", j.ID); err != nil || gone {
		t.Errorf("withdrawn %t, %v", gone, err)
	}
	if next := s.admitOne("alpha"); next != j.ID {
		t.Errorf("%s is next", next)
	}
	s.fail(j, 1)
	if made, err := s.AcceptQueued(t.Context(), j); err != nil || made {
		t.Errorf("a failed job: made %t, %v", made, err)
	}
	refetch := enhancement.NewRefetch("alpha", enhancement.EventCreated, "2", "c")
	if _, err := s.AcceptQueued(t.Context(), refetch); err != nil {
		t.Fatal(err)
	}
	if jobs := s.admit("alpha", 1, 1); len(jobs) != 1 || !jobs[0].Refetch {
		t.Errorf("admitted %+v", jobs)
	}
}

// Eight replicas start jobs, and end them, as fast as they can: no job is given twice, and never more than the limit run.
func TestTheLimitHoldsOverAllReplicas(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	const jobs, replicas, limit = 200, 8, 5
	s.exec(`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, queued_at)
		SELECT 'alpha', gen_random_uuid(), i::text, 'created', 'd', 'Low', 'c', now() FROM generate_series(1, $1::int) i`, jobs)
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		times   = map[string]int{}
		running int
		most    int
	)
	for range replicas {
		l := ledger.New(s.store.Database.Open(t))
		wg.Go(func() {
			for {
				taken, err := l.Admit(t.Context(), "alpha", 3, limit)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, a := range taken {
					times[a.JobID]++
				}
				// A job is counted from after its admission until before its end, so these are never more than there are.
				running += len(taken)
				most = max(most, running)
				done := len(times) == jobs
				mu.Unlock()
				for _, a := range taken {
					mu.Lock()
					running--
					mu.Unlock()
					if _, err := l.Fail(t.Context(), "alpha", a.JobID, 1, "example"); err != nil {
						t.Error(err)
					}
				}
				if done {
					return
				}
			}
		})
	}
	wg.Wait()
	if len(times) != jobs || slices.Max(slices.Collect(maps.Values(times))) != 1 {
		t.Errorf("%d of %d jobs were admitted: %v", len(times), jobs, times)
	}
	if most > limit {
		t.Errorf("%d ran at once, the limit is %d", most, limit)
	}
}

// Nothing ends here: all replicas together fill the limit, and not one job more.
func TestReplicasAtOnceFillTheLimit(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	const replicas, limit = 8, 5
	for round := range 10 {
		tenantID := []string{"alpha", "beta"}[round%2]
		s.exec(`UPDATE enhancement_history SET status = 'failed', failure_reason = 'example', finished_at = now() WHERE finished_at IS NULL`)
		for i := range 2 * limit {
			s.queue(tenantID, fmt.Sprintf("%d-%d", round, i))
		}
		var (
			wg    sync.WaitGroup
			mu    sync.Mutex
			given int
		)
		for range replicas {
			wg.Go(func() {
				jobs, err := s.Admit(t.Context(), tenantID, 3, limit)
				mu.Lock()
				defer mu.Unlock()
				if given += len(jobs); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// On a machine that is slow enough, all but one gave up waiting for another.
		if given += len(s.admit(tenantID, limit, limit)); given != limit {
			t.Errorf("round %d: %d were admitted, want %d", round, given, limit)
		}
	}
}

// A replica that hangs in the middle of an admission keeps its tenant's jobs, and nobody else: not even who asks for them.
func TestAReplicaThatHangsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	s.queue("alpha", "1")
	s.queue("beta", "1")
	tx, err := s.store.Database.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), ledger.AdmitLockSQL, "alpha"); err != nil {
		t.Fatal(err)
	}
	if jobs := s.admit("alpha", 1, 1); len(jobs) != 0 {
		t.Errorf("admitted %+v", jobs)
	}
	if jobs := s.admit("beta", 1, 1); len(jobs) != 1 {
		t.Errorf("admitted %+v", jobs)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if jobs := s.admit("alpha", 1, 1); len(jobs) != 1 {
		t.Errorf("admitted %+v", jobs)
	}
}

func TestQueuesAreKnownAcrossTenants(t *testing.T) {
	s := newSwept(t)
	if turns, err := s.Turns(t.Context()); err != nil || len(turns) != 0 {
		t.Errorf("turns of nobody: %+v, %v", turns, err)
	}
	s.store.Save(t, "gamma")
	s.store.Save(t, "delta")
	for i := range 4 {
		s.queue("alpha", strconv.Itoa(i))
		s.age(time.Minute)
	}
	s.admitOne("alpha")
	s.queue("beta", "1")
	s.queue("gamma", "1")
	s.admitOne("gamma")
	s.accept("delta", "1") // whose message has not arrived
	turns, err := s.Turns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(turns, func(a, b ledger.Turn) int { return int(a.TenantID[0]) - int(b.TenantID[0]) })
	if want := []ledger.Turn{{"alpha", true, 1}, {"beta", true, 0}, {"gamma", false, 1}}; !slices.Equal(turns, want) {
		t.Errorf("turns %+v, want %+v", turns, want)
	}
	depths, err := s.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(depths, func(a, b ledger.Depth) int { return int(a.TenantID[0]) - int(b.TenantID[0]) })
	for i := range depths {
		depths[i].Oldest = depths[i].Oldest.Round(time.Minute)
	}
	want := []ledger.Depth{{TenantID: "alpha", Waiting: 3, Running: 1, Oldest: 3 * time.Minute}, {TenantID: "beta", Waiting: 1}, {TenantID: "gamma", Running: 1}}
	if !slices.Equal(depths, want) {
		t.Errorf("depths %+v, want %+v", depths, want)
	}
}

func TestTheSweeperLeavesWhatWaits(t *testing.T) {
	s := newSwept(t)
	j := s.queue("alpha", "1")
	s.age(time.Hour)
	if tenants, err := s.Unfinished(t.Context(), patience); err != nil || len(tenants) != 0 || len(s.take("alpha")) != 0 {
		t.Errorf("%+v, %v", tenants, err)
	}
	// Started, it is looked at when it should have ended, and not earlier because it waited.
	s.admitOne("alpha")
	if due := s.take("alpha"); len(due) != 0 {
		t.Errorf("taken early: %+v", due)
	}
	s.age(patience.Running + time.Second)
	if due := s.take("alpha"); len(due) != 1 || due[0].JobID != j.ID {
		t.Errorf("taken %+v", due)
	}
}
