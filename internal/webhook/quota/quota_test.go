package quota_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type fixture struct {
	*tenantstoretest.Store

	jobs   *ledger.Ledger
	limits *quota.Ledger
	clock  *clock
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Store: tenantstoretest.New(t), clock: &clock{at: time.Now()}}
	for _, id := range []string{"alpha", "beta"} {
		f.Save(t, id)
	}
	f.jobs = ledger.New(f.DB)
	f.limits = quota.NewLedger(f.jobs, f.clock.now)
	return f
}

func job(tenantID string, n int) enhancement.Job {
	return enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: strconv.Itoa(n), Description: "example"}, "c")
}

// terms are those of the tenant as it is stored.
func (f *fixture) terms(t *testing.T, tenantID string, perMinute int) quota.Terms {
	t.Helper()
	record, err := f.Console.Read(t.Context(), tenantID)
	if err != nil {
		t.Fatal(err)
	}
	return quota.Terms{PerMinute: perMinute, Version: record.Version}
}

func (f *fixture) accept(t *testing.T, j enhancement.Job, perMinute int) quota.Acceptance {
	t.Helper()
	a, err := f.limits.Accept(t.Context(), j, f.terms(t, j.TenantID, perMinute))
	if err != nil {
		t.Fatalf("job of ticket %s: %v", j.Ticket.ID, err)
	}
	return a
}

func (f *fixture) refuse(t *testing.T, j enhancement.Job, perMinute int) {
	t.Helper()
	_, err := f.limits.Accept(t.Context(), j, f.terms(t, j.TenantID, perMinute))
	full, ok := errors.AsType[*quota.FullError](err)
	if !ok || full.PerMinute != perMinute || full.RetryAfter <= 0 || full.RetryAfter > 61*time.Second {
		t.Fatalf("job of ticket %s: %v; want it refused, with a time to come back", j.Ticket.ID, err)
	}
	if known, err := f.jobs.Known(t.Context(), j.TenantID, j.ID); err != nil || known {
		t.Errorf("what was refused is in the ledger: %t, %v", known, err)
	}
}

// pass lets the tenant's minute be over, for the database and for what is remembered here.
func (f *fixture) pass(t *testing.T, tenantID string) {
	t.Helper()
	if _, err := f.Database.Admin.Exec(t.Context(), "UPDATE webhook_rate SET newest = newest - 61 WHERE tenant_id = $1", tenantID); err != nil {
		t.Fatal(err)
	}
	f.clock.move(time.Minute)
}

func TestTheLimit(t *testing.T) {
	f := newFixture(t)
	for n := range 3 {
		if a := f.accept(t, job("alpha", n), 3); !a.Fresh || a.Status != enhancement.StatusPending {
			t.Errorf("accepted as %+v", a)
		}
	}
	for n := range 5 {
		f.refuse(t, job("alpha", 10+n), 3)
		f.clock.move(300 * time.Millisecond) // both by memory and by the database
	}
	f.accept(t, job("beta", 1), 3)
	f.pass(t, "alpha")
	for n := range 3 {
		f.accept(t, job("alpha", 20+n), 3)
	}
	f.refuse(t, job("alpha", 30), 3)
}

func TestWhatIsKnownIsNoMoreWork(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		f.accept(t, job("alpha", 1), 2) // counted once
	}
	f.accept(t, job("alpha", 2), 2)
	f.refuse(t, job("alpha", 3), 2)
	for n := range 2 {
		if a := f.accept(t, job("alpha", 1+n), 2); a.Fresh || a.Status != enhancement.StatusPending {
			t.Errorf("a repeated delivery at the limit: %+v", a)
		}
	}
	// A failed job is work again.
	if failed, err := f.jobs.Fail(t.Context(), "alpha", job("alpha", 1).ID, 1, "example"); err != nil || !failed {
		t.Fatalf("failed %t, %v", failed, err)
	}
	_, err := f.limits.Accept(t.Context(), job("alpha", 1), f.terms(t, "alpha", 2))
	if _, full := errors.AsType[*quota.FullError](err); !full {
		t.Errorf("a failed job begun anew over the limit: %v", err)
	}
	if j, err := f.jobs.Job(t.Context(), "alpha", job("alpha", 1).ID); err != nil || j.Status != enhancement.StatusFailed {
		t.Errorf("and its row is %+v, %v", j, err)
	}
}

