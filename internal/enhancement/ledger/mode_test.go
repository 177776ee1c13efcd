package ledger_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// turn switches alpha.
func (d *desk) turn(mode tenant.Mode) {
	d.t.Helper()
	_, err := d.admin.Exec(d.t.Context(), `UPDATE tenant_configs SET enhancement_prefs = jsonb_build_object('mode', $1::text) WHERE tenant_id = 'alpha'`, string(mode))
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) withhold(id string, run int, mode tenant.Mode) bool {
	d.t.Helper()
	ended, err := d.Withhold(d.t.Context(), ledger.Withholding{
		TenantID: "alpha", JobID: id, Run: run, Mode: mode, Degraded: []string{"doc_search"},
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Detail: "withheld"},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return ended
}

func TestTheModeIsThatOfTheDatabase(t *testing.T) {
	d := newDesk(t)
	for stored, want := range map[tenant.Mode]tenant.Mode{
		"": tenant.ModeLive, tenant.ModeLive: tenant.ModeLive, tenant.ModeShadow: tenant.ModeShadow, tenant.ModeOff: tenant.ModeOff,
		"example-later": tenant.ModeShadow,
	} {
		d.turn(stored)
		if mode, err := d.NoteMode(t.Context(), "alpha"); err != nil || mode != want {
			t.Errorf("%q is read as %q, %v; want %q", stored, mode, err, want)
		}
	}
	if mode, err := d.NoteMode(t.Context(), "beta"); err != nil || mode != tenant.ModeLive {
		t.Errorf("another tenant's mode: %q, %v", mode, err)
	}
	if _, err := d.NoteMode(t.Context(), "nobody"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("of no tenant: %v", err)
	}
}

// The mode that counts is the one that is committed when a write is announced, whatever it was when the note was held.
func TestAWriteIsAnnouncedWhereNotesAreLiveAlone(t *testing.T) {
	d := newDesk(t)
	for mode, live := range map[tenant.Mode]bool{tenant.ModeLive: true, tenant.ModeShadow: false, tenant.ModeOff: false} {
		d.turn(tenant.ModeLive)
		if held, err := d.HoldNote(t.Context(), "alpha", "1001", holderA, time.Minute); err != nil || held.Mode != tenant.ModeLive {
			t.Fatalf("held %+v, %v", held, err)
		}
		d.turn(mode)
		err := d.IntendNote(t.Context(), writer(t, d.Ledger, holderA), "of "+string(mode))
		switched, refused := errors.AsType[*ledger.NotLiveError](err)
		if live != (err == nil) || refused && switched.Mode != mode || !live && !refused {
			t.Errorf("%s: %v", mode, err)
		}
		held, err := d.HoldNote(t.Context(), "alpha", "1001", holderA, time.Minute)
		if err != nil || held.Mode != mode || slices.Contains(held.Others, "of "+string(mode)) != live {
			t.Errorf("%s: held %+v, %v", mode, held, err)
		}
	}
	if err := d.IntendNote(t.Context(), writer(t, d.Ledger, holderB), "digest"); !errors.Is(err, ledger.ErrNoteBusy) {
		t.Errorf("of another's note: %v", err)
	}
}

func TestAWithheldNoteEndsItsRunAlone(t *testing.T) {
	d := newDesk(t)
	id := d.hint(enhancement.EventCreated).JobID
	run := d.claim(id).Run
	if d.withhold(id, run+1, tenant.ModeShadow) {
		t.Error("the run of another was ended")
	}
	if !d.withhold(id, run, tenant.ModeShadow) || d.withhold(id, run, tenant.ModeOff) {
		t.Error("it was not ended once")
	}
	j := d.job(id)
	if j.Status != enhancement.StatusCompleted || j.Withheld != tenant.ModeShadow || j.NoteID != "" || j.FinishedAt.IsZero() ||
		!slices.Equal(j.Degraded, []string{"doc_search"}) {
		t.Errorf("job %+v", j)
	}
	// A write that had begun before the switch gets its answer after all: the note stands, and the books say so.
	d.complete(id)
	if j := d.job(id); j.NoteID == "" || j.Withheld != "" {
		t.Errorf("job %+v", j)
	}
	failed := d.hint(enhancement.EventUpdated).JobID
	d.claim(failed)
	d.fail(failed)
	if d.withhold(failed, 1, tenant.ModeShadow) {
		t.Error("a job that has failed was ended anew")
	}
}

// A withheld job whose event comes again, later, is begun anew like others, and nothing says any more that it was withheld.
func TestAWithheldJobIsBegunAnew(t *testing.T) {
	d := newDesk(t)
	first := enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: "one"}, "c")
	accept(t, d.Ledger, first)
	d.claim(first.ID)
	d.withhold(first.ID, 1, tenant.ModeShadow)
	if a, err := d.Accept(t.Context(), first); err != nil || a.Fresh {
		t.Errorf("the same event again: %+v, %v", a, err)
	}
	accept(t, d.Ledger, enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: "two"}, "c"))
	accept(t, d.Ledger, first) // the ticket has returned to its text
	if j := d.job(first.ID); j.Withheld != "" || j.Run != 2 {
		t.Errorf("job %+v", j)
	}
	d.claim(first.ID)
	d.complete(first.ID)
	if j := d.job(first.ID); j.Withheld != "" || j.NoteID == "" {
		t.Errorf("job %+v", j)
	}
}

