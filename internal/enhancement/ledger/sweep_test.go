package ledger_test

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

var patience = ledger.Patience{Pending: 5 * time.Minute, Running: 10 * time.Minute}

const anyLease = time.Minute

// swept is a ledger of which rows can be made older.
type swept struct {
	*ledger.Ledger

	t     *testing.T
	store *tenantstoretest.Store
}

func newSwept(t *testing.T) *swept {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		store.Save(t, id)
	}
	return &swept{ledger.New(store.DB), t, store}
}

func (s *swept) exec(statement string, args ...any) {
	s.t.Helper()
	if _, err := s.store.Database.Admin.Exec(s.t.Context(), statement, args...); err != nil {
		s.t.Fatal(err)
	}
}

// age lets time pass for all jobs.
func (s *swept) age(d time.Duration) {
	s.t.Helper()
	s.exec(`UPDATE enhancement_history SET received_at = received_at - $1::interval, started_at = started_at - $1::interval,
		finished_at = finished_at - $1::interval, sweep_at = sweep_at - $1::interval`, d)
}

func (s *swept) accept(tenantID, ticketID string) enhancement.Job {
	s.t.Helper()
	j := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "d"}, "example-correlation")
	accept(s.t, s.Ledger, j)
	return j
}

func (s *swept) claim(j enhancement.Job) {
	s.t.Helper()
	if _, err := ledgertest.Claim(s.t.Context(), s.Ledger, j.TenantID, j.ID); err != nil {
		s.t.Fatal(err)
	}
}

func (s *swept) fail(j enhancement.Job, run int) {
	s.t.Helper()
	if failed, err := s.Fail(s.t.Context(), j.TenantID, j.ID, run, "example"); err != nil || !failed {
		s.t.Fatalf("failed %t, %v", failed, err)
	}
}

func (s *swept) take(tenantID string) []ledger.Due {
	s.t.Helper()
	jobs, err := s.TakeDue(s.t.Context(), tenantID, patience, 100, anyLease)
	if err != nil {
		s.t.Fatal(err)
	}
	return jobs
}

func TestAJobIsLookedAtWhenItsPatienceIsOver(t *testing.T) {
	s := newSwept(t)
	pending, running, done := s.accept("alpha", "1"), s.accept("alpha", "2"), s.accept("alpha", "3")
	s.claim(running)
	s.fail(done, 1)
	for _, step := range []struct {
		wait time.Duration
		want []string
	}{
		{0, nil},
		{patience.Pending + time.Second, []string{pending.ID}},
		{anyLease / 2, nil}, // it is looked at
		{anyLease, []string{pending.ID}},
		{patience.Running, []string{pending.ID, running.ID}},
	} {
		s.age(step.wait)
		tenants, err := s.Unfinished(t.Context(), patience)
		if err != nil || len(tenants) != 1 || tenants[0].TenantID != "alpha" || tenants[0].Due != (len(step.want) > 0) {
			t.Errorf("after %s: %+v, %v", step.wait, tenants, err)
		}
		var got []string
		for _, d := range s.take("alpha") {
			got = append(got, d.JobID)
			if d.TenantID != "alpha" || d.Run != 1 || d.Sweeps != 0 || d.TicketID == "" || d.CorrelationID != "example-correlation" || d.Since < patience.Pending {
				t.Errorf("taken %+v", d)
			}
		}
		slices.Sort(got)
		slices.Sort(step.want)
		if !slices.Equal(got, step.want) {
			t.Errorf("after %s: %v, want %v", step.wait, got, step.want)
		}
	}
}

func TestTheOldestJobsAreKnownAcrossTenants(t *testing.T) {
	s := newSwept(t)
	s.accept("alpha", "1")
	s.age(time.Hour)
	s.claim(s.accept("beta", "1"))
	s.age(time.Minute)
	tenants, err := s.Unfinished(t.Context(), patience)
	if err != nil || len(tenants) != 2 {
		t.Fatalf("%+v, %v", tenants, err)
	}
	slices.SortFunc(tenants, func(a, b ledger.Unfinished) int { return int(b.Pending - a.Pending) })
	alpha, beta := tenants[0], tenants[1]
	if alpha.TenantID != "alpha" || alpha.Pending.Round(time.Minute) != 61*time.Minute || alpha.Running != 0 || !alpha.Due {
		t.Errorf("%+v", alpha)
	}
	if beta.TenantID != "beta" || beta.Pending != 0 || beta.Running < time.Minute || beta.Running > 2*time.Minute || beta.Due {
		t.Errorf("%+v", beta)
	}
}

