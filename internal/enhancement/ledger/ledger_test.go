package ledger_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, _ := newLedgerWithin(t)
	return l
}

// newLedgerWithin also gives what lies beneath it.
func newLedgerWithin(t *testing.T) (*ledger.Ledger, *postgrestest.Database) {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		store.Save(t, id)
	}
	return ledger.New(store.DB), store.Database
}

func job() enhancement.Job {
	return enhancement.New("alpha", enhancement.EventCreated,
		ticket.Ticket{ID: "1001", Subject: "Printer", Description: "It is on fire", Priority: "High", People: []string{"Jane Example", "Front Desk"}}, "example-correlation")
}

func accept(t *testing.T, l *ledger.Ledger, j enhancement.Job) {
	t.Helper()
	if a, err := l.Accept(t.Context(), j); err != nil || !a.Fresh || a.Status != enhancement.StatusPending {
		t.Fatalf("accept: %+v, %v", a, err)
	}
}

func TestTheWayOfAJob(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	if a, err := l.Accept(t.Context(), j); err != nil || a.Fresh || a.Status != enhancement.StatusPending {
		t.Errorf("the same job again: %+v, %v", a, err)
	}
	for range 2 { // delivered twice
		if c, err := ledgertest.Claim(t.Context(), l, "alpha", j.ID); err != nil || c.Status != enhancement.StatusRunning || c.Run != 1 {
			t.Errorf("claim: %+v, %v", c, err)
		}
	}
	const holder = "0f8fad5b-d9cb-469f-a165-70867728950e"
	if held, err := l.HoldNote(t.Context(), "alpha", "1001", holder, time.Minute); err != nil || cmp.Diff(ledger.HeldNote{Mode: tenant.ModeLive}, held, cmpopts.EquateEmpty()) != "" {
		t.Errorf("hold: %+v, %v", held, err)
	}
	received := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	done := ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: "1001", NoteID: "337", ReceivedAt: received, Degraded: []string{"doc_search"},
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Duration: 42 * time.Millisecond},
	}
	if err := l.Complete(t.Context(), done, holder); err != nil {
		t.Fatal(err)
	}
	got, err := l.Job(t.Context(), "alpha", j.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := j
	want.Status, want.NoteID, want.Degraded = enhancement.StatusCompleted, "337", []string{"doc_search"}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
		t.Error(diff)
	}
	if got.ReceivedAt.IsZero() || got.StartedAt.Before(got.ReceivedAt) || got.FinishedAt.Before(got.StartedAt) {
		t.Errorf("times out of order: %v, %v, %v", got.ReceivedAt, got.StartedAt, got.FinishedAt)
	}
	if c, err := ledgertest.Claim(t.Context(), l, "alpha", j.ID); err != nil || c.Status != enhancement.StatusCompleted {
		t.Errorf("claim of a completed job: %+v, %v", c, err)
	}
	held, err := l.HoldNote(t.Context(), "alpha", "1001", "5b1f5b5c-7a3e-4b52-9d2e-0a4b6a0b4c11", time.Minute)
	if err != nil || held.ID != "337" || !held.WrittenFor.Equal(received) {
		t.Errorf("the next writer learns of %+v, %v", held, err)
	}
	if a, err := l.Accept(t.Context(), j); err != nil || a.Fresh || a.Status != enhancement.StatusCompleted {
		t.Errorf("a completed job's event again: %+v, %v", a, err)
	}
}

func TestConcurrentDeliveriesMakeOneRow(t *testing.T) {
	l := newLedger(t)
	const senders = 16
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		inserted int
	)
	for range senders {
		wg.Go(func() {
			a, err := l.Accept(t.Context(), job())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if a.Fresh {
				inserted++
			}
		})
	}
	wg.Wait()
	if inserted != 1 {
		t.Errorf("%d senders were told that the job is new, want 1", inserted)
	}
}

