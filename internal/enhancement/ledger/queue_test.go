package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func exec(t *testing.T, db *postgrestest.Database, statement string, args ...any) {
	t.Helper()
	if _, err := db.Admin.Exec(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// failedJobs are n jobs of the tenant that failed, the oldest first.
func failedJobs(t *testing.T, l *ledger.Ledger, db *postgrestest.Database, tenantID string, n int) []enhancement.Job {
	t.Helper()
	jobs := make([]enhancement.Job, n)
	for i := range jobs {
		jobs[i] = enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: strconv.Itoa(i + 1)}, "c")
		if _, err := l.AcceptQueued(t.Context(), jobs[i]); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `UPDATE enhancement_history SET status = 'failed', failure_reason = 'example', finished_at = now(),
			received_at = now() - make_interval(hours => $2) WHERE job_id = $1`, jobs[i].ID, n-i)
	}
	return jobs
}

func withNothing(context.Context, postgres.Tx, []enhancement.Job) error { return nil }

func ticketsOf(jobs []enhancement.Job) (tickets []string) {
	for i := range jobs {
		tickets = append(tickets, jobs[i].Ticket.ID)
	}
	return tickets
}

func TestPartsOfASelectionAreBegunAnewInOrder(t *testing.T) {
	l, db := newLedgerWithin(t)
	failed := failedJobs(t, l, db, "alpha", 5)
	failedJobs(t, l, db, "beta", 2)
	exec(t, db, `INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, duration_ms) VALUES ('alpha', $1, 'doc_search', 'ok', 1)`, failed[0].ID)
	exec(t, db, `UPDATE enhancement_history SET held_since = now(), blamed = 2, trouble = 'x', trouble_at = now() WHERE job_id = $1`, failed[0].ID)
	var seen []string
	some := ledger.Some{Limit: 2}
	for part := 0; ; part++ {
		jobs, next, err := l.RetrySome(t.Context(), "alpha", ledger.Selection{}, some, func(_ context.Context, _ postgres.Tx, jobs []enhancement.Job) error {
			seen = append(seen, ticketsOf(jobs)...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if next == nil {
			if part != 3 || len(jobs) != 0 {
				t.Errorf("it ended after %d parts with %d jobs", part, len(jobs))
			}
			break
		}
		some.After = *next
	}
	if fmt.Sprint(seen) != "[1 2 3 4 5]" {
		t.Errorf("begun anew in the order %v", seen)
	}
	again, err := l.Job(t.Context(), "alpha", failed[0].ID)
	if err != nil || again.Status != enhancement.StatusPending || again.Run != 2 || again.FirstRun != 2 || again.Trouble != "" || !again.HeldSince.IsZero() {
		t.Errorf("begun anew: %+v, %v", again, err)
	}
	if steps, err := l.Steps(t.Context(), "alpha", failed[0].ID); err != nil || len(steps) != 0 {
		t.Errorf("%d steps of the run before are kept, %v", len(steps), err)
	}
	// They wait for their turn in their old order.
	admitted, err := l.Admit(t.Context(), "alpha", 2, 10)
	if err != nil || len(admitted) != 2 {
		t.Fatalf("admitted %+v, %v", admitted, err)
	}
	if got := map[string]bool{admitted[0].TicketID: true, admitted[1].TicketID: true}; !got["1"] || !got["2"] || admitted[0].Run != 2 {
		t.Errorf("admitted %+v", admitted)
	}
	if of, err := l.Tally(t.Context(), "beta", ledger.Selection{States: []enhancement.QueueState{enhancement.QueueFailed}}); err != nil || of.Jobs != 2 {
		t.Errorf("of beta %+v, %v", of, err)
	}
}

func TestManyOperatorsBeginEachJobAnewOnce(t *testing.T) {
	l, db := newLedgerWithin(t)
	failedJobs(t, l, db, "alpha", 30)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		begun int
	)
	for range 4 {
		wg.Go(func() {
			for some := (ledger.Some{Limit: 7}); ; {
				jobs, next, err := l.RetrySome(t.Context(), "alpha", ledger.Selection{}, some, withNothing)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				begun += len(jobs)
				mu.Unlock()
				if next == nil {
					return
				}
				some.After = *next
			}
		})
	}
	wg.Wait()
	if begun != 30 {
		t.Errorf("%d were begun anew", begun)
	}
}

func TestWhatGoesWithAChangeUndoesIt(t *testing.T) {
	l, db := newLedgerWithin(t)
	failed := failedJobs(t, l, db, "alpha", 1)[0]
	example := errors.New("example")
	_, _, err := l.RetrySome(t.Context(), "alpha", ledger.Selection{}, ledger.Some{Limit: 9}, func(context.Context, postgres.Tx, []enhancement.Job) error { return example })
	if !errors.Is(err, example) {
		t.Errorf("the error is %v", err)
	}
	if got, err := l.Job(t.Context(), "alpha", failed.ID); err != nil || got.Status != enhancement.StatusFailed {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOnlyWhatWaitsIsDropped(t *testing.T) {
	l := newLedger(t)
	waiting := job()
	accept(t, l, waiting) // its message is on the way
	running := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1002"}, "c")
	if _, err := l.AcceptQueued(t.Context(), running); err != nil {
		t.Fatal(err)
	}
	if admitted, err := l.Admit(t.Context(), "alpha", 1, 1); err != nil || len(admitted) != 1 {
		t.Fatalf("%+v, %v", admitted, err)
	}
	everything := ledger.Selection{States: []enhancement.QueueState{enhancement.QueueWaiting, enhancement.QueueHeld}}
	jobs, _, err := l.DropSome(t.Context(), "alpha", everything, ledger.Some{Limit: 9}, "dropped: \u202eexample", withNothing)
	if err != nil || len(jobs) != 1 || jobs[0].ID != waiting.ID || jobs[0].FailureReason != "dropped: example" || jobs[0].FinishedAt.IsZero() {
		t.Errorf("dropped %+v, %v", jobs, err)
	}
	// Its message finds it ended, and its event begins it anew.
	if c, err := l.Queued(t.Context(), "alpha", waiting.ID); err != nil || c.Status != enhancement.StatusFailed {
		t.Errorf("%+v, %v", c, err)
	}
	if a, err := l.Accept(t.Context(), waiting); err != nil || !a.Fresh {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestReleaseHasWhatIsDeadTriedAtOnce(t *testing.T) {
	l, db := newLedgerWithin(t)
	held := job()
	if _, err := l.AcceptQueued(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "UPDATE enhancement_history SET held_for = 'servicedesk', held_since = now()")
	for _, tenantID := range []string{"alpha", "beta"} {
		exec(t, db, `INSERT INTO dependency_outages (tenant_id, dependency, since, probe_after) VALUES ($1, 'servicedesk', now(), now() + interval '1 hour')`, tenantID)
	}
	if admitted, err := l.Admit(t.Context(), "alpha", 1, 1); err != nil || len(admitted) != 0 {
		t.Fatalf("admitted too early: %+v, %v", admitted, err)
	}
	told := 0
	with := func(context.Context, postgres.Tx, []string) error { told++; return nil }
	if released, err := l.Release(t.Context(), "alpha", ledger.Selection{TicketID: "9"}, with); err != nil || len(released) != 0 || told != 0 {
		t.Errorf("of no job: %v, %v", released, err)
	}
	if released, err := l.Release(t.Context(), "alpha", ledger.Selection{}, with); err != nil || fmt.Sprint(released) != "[servicedesk]" || told != 1 {
		t.Errorf("released %v, %v", released, err)
	}
	if admitted, err := l.Admit(t.Context(), "alpha", 1, 1); err != nil || len(admitted) != 1 {
		t.Errorf("admitted %+v, %v", admitted, err)
	}
	var later bool
	if err := db.Admin.QueryRow(t.Context(), "SELECT probe_after > now() FROM dependency_outages WHERE tenant_id = 'beta'").Scan(&later); err != nil || !later {
		t.Errorf("beta's is tried, too: %v", err)
	}
}

func TestUndelivered(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	if c, err := l.Undelivered(t.Context(), "alpha", j.ID, "the database\x00 was down"); err != nil || c.Status != enhancement.StatusPending {
		t.Fatalf("%+v, %v", c, err)
	}
	got, err := l.Job(t.Context(), "alpha", j.ID)
	if err != nil || got.Trouble != "the database was down" || time.Since(got.TroubleAt) > time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	// It waits for its turn all the same.
	if admitted, err := l.Admit(t.Context(), "alpha", 1, 1); err != nil || len(admitted) != 1 {
		t.Fatalf("admitted %+v, %v", admitted, err)
	}
	if c, err := l.Undelivered(t.Context(), "alpha", j.ID, " "); err != nil || c.Status != enhancement.StatusRunning {
		t.Errorf("of a job that runs: %+v, %v", c, err)
	}
	if _, err := l.Fail(t.Context(), "alpha", j.ID, 1, "example"); err != nil {
		t.Fatal(err)
	}
	if again, err := l.Retry(t.Context(), "alpha", j.ID, func(context.Context, postgres.Tx, enhancement.Job) error { return nil }); err != nil || again.Trouble != "" || !again.TroubleAt.IsZero() {
		t.Errorf("begun anew: %+v, %v", again, err)
	}
	for _, tenantID := range []string{"beta", "nobody"} {
		if _, err := l.Undelivered(t.Context(), tenantID, j.ID, "x"); !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("of %s: %v", tenantID, err)
		}
	}
}