func TestAJobThatWasPutOffIsLookedAtAfterThePause(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	s.age(patience.Pending + time.Second)
	d := s.take("alpha")[0]
	s.claim(j)
	if err := s.Swept(t.Context(), d, 3, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.age(59 * time.Minute)
	if got := s.take("alpha"); len(got) != 0 {
		t.Errorf("taken early: %+v", got)
	}
	s.age(2 * time.Minute)
	if got := s.take("alpha"); len(got) != 1 || got[0].Sweeps != 3 || got[0].Status != enhancement.StatusRunning {
		t.Errorf("taken %+v", got)
	}
	// Another run is none of its business, and begins with a clean slate.
	s.fail(j, 1)
	accept(t, s.Ledger, j)
	if err := s.Swept(t.Context(), d, 9, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.age(patience.Pending + time.Second)
	if got := s.take("alpha"); len(got) != 1 || got[0].Sweeps != 0 || got[0].Run != 2 {
		t.Errorf("the next run: %+v", got)
	}
}

func TestManyReplicasTakeEachJobOnce(t *testing.T) {
	s := newSwept(t)
	const jobs, replicas = 60, 8
	for i := range jobs {
		s.accept("alpha", strconv.Itoa(i))
	}
	s.age(patience.Pending + time.Second)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times = map[string]int{}
	)
	for range replicas {
		l := ledger.New(s.store.Database.Open(t))
		wg.Go(func() {
			for {
				taken, err := l.TakeDue(t.Context(), "alpha", patience, 7, anyLease)
				if err != nil {
					t.Error(err)
				}
				if len(taken) == 0 {
					return
				}
				mu.Lock()
				for _, d := range taken {
					times[d.JobID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	// A replica that finds all of the rest locked ends early; others then have them.
	if len(times) != jobs || slices.Max(slices.Collect(maps.Values(times))) != 1 {
		t.Errorf("%d of %d jobs were taken: %v", len(times), jobs, times)
	}
}

func TestWorkflowsOfEndedJobsAreTakenOnce(t *testing.T) {
	s := newSwept(t)
	const kept = 24 * time.Hour
	j := s.accept("alpha", "1")
	s.claim(s.accept("alpha", "2")) // under way, however long
	s.fail(j, 1)
	take := func() []ledger.Ended {
		t.Helper()
		tenants, err := s.Unpurged(t.Context(), kept)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.TakeEnded(t.Context(), "alpha", kept, 10, anyLease)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 && !slices.Equal(tenants, []string{"alpha"}) {
			t.Errorf("%+v of tenants %v", got, tenants)
		}
		return got
	}
	if got := take(); len(got) != 0 {
		t.Errorf("too early: %+v", got)
	}
	s.age(kept + time.Second)
	got := take()
	want := ledger.Ended{TenantID: "alpha", JobID: j.ID, CorrelationID: "example-correlation", Run: 1}
	if len(got) != 1 || got[0] != want {
		t.Fatalf("taken %+v", got)
	}
	if again := take(); len(again) != 0 {
		t.Errorf("taken twice: %+v", again)
	}
	if err := s.KeepWorkflow(t.Context(), want, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.age(59 * time.Minute)
	if early := take(); len(early) != 0 {
		t.Errorf("kept, and taken: %+v", early)
	}
	s.age(2 * time.Minute)
	if len(take()) != 1 {
		t.Error("kept for good")
	}
	if err := s.Purged(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	s.age(kept)
	if gone := take(); len(gone) != 0 {
		t.Errorf("removed, and taken: %+v", gone)
	}
	// The next run has another workflow.
	accept(t, s.Ledger, j)
	s.fail(j, 2)
	s.age(kept + time.Second)
	if next := take(); len(next) != 1 || next[0].Run != 2 || next[0].Purged != 1 {
		t.Errorf("the next run: %+v", next)
	}
}

// A job that begins anew in the moment in which its old workflow is removed keeps its new one.
func TestRemovingAnOldWorkflowDoesNotHideTheNewOne(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	s.fail(j, 1)
	accept(t, s.Ledger, j)
	if err := errors.Join(
		s.Purged(t.Context(), ledger.Ended{TenantID: "alpha", JobID: j.ID, Run: 1}),
		s.KeepWorkflow(t.Context(), ledger.Ended{TenantID: "alpha", JobID: j.ID, Run: 1}, time.Hour),
	); err != nil {
		t.Fatal(err)
	}
	s.age(patience.Pending + time.Second)
	if got := s.take("alpha"); len(got) != 1 || got[0].Run != 2 {
		t.Errorf("the new run is not looked after: %+v", got)
	}
	s.fail(j, 2)
	s.age(time.Hour)
	if tenants, err := s.Unpurged(t.Context(), time.Minute); err != nil || len(tenants) != 1 {
		t.Errorf("the new run's workflow stays: %+v, %v", tenants, err)
	}
}

func TestSweepingStaysWithinTheTenant(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	s.age(time.Hour)
	if got := s.take("beta"); len(got) != 0 {
		t.Errorf("a stranger takes %+v", got)
	}
	s.fail(j, 1)
	s.age(time.Hour)
	got, err := s.TakeEnded(t.Context(), "beta", time.Minute, 10, anyLease)
	if err != nil || len(got) != 0 {
		t.Errorf("a stranger takes %+v, %v", got, err)
	}
	if _, err := s.Retry(t.Context(), "beta", j.ID, nil); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("a stranger begins it anew: %v", err)
	}
}

// The functions that know of all tenants are as confined as enabled_tenants(): see docs/database.md.
func TestTheFunctionsAcrossTenantsAreConfined(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	s.fail(s.accept("beta", "1"), 1)
	s.store.Save(t, "gamma")
	s.queue("gamma", "1")
	for function, call := range map[string]string{
		"unfinished_tenants(interval, interval)": "SELECT tenant FROM public.unfinished_tenants('1h', '1h')",
		"unpurged_tenants(interval)":             "SELECT public.unpurged_tenants('0')",
		"queue_turns()":                          "SELECT tenant FROM public.queue_turns()",
		"queue_depths()":                         "SELECT tenant FROM public.queue_depths()",
		// As each enhancer asks.
		"unfinished_tenants(interval, interval, text)": "SELECT tenant FROM public.unfinished_tenants('1h', '1h', '')",
		"unpurged_tenants(interval, text)":             "SELECT public.unpurged_tenants('0', '')",
		"queue_turns(text)":                            "SELECT tenant FROM public.queue_turns('')",
	} {
		var (
			owner            string
			definer, anybody bool
		)
		err := s.store.Database.Admin.QueryRow(t.Context(), `
			SELECT proowner::regrole::text, prosecdef, has_function_privilege('public', oid, 'EXECUTE')
			FROM pg_proc WHERE oid = $1::regprocedure`, function).Scan(&owner, &definer, &anybody)
		if err != nil || owner != postgres.RoleAdmin || !definer || anybody {
			t.Errorf("%s: owner %s, definer %t, anybody %t, %v", function, owner, definer, anybody, err)
		}
		pooled, err := s.store.Database.Pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn := pooled.Hijack() // what is made below is this connection's alone
		_, err = conn.Exec(t.Context(), `
			CREATE TEMP TABLE enhancement_history (LIKE public.enhancement_history INCLUDING DEFAULTS);
			INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status, finished_at, queued_at)
			VALUES ('forged', gen_random_uuid(), '1', 'created', 'd', 'p', 'c', 'pending', now() - interval '1 day', NULL),
			       ('forged', gen_random_uuid(), '2', 'created', 'd', 'p', 'c', 'pending', NULL, now());
			SET search_path = pg_temp, public`)
		if err != nil {
			t.Fatal(err)
		}
		var tenant string
		name, _, _ := strings.Cut(function, "(")
		want := map[string]string{
			"unfinished_tenants": j.TenantID, "unpurged_tenants": "beta", "queue_turns": "gamma", "queue_depths": "gamma",
		}[name]
		if err := conn.QueryRow(t.Context(), call).Scan(&tenant); err != nil || tenant != want {
			t.Errorf("%s behind a temporary table: %q, %v", function, tenant, err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