func TestWithdraw(t *testing.T) {
	for name, c := range map[string]struct {
		before func(t *testing.T, l *ledger.Ledger, j enhancement.Job)
		want   bool
	}{
		"pending": {func(*testing.T, *ledger.Ledger, enhancement.Job) {}, true},
		"claimed": {func(t *testing.T, l *ledger.Ledger, j enhancement.Job) {
			t.Helper()
			if _, err := ledgertest.Claim(t.Context(), l, j.TenantID, j.ID); err != nil {
				t.Fatal(err)
			}
		}, false},
		"confirmed": {func(t *testing.T, l *ledger.Ledger, j enhancement.Job) {
			t.Helper()
			if err := l.Confirm(t.Context(), j.TenantID, j.ID); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			j := job()
			accept(t, l, j)
			c.before(t, l, j)
			if got, err := l.Withdraw(t.Context(), "alpha", j.ID); err != nil || got != c.want {
				t.Errorf("withdrawn %t, %v; want %t", got, err, c.want)
			}
			_, err := l.Job(t.Context(), "alpha", j.ID)
			if c.want != errors.Is(err, enhancement.ErrNotFound) {
				t.Errorf("afterwards the ledger says %v", err)
			}
			if !c.want {
				return
			}
			if err := l.Confirm(t.Context(), "alpha", j.ID); !errors.Is(err, enhancement.ErrNotFound) {
				t.Errorf("a withdrawn job was confirmed: %v", err)
			}
			if _, err := ledgertest.Claim(t.Context(), l, "alpha", j.ID); !errors.Is(err, enhancement.ErrNotFound) {
				t.Errorf("a withdrawn job was claimed: %v", err)
			}
			accept(t, l, j) // the sender's retry is new
		})
	}
}

func TestFail(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	for first := range 2 { // an attempt to record it may be repeated
		if failed, err := l.Fail(t.Context(), "alpha", j.ID, 1, ""); err != nil || failed != (first == 0) {
			t.Fatalf("fail, time %d: %t, %v", first, failed, err)
		}
	}
	got, err := l.Job(t.Context(), "alpha", j.ID)
	if err != nil || got.Status != enhancement.StatusFailed || got.FailureReason == "" || got.FinishedAt.IsZero() {
		t.Errorf("after failing: %+v, %v", got, err)
	}
	// The note turned out to stand: that is what counts, and it is final.
	if err := l.Complete(t.Context(), ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: "1001", NoteID: "1",
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}, "0f8fad5b-d9cb-469f-a165-70867728950e"); err != nil {
		t.Fatal(err)
	}
	if failed, err := l.Fail(t.Context(), "alpha", j.ID, 1, "too late"); err != nil || failed {
		t.Fatalf("failed %t, %v", failed, err)
	}
	if got, err := l.Job(t.Context(), "alpha", j.ID); err != nil || got.Status != enhancement.StatusCompleted || got.FailureReason != "" {
		t.Errorf("a completed job was failed: %+v, %v", got, err)
	}
}

func TestAFailedJobIsBegunAnew(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	step := enhancement.StepRecord{Step: enhancement.StepDocSearch, Outcome: enhancement.OutcomeFailed}
	call := enhancement.LLMCall{Model: "example", CalledAt: time.Now()}
	if err := l.RecordStep(t.Context(), "alpha", j.ID, step, call); err != nil {
		t.Fatal(err)
	}
	if failed, err := l.Fail(t.Context(), "alpha", j.ID, 1, "example"); err != nil || !failed {
		t.Fatalf("failed %t, %v", failed, err)
	}
	accept(t, l, j)
	if c, err := ledgertest.Claim(t.Context(), l, "alpha", j.ID); err != nil || c.Status != enhancement.StatusRunning || c.Run != 2 {
		t.Errorf("claim: %+v, %v", c, err)
	}
	if steps, err := l.Steps(t.Context(), "alpha", j.ID); err != nil || len(steps) != 0 {
		t.Errorf("the new run begins with %v, %v", steps, err)
	}
	if calls, err := l.LLMCalls(t.Context(), "alpha", j.ID); err != nil || len(calls) != 1 {
		t.Errorf("what the first run cost is forgotten: %v, %v", calls, err)
	}
	// The end of the first run arrives late.
	if failed, err := l.Fail(t.Context(), "alpha", j.ID, 1, "late"); err != nil || failed {
		t.Fatalf("failed %t, %v", failed, err)
	}
	got, err := l.Job(t.Context(), "alpha", j.ID)
	if err != nil || got.Status != enhancement.StatusRunning || got.Run != 2 || got.FailureReason != "" {
		t.Errorf("the job is %+v, %v", got, err)
	}
}

