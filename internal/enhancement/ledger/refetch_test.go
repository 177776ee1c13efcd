package ledger_test

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// desk accepts, claims and ends jobs of alpha's ticket 1001.
type desk struct {
	*ledger.Ledger

	t     *testing.T
	admin *pgxpool.Pool
	notes int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	l, database := newLedgerWithin(t)
	return &desk{Ledger: l, t: t, admin: database.Admin}
}

func (d *desk) hint(event enhancement.Event) ledger.Accepted {
	d.t.Helper()
	a, err := d.Accept(d.t.Context(), enhancement.NewRefetch("alpha", event, "1001", "c"))
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *desk) claim(id string) ledger.Found {
	d.t.Helper()
	c, err := ledgertest.Claim(d.t.Context(), d.Ledger, "alpha", id)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// fetch claims a job and gives it the text; it returns whether there was nothing to do.
func (d *desk) fetch(id, description string) bool {
	d.t.Helper()
	run := d.claim(id).Run
	unchanged, err := d.Fetched(d.t.Context(), "alpha", id, run, ticket.Ticket{Subject: "Printer", Description: description, Priority: "High"})
	if err != nil {
		d.t.Fatal(err)
	}
	return unchanged
}

func (d *desk) complete(id string) {
	d.t.Helper()
	d.notes++
	err := d.Complete(d.t.Context(), ledger.Completion{
		TenantID: "alpha", JobID: id, TicketID: "1001", Run: d.job(id).Run, NoteID: "note-" + strconv.Itoa(d.notes), Degraded: []string{"doc_search"},
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}, "0f8fad5b-d9cb-469f-a165-70867728950e")
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) fail(id string) {
	d.t.Helper()
	if _, err := d.Fail(d.t.Context(), "alpha", id, 1, "example"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) job(id string) enhancement.Job {
	d.t.Helper()
	j, err := d.Job(d.t.Context(), "alpha", id)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

func TestUpdatesJoinAJobThatHasNotBegun(t *testing.T) {
	d := newDesk(t)
	first := d.hint(enhancement.EventUpdated)
	if !first.Fresh || first.Status != enhancement.StatusPending || !d.job(first.JobID).Refetch {
		t.Fatalf("the first: %+v", first)
	}
	for range 3 {
		if again := d.hint(enhancement.EventUpdated); again.JobID != first.JobID || again.Fresh || again.Status != enhancement.StatusPending {
			t.Errorf("while it waits: %+v", again)
		}
	}
	if c := d.claim(first.JobID); !c.Refetch || c.Run != 1 {
		t.Errorf("claimed %+v", c)
	}
	// It may have read the ticket already: what happens from now on needs another.
	second := d.hint(enhancement.EventUpdated)
	if second.JobID == first.JobID || !second.Fresh {
		t.Errorf("while it runs: %+v", second)
	}
	d.complete(second.JobID)
	if third := d.hint(enhancement.EventUpdated); third.JobID == second.JobID || !third.Fresh {
		t.Errorf("after it has ended: %+v", third)
	}
}

func TestUpdatesDoNotJoinAnOlderJob(t *testing.T) {
	d := newDesk(t)
	waiting := d.hint(enhancement.EventUpdated)
	signed := enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: "another"}, "c")
	accept(t, d.Ledger, signed)
	// The note of the signed one is the newer: the waiting one would give way to it, with all it knows.
	if a := d.hint(enhancement.EventUpdated); a.JobID == waiting.JobID || !a.Fresh {
		t.Errorf("joined a job whose note will not be written: %+v", a)
	}
}

func TestUpdatesAtOnceAreAllDone(t *testing.T) {
	d := newDesk(t)
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		ids = map[string]bool{}
	)
	for range 16 {
		wg.Go(func() {
			a, err := d.Accept(t.Context(), enhancement.NewRefetch("alpha", enhancement.EventUpdated, "1001", "c"))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			ids[a.JobID] = true
		})
	}
	wg.Wait()
	for id := range ids {
		if j := d.job(id); j.Status != enhancement.StatusPending {
			t.Errorf("a sender was told of job %s, which is %s", id, j.Status)
		}
	}
}