// That nothing has changed since a job whose note nobody saw is no reason to post none; as long as the mode is the same, it is no
// reason to make another.
func TestNothingNewSinceAWithheldNote(t *testing.T) {
	d := newDesk(t)
	d.turn(tenant.ModeShadow)
	first := d.hint(enhancement.EventCreated).JobID
	if d.fetch(first, "text") {
		t.Fatal("the first has nothing to do")
	}
	d.withhold(first, 1, tenant.ModeShadow)
	again := d.hint(enhancement.EventUpdated).JobID
	if !d.fetch(again, "text") {
		t.Error("in the same mode it is made again")
	}
	if j := d.job(again); j.Withheld != tenant.ModeShadow || j.NoteID != "" || j.Status != enhancement.StatusCompleted {
		t.Errorf("job %+v", j)
	}
	d.turn(tenant.ModeLive)
	live := d.hint(enhancement.EventUpdated).JobID
	if d.fetch(live, "text") {
		t.Error("nothing is posted, for a note that nobody saw says the same")
	}
}

func TestWhatNobodyWantsIsEnded(t *testing.T) {
	d := newDesk(t)
	step := enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Detail: "off"}
	end := func(id string, run int, want ledger.Unwanted) {
		t.Helper()
		if got, err := d.EndUnwanted(t.Context(), "alpha", id, run, step); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	id := d.hint(enhancement.EventCreated).JobID
	d.claim(id)
	for _, mode := range []tenant.Mode{tenant.ModeLive, tenant.ModeShadow} {
		d.turn(mode)
		end(id, 1, ledger.Unwanted{Event: enhancement.EventCreated})
	}
	d.turn(tenant.ModeOff)
	end(id, 2, ledger.Unwanted{Ended: true, Event: enhancement.EventCreated}) // a run that is not that of the books
	if j := d.job(id); j.Status != enhancement.StatusRunning {
		t.Errorf("job %+v", j)
	}
	end(id, 1, ledger.Unwanted{Ended: true, Now: true, Event: enhancement.EventCreated})
	end(id, 1, ledger.Unwanted{Ended: true, Event: enhancement.EventCreated})
	d.turn(tenant.ModeLive)
	end(id, 1, ledger.Unwanted{Ended: true, Event: enhancement.EventCreated})
	if j := d.job(id); j.Withheld != tenant.ModeOff || j.NoteID != "" {
		t.Errorf("job %+v", j)
	}
	if _, err := d.EndUnwanted(t.Context(), "alpha", "5b1f5b5c-7a3e-4b52-9d2e-0a4b6a0b4c11", 1, step); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("of no job: %v", err)
	}
}

// While the server is dead, jobs that do without it are admitted: all where notes are off; in shadow mode those whose ticket is known.
// The others wait, and try it one at a time.
func TestJobsThatDoWithoutADeadServer(t *testing.T) {
	for mode, atOnce := range map[tenant.Mode]int{tenant.ModeLive: 0, tenant.ModeShadow: 3, tenant.ModeOff: 5} {
		s := newSwept(t)
		s.die()
		for _, ticketID := range []string{"8", "9"} {
			if _, err := s.AcceptQueued(t.Context(), enhancement.NewRefetch("alpha", enhancement.EventCreated, ticketID, "c")); err != nil {
				t.Fatal(err)
			}
		}
		s.exec(`UPDATE tenant_configs SET enhancement_prefs = jsonb_build_object('mode', $1::text) WHERE tenant_id = 'alpha'`, string(mode))
		if jobs := s.admit("alpha", 10, 10); len(jobs) != atOnce {
			t.Errorf("%s: %d are admitted, want %d", mode, len(jobs), atOnce)
		}
		s.pass(time.Minute)
		trying := s.admit("alpha", 10, 10)
		switch {
		case mode == tenant.ModeOff && len(trying) != 0:
			t.Errorf("%s: %+v is left", mode, trying)
		case mode != tenant.ModeOff && (len(trying) != 1 || mode == tenant.ModeShadow && !trying[0].Refetch):
			t.Errorf("%s: %+v try the server", mode, trying)
		}
	}
}

func TestWithheldJobsAreListed(t *testing.T) {
	t.Parallel()
	store, l := many(t, 20_000)
	admin := store.Database.Admin
	if _, err := admin.Exec(t.Context(), `UPDATE enhancement_history SET withheld = CASE WHEN ticket_id::int % 4 = 0 THEN 'off' ELSE 'shadow' END
		WHERE ticket_id::int % 2 = 0 AND status = 'completed' AND tenant_id = 'alpha'`); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(t.Context(), "VACUUM ANALYZE enhancement_history"); err != nil {
		t.Fatal(err)
	}
	page := ledger.List{Limit: 50, Withheld: tenant.ModeShadow}
	seen := 0
	for {
		jobs, err := l.List(t.Context(), "alpha", page)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			if ticketID, err := strconv.Atoi(j.Ticket.ID); err != nil || ticketID%4 != 2 || j.Withheld != tenant.ModeShadow {
				t.Fatalf("%+v was not asked for", j)
			}
		}
		if seen += len(jobs); len(jobs) < page.Limit {
			break
		}
		last := jobs[len(jobs)-1]
		page.Before = ledger.Position{ReceivedAt: last.ReceivedAt, JobID: last.ID}
	}
	var want int
	if err := admin.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history WHERE withheld = 'shadow'").Scan(&want); err != nil || seen != want || want == 0 {
		t.Errorf("%d are listed of %d, %v", seen, want, err)
	}
	page.Before = ledger.Position{}
	if kinds := planOf(t, store.Database, page); slices.Contains(kinds, "Seq Scan") || slices.Contains(kinds, "Sort") {
		t.Errorf("the list is planned as %q", kinds)
	}
}