func TestWithdrawingALaterRunKeepsTheAccount(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	if failed, err := l.Fail(t.Context(), "alpha", j.ID, 1, "example"); err != nil || !failed {
		t.Fatalf("failed %t, %v", failed, err)
	}
	accept(t, l, j)
	if withdrawn, err := l.Withdraw(t.Context(), "alpha", j.ID); err != nil || !withdrawn {
		t.Errorf("withdrawn %t, %v", withdrawn, err)
	}
	if got, err := l.Job(t.Context(), "alpha", j.ID); err != nil || got.Status != enhancement.StatusFailed {
		t.Errorf("the job is %+v, %v", got, err)
	}
	// Another delivery that joined it has published in vain: the enhancer leaves a failed job.
	if err := l.Confirm(t.Context(), "alpha", j.ID); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("confirmed to another sender: %v, want ErrNotFound", err)
	}
	accept(t, l, j) // and the sender's retry is taken
}

func TestWhatIsToldIsKeptInPart(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	if _, err := l.Fail(t.Context(), "alpha", j.ID, 1, "it said "+strings.Repeat("no ", 100_000)); err != nil {
		t.Fatal(err)
	}
	got, err := l.Job(t.Context(), "alpha", j.ID)
	if err != nil || len(got.FailureReason) > 3_000 || !strings.HasPrefix(got.FailureReason, "it said no") {
		t.Errorf("%d bytes of a reason are kept: %.20s, %v", len(got.FailureReason), got.FailureReason, err)
	}
}

func TestAnUpdateBackToAnEarlierTextIsAnUpdate(t *testing.T) {
	l := newLedger(t)
	update := func(text string) enhancement.Job {
		return enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: text}, "c")
	}
	for _, text := range []string{"one", "two"} {
		j := update(text)
		accept(t, l, j)
		step := enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK}
		done := ledger.Completion{TenantID: "alpha", JobID: j.ID, TicketID: "1001", NoteID: "1", Step: step}
		if err := l.Complete(t.Context(), done, "0f8fad5b-d9cb-469f-a165-70867728950e"); err != nil {
			t.Fatal(err)
		}
		if a, err := l.Accept(t.Context(), j); err != nil || a.Fresh {
			t.Errorf("%s again, with nothing in between: %+v, %v", text, a, err)
		}
	}
	accept(t, l, update("one"))
}

