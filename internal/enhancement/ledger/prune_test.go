package ledger_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const kept = 400 * 24 * time.Hour

// ended puts a job of alpha into the ledger that ended so many days ago with a note, and whose workflow is gone.
func ended(t *testing.T, l *ledger.Ledger, db *postgrestest.Database, ticketID, text string, days int) enhancement.Job {
	t.Helper()
	j := enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: ticketID, Description: text}, "c")
	if _, err := l.AcceptQueued(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	const holder = "0f8fad5b-d9cb-469f-a165-70867728950e"
	if _, err := l.HoldNote(t.Context(), "alpha", ticketID, holder, time.Minute); err != nil {
		t.Fatal(err)
	}
	done := ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: ticketID, NoteID: "337",
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}
	if err := l.Complete(t.Context(), done, holder); err != nil {
		t.Fatal(err)
	}
	call := enhancement.LLMCall{Model: "example", CalledAt: time.Now()}
	if err := l.RecordStep(t.Context(), "alpha", j.ID, enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}, call); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "UPDATE enhancement_history SET purged_run = run, finished_at = now() - make_interval(days => $2) WHERE job_id = $1", j.ID, days)
	exec(t, db, `UPDATE ticket_notes SET updated_at = now() - make_interval(days => $2) WHERE ticket_id = $1`, ticketID, days)
	return j
}

func rows(t *testing.T, db *postgrestest.Database) (counts [4]int) {
	t.Helper()
	err := db.Admin.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM enhancement_history), (SELECT count(*) FROM enhancement_steps),
		(SELECT count(*) FROM llm_calls), (SELECT count(*) FROM ticket_notes)`).Scan(&counts[0], &counts[1], &counts[2], &counts[3])
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func TestOldJobsGoWithAllThatHangsOnThem(t *testing.T) {
	l, db := newLedgerWithin(t)
	ended(t, l, db, "1", "a", 401)
	young := ended(t, l, db, "2", "a", 399)
	again := ended(t, l, db, "3", "a", 401) // its ticket has a young job, too
	ended(t, l, db, "3", "b", 399)
	unpurged := ended(t, l, db, "4", "a", 401)
	exec(t, db, "UPDATE enhancement_history SET purged_run = 0 WHERE job_id = $1", unpurged.ID)
	waiting := job()
	accept(t, l, waiting)
	exec(t, db, "UPDATE enhancement_history SET received_at = now() - interval '500 days' WHERE job_id = $1", waiting.ID)

	if tenants, err := l.Prunable(t.Context(), kept); err != nil || len(tenants) != 1 || tenants[0] != "alpha" {
		t.Errorf("tenants %v, %v", tenants, err)
	}
	if n, err := l.PruneSome(t.Context(), "beta", kept, 10); err != nil || n != 0 {
		t.Errorf("of beta %d, %v", n, err)
	}
	if n, err := l.PruneSome(t.Context(), "alpha", kept, 10); err != nil || n != 2 {
		t.Errorf("removed %d, %v", n, err)
	}
	// Left: the young one, that of ticket 3, the unpurged and the waiting one; notes of tickets 2, 3 and 4.
	if got := rows(t, db); got != [4]int{4, 6, 3, 3} {
		t.Errorf("rows left: %v", got)
	}
	for _, j := range []enhancement.Job{young, unpurged, waiting} {
		if known, err := l.Known(t.Context(), "alpha", j.ID); err != nil || !known {
			t.Errorf("job of ticket %s is gone, %v", j.Ticket.ID, err)
		}
	}
	if known, err := l.Known(t.Context(), "alpha", again.ID); err != nil || known {
		t.Errorf("the old job of a ticket with a young one stays, %v", err)
	}
	if tenants, err := l.Prunable(t.Context(), kept); err != nil || len(tenants) != 0 {
		t.Errorf("then tenants %v, %v", tenants, err)
	}
}

// Somebody is about to write a note for a new job: what is known of the ticket's note stays.
func TestANoteThatIsBeingWrittenIsNotForgotten(t *testing.T) {
	l, db := newLedgerWithin(t)
	ended(t, l, db, "1", "a", 401)
	if _, err := l.HoldNote(t.Context(), "alpha", "1", "5b1f5b5c-7a3e-4b52-9d2e-0a4b6a0b4c11", time.Minute); err != nil {
		t.Fatal(err)
	}
	if n, err := l.PruneSome(t.Context(), "alpha", kept, 10); err != nil || n != 1 {
		t.Errorf("removed %d, %v", n, err)
	}
	if got := rows(t, db); got != [4]int{0, 0, 0, 1} {
		t.Errorf("rows left: %v", got)
	}
}

func TestManyReplicasPruneTogether(t *testing.T) {
	l, db := newLedgerWithin(t)
	for i := range 40 {
		ended(t, l, db, strconv.Itoa(i), "a", 401)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total int
	)
	for range 4 {
		wg.Go(func() {
			for range 10 {
				n, err := l.PruneSome(t.Context(), "alpha", kept, 5)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total += n
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := rows(t, db); total != 40 || got != [4]int{} {
		t.Errorf("%d were removed, %v are left", total, got)
	}
}