func TestANewLimitHoldsAtOnce(t *testing.T) {
	f := newFixture(t)
	for n := range 2 {
		f.accept(t, job("alpha", n), 2)
	}
	f.refuse(t, job("alpha", 2), 2)
	f.accept(t, job("alpha", 2), 3) // raised
	f.refuse(t, job("alpha", 3), 3)
	f.refuse(t, job("alpha", 3), 1) // lowered
}

func TestWhatIsWithdrawnMakesRoom(t *testing.T) {
	f := newFixture(t)
	first := f.accept(t, job("alpha", 1), 1)
	f.refuse(t, job("alpha", 2), 1)
	if withdrawn, err := f.limits.Withdraw(t.Context(), "alpha", job("alpha", 1).ID, first); err != nil || !withdrawn {
		t.Fatalf("withdrawn %t, %v", withdrawn, err)
	}
	second := f.accept(t, job("alpha", 2), 1)
	// What stays accepted stays counted.
	if _, err := f.jobs.Queued(t.Context(), "alpha", job("alpha", 2).ID); err != nil {
		t.Fatal(err)
	}
	if withdrawn, err := f.limits.Withdraw(t.Context(), "alpha", job("alpha", 2).ID, second); err != nil || withdrawn {
		t.Fatalf("withdrawn %t, %v", withdrawn, err)
	}
	f.refuse(t, job("alpha", 3), 1)
}

func TestCountingFails(t *testing.T) {
	f := newFixture(t)
	f.accept(t, job("alpha", 1), 2)
	rename := func(from, to string) {
		t.Helper()
		if _, err := f.Database.Admin.Exec(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
			t.Fatal(err)
		}
	}
	rename("webhook_rate", "elsewhere")
	_, err := f.limits.Accept(t.Context(), job("alpha", 2), f.terms(t, "alpha", 2))
	if _, full := errors.AsType[*quota.FullError](err); err == nil || full {
		t.Errorf("nothing was counted, and the answer is %v", err)
	}
	if known, err := f.jobs.Known(t.Context(), "alpha", job("alpha", 2).ID); err != nil || known {
		t.Errorf("what was not counted is in the ledger: %t, %v", known, err)
	}
	rename("elsewhere", "webhook_rate")
	f.accept(t, job("alpha", 2), 2)
	f.refuse(t, job("alpha", 3), 2)
}

// Once a tenant is known to be full, the lock of its row is not needed to refuse it, nor to answer what is known.
func TestAFloodDoesNotQueueForTheLock(t *testing.T) {
	f := newFixture(t)
	f.accept(t, job("alpha", 1), 1)
	f.refuse(t, job("alpha", 2), 1)
	tx, err := f.Database.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM webhook_rate WHERE tenant_id = 'alpha' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		f.refuse(t, job("alpha", 2+n), 1)
		f.accept(t, job("alpha", 1), 1)
	}
}

func TestNothingIsAcceptedByAnotherVersionOfTheTenant(t *testing.T) {
	f := newFixture(t)
	f.accept(t, job("alpha", 1), 100)
	present := f.terms(t, "alpha", 100).Version
	for _, n := range []int{1, 2} { // one that is known, and a new one
		for _, version := range []int64{0, present - 1, present + 1} {
			_, err := f.limits.Accept(t.Context(), job("alpha", n), quota.Terms{PerMinute: 100, Version: version})
			if !errors.Is(err, quota.ErrOutdated) {
				t.Errorf("job %d by version %d: %v, want ErrOutdated", n, version, err)
			}
		}
	}
	if known, err := f.jobs.Known(t.Context(), "alpha", job("alpha", 2).ID); err != nil || known {
		t.Errorf("the ledger has a job that was not accepted: %t, %v", known, err)
	}
	if _, err := f.Database.Admin.Exec(t.Context(), "UPDATE tenant_configs SET enabled = false WHERE tenant_id = 'alpha'"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.limits.Accept(t.Context(), job("alpha", 3), f.terms(t, "alpha", 100)); !errors.Is(err, quota.ErrOutdated) {
		t.Errorf("a tenant that is disabled: %v", err)
	}
}