func TestSteps(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	first := enhancement.StepRecord{Step: enhancement.StepDocSearch, Outcome: enhancement.OutcomeFailed, Detail: "no answer", Duration: time.Second}
	second := enhancement.StepRecord{
		Step: enhancement.StepDocSearch, Outcome: enhancement.OutcomeOK,
		Result: json.RawMessage(`{"items": []}`), Duration: 2 * time.Millisecond,
	}
	call := enhancement.LLMCall{
		Model: "example", PromptTokens: 100, CompletionTokens: 20, CostUSD: 0.000123,
		Duration: 800 * time.Millisecond, Error: "overloaded", CalledAt: time.Now(),
	}
	for _, err := range []error{
		l.RecordStep(t.Context(), "alpha", j.ID, first),
		l.RecordStep(t.Context(), "alpha", j.ID, second, call),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	steps, err := l.Steps(t.Context(), "alpha", j.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[enhancement.Step]enhancement.StepRecord{enhancement.StepDocSearch: second}
	if diff := cmp.Diff(want, steps, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
		t.Error(diff)
	}
	calls, err := l.LLMCalls(t.Context(), "alpha", j.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]enhancement.LLMCall{call}, calls, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
		t.Error(diff)
	}
}

// What another system says of a failure is stored, whatever bytes it is made of.
func TestWhatOthersSayIsStoredWithoutHarm(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	failed := enhancement.StepRecord{Step: enhancement.StepDocSearch, Outcome: enhancement.OutcomeFailed, Detail: tickettest.Deceptive}
	call := enhancement.LLMCall{Model: tickettest.Deceptive, Error: tickettest.Deceptive, CalledAt: time.Now()}
	if err := l.RecordStep(t.Context(), "alpha", j.ID, failed, call); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Fail(t.Context(), "alpha", j.ID, 1, tickettest.Deceptive); err != nil {
		t.Fatal(err)
	}
	steps, stepsErr := l.Steps(t.Context(), "alpha", j.ID)
	calls, callsErr := l.LLMCalls(t.Context(), "alpha", j.ID)
	stored, err := l.Job(t.Context(), "alpha", j.ID)
	if err := errors.Join(stepsErr, callsErr, err); err != nil {
		t.Fatal(err)
	}
	tickettest.CheckDeceptive(t, "the detail of a step", steps[enhancement.StepDocSearch].Detail)
	tickettest.CheckDeceptive(t, "the reason of a failure", stored.FailureReason)
	tickettest.CheckDeceptive(t, "a model's name", calls[0].Model)
	tickettest.CheckDeceptive(t, "a model's failure", calls[0].Error)
}

func TestOnlyOneWriterHoldsANote(t *testing.T) {
	l := newLedger(t)
	const one, other = "0f8fad5b-d9cb-469f-a165-70867728950e", "5b1f5b5c-7a3e-4b52-9d2e-0a4b6a0b4c11"
	hold := func(tenantID, holder string, lease time.Duration) error {
		_, err := l.HoldNote(t.Context(), tenantID, "1001", holder, lease)
		return err
	}
	if err := hold("alpha", one, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := hold("alpha", other, time.Minute); !errors.Is(err, ledger.ErrNoteBusy) {
		t.Errorf("a second writer: %v, want ErrNoteBusy", err)
	}
	if err := hold("beta", other, time.Minute); err != nil {
		t.Errorf("another tenant's ticket of the same number: %v", err)
	}
	if err := hold("alpha", one, time.Minute); err != nil {
		t.Errorf("the holder again: %v", err)
	}
	if err := l.ReleaseNote(t.Context(), "alpha", "1001", other); err != nil {
		t.Fatal(err)
	}
	if err := hold("alpha", other, time.Minute); !errors.Is(err, ledger.ErrNoteBusy) {
		t.Errorf("a stranger's release took effect: %v", err)
	}
	if err := l.ReleaseNote(t.Context(), "alpha", "1001", one); err != nil {
		t.Fatal(err)
	}
	if err := hold("alpha", other, time.Nanosecond); err != nil {
		t.Errorf("after the release: %v", err)
	}
	if err := hold("alpha", one, time.Minute); err != nil {
		t.Errorf("after the lease ran out: %v", err)
	}
}

func TestATenantDoesNotReachAnothersJob(t *testing.T) {
	l := newLedger(t)
	j := job()
	accept(t, l, j)
	step := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}
	if err := l.RecordStep(t.Context(), "alpha", j.ID, step); err != nil {
		t.Fatal(err)
	}
	const stranger = "beta"
	_, jobErr := l.Job(t.Context(), stranger, j.ID)
	_, claimErr := ledgertest.Claim(t.Context(), l, stranger, j.ID)
	for name, err := range map[string]error{
		"Job": jobErr, "Claim": claimErr, "Confirm": l.Confirm(t.Context(), stranger, j.ID),
	} {
		if !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("%s as a stranger: %v, want ErrNotFound", name, err)
		}
	}
	if withdrawn, err := l.Withdraw(t.Context(), stranger, j.ID); withdrawn || err != nil {
		t.Errorf("a stranger withdrew the job: %t, %v", withdrawn, err)
	}
	if failed, err := l.Fail(t.Context(), stranger, j.ID, 1, "example"); err != nil || failed {
		t.Fatalf("a stranger failed the job: %t, %v", failed, err)
	}
	if steps, err := l.Steps(t.Context(), stranger, j.ID); err != nil || len(steps) != 0 {
		t.Errorf("a stranger reads %v, %v", steps, err)
	}
	if err := l.RecordStep(t.Context(), stranger, j.ID, step); err == nil {
		t.Error("a stranger recorded a step")
	}
	if got, err := l.Job(t.Context(), "alpha", j.ID); err != nil || got.Status != enhancement.StatusPending {
		t.Errorf("the job was touched: %+v, %v", got, err)
	}
}