func TestACreatedTicketIsFetchedOnce(t *testing.T) {
	d := newDesk(t)
	signed := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001", Description: "d"}, "c")
	first := d.hint(enhancement.EventCreated)
	if first.JobID != signed.ID || !first.Fresh {
		t.Errorf("the job of a created ticket is %+v, want %s", first, signed.ID)
	}
	if again := d.hint(enhancement.EventCreated); again.Fresh || again.JobID != first.JobID {
		t.Errorf("again: %+v", again)
	}
	// An update of a ticket that is yet to be fetched needs no job of its own.
	if a := d.hint(enhancement.EventUpdated); a.JobID != first.JobID {
		t.Errorf("an update before the fetch: %+v", a)
	}
	d.fetch(first.JobID, "text")
	d.complete(first.JobID)
	if again := d.hint(enhancement.EventCreated); again.Fresh || again.Status != enhancement.StatusCompleted {
		t.Errorf("after it was done: %+v", again)
	}
}

func TestAFailedJobIsBegunAnewAsItsSenderIsBelieved(t *testing.T) {
	d := newDesk(t)
	id := d.hint(enhancement.EventCreated).JobID
	d.claim(id)
	d.fail(id)
	accept(t, d.Ledger, enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001", Description: "signed"}, "c"))
	if c := d.claim(id); c.Refetch || c.Run != 2 || d.job(id).Ticket.Description != "signed" {
		t.Errorf("after a signed retry: %+v", c)
	}
}

func TestAnUpdateThatChangedNothingEndsThere(t *testing.T) {
	d := newDesk(t)
	created := d.hint(enhancement.EventCreated).JobID
	if d.fetch(created, "one") {
		t.Fatal("the first job has nothing to do")
	}
	got := d.job(created)
	if got.Ticket.Subject != "Printer" || got.Ticket.Description != "one" || got.Ticket.Priority != "High" {
		t.Errorf("fetched, the ledger has %+v", got.Ticket)
	}
	d.complete(created)
	same := d.hint(enhancement.EventUpdated).JobID
	if !d.fetch(same, "one") {
		t.Error("an update that changed nothing is done")
	}
	if j := d.job(same); j.Status != enhancement.StatusCompleted || j.NoteID != "note-1" || len(j.Degraded) != 1 || j.FinishedAt.IsZero() {
		t.Errorf("it ended as %+v", j)
	}
	changed := d.hint(enhancement.EventUpdated).JobID
	if d.fetch(changed, "two") {
		t.Error("an update that changed something is not done")
	}
	if j := d.job(changed); j.Status != enhancement.StatusRunning {
		t.Errorf("it is %s", j.Status)
	}
	d.complete(changed)
	back := d.hint(enhancement.EventUpdated).JobID
	if d.fetch(back, "one") {
		t.Error("the way back to an earlier text is a change, too")
	}
}

// In a flood of forged updates one job does the work; if that one fails, the next does.
func TestOneJobDoesTheWorkForOneText(t *testing.T) {
	d := newDesk(t)
	working := d.hint(enhancement.EventUpdated).JobID
	if d.fetch(working, "one") {
		t.Fatal("nothing to do")
	}
	for range 3 {
		id := d.hint(enhancement.EventUpdated).JobID
		if !d.fetch(id, "one") {
			t.Error("the same text is worked on twice")
		}
		if j := d.job(id); j.Status != enhancement.StatusCompleted || j.NoteID != "" {
			t.Errorf("ended as %+v", j)
		}
	}
	d.fail(working)
	if d.fetch(d.hint(enhancement.EventUpdated).JobID, "one") {
		t.Error("the only job that did the work has failed, and nobody does it")
	}
}

// The workflow of the one that runs may be lost. Its text must not be waited for until somebody notices.
func TestAJobThatRunsForTooLongIsNotGivenWayTo(t *testing.T) {
	d := newDesk(t)
	lost := d.hint(enhancement.EventUpdated).JobID
	d.fetch(lost, "one")
	if _, err := d.admin.Exec(t.Context(), "UPDATE enhancement_history SET started_at = now() - interval '6 minutes'"); err != nil {
		t.Fatal(err)
	}
	if d.fetch(d.hint(enhancement.EventUpdated).JobID, "one") {
		t.Error("nobody does the work")
	}
}

// Of two that fetch at the same time, the later one gives way to the earlier, and not each to the other.
func TestTwoJobsDoNotBothGiveWay(t *testing.T) {
	d := newDesk(t)
	earlier := d.hint(enhancement.EventUpdated).JobID
	d.claim(earlier)
	later := d.hint(enhancement.EventUpdated).JobID
	if d.fetch(later, "one") {
		t.Error("the later one gives way to one that has not fetched yet")
	}
	if d.fetch(earlier, "one") {
		t.Error("the earlier one gives way to the later")
	}
}

// The start of its workflow got no answer, so it was put back; the workflow runs all the same.
func TestAJobThatWaitsAgainRunsWhenItHasFetched(t *testing.T) {
	d := newDesk(t)
	id := d.hint(enhancement.EventUpdated).JobID
	d.claim(id)
	if err := d.Readmit(t.Context(), "alpha", id, 1); err != nil {
		t.Fatal(err)
	}
	// It may be fetching at this moment.
	if a := d.hint(enhancement.EventUpdated); a.JobID == id {
		t.Error("an update joins a job that has been started")
	}
	if d.fetch(id, "one") {
		t.Error("it gives way to nobody")
	}
	if got := d.job(id); got.Status != enhancement.StatusRunning || got.StartedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	// What happens now, it has not seen.
	if a := d.hint(enhancement.EventUpdated); a.JobID == id {
		t.Error("an update joins a job that has fetched its ticket")
	}
	if jobs, err := d.Admit(t.Context(), "alpha", 10, 10); err != nil || len(jobs) != 0 {
		t.Errorf("admitted %+v, %v", jobs, err)
	}
}

func TestARunThatIsOverGetsNoText(t *testing.T) {
	d := newDesk(t)
	id := d.hint(enhancement.EventCreated).JobID
	d.claim(id)
	for name, run := range map[string]int{"another run": 2, "failed": 1} {
		if name == "failed" {
			d.fail(id)
		}
		if _, err := d.Fetched(t.Context(), "alpha", id, run, ticket.Ticket{Subject: "s"}); !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.Fetched(t.Context(), "beta", id, 1, ticket.Ticket{Subject: "s"}); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("another tenant: %v", err)
	}
	if got := d.job(id).Ticket.Subject; got != "" {
		t.Errorf("the subject is %q", got)
	}
}

// The people of a fetched ticket are known to the job, and make no difference to whether anything has changed.
func TestFetchedPeople(t *testing.T) {
	d := newDesk(t)
	first := d.hint(enhancement.EventCreated).JobID
	fetch := func(id string, people ...string) bool {
		unchanged, err := d.Fetched(t.Context(), "alpha", id, d.claim(id).Run, ticket.Ticket{Subject: "s", Description: "d", People: people})
		if err != nil {
			t.Fatal(err)
		}
		return unchanged
	}
	if fetch(first, "Jane Example") {
		t.Error("the first ended at once")
	}
	j, err := d.Job(t.Context(), "alpha", first)
	if err != nil || !slices.Equal(j.Ticket.People, []string{"Jane Example"}) {
		t.Errorf("it has %q, %v", j.Ticket.People, err)
	}
	d.complete(first)
	if second := d.hint(enhancement.EventUpdated).JobID; !fetch(second, "Jane Example", "Front Desk") {
		t.Error("another technician is a change")
	}
}
