package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// many gives each of two tenants n jobs, of which some are of the same moment.
func many(t *testing.T, n int) (*tenantstoretest.Store, *ledger.Ledger) {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		store.Save(t, id)
		_, err := store.Database.Admin.Exec(t.Context(), `
			INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status,
			                                 failure_reason, received_at, finished_at)
			SELECT $1, gen_random_uuid(), (i % 50)::text, 'created', 'd', 'Low', 'c', s,
			       CASE s WHEN 'failed' THEN 'r' ELSE '' END, timestamptz '2026-01-02' + (i / 3) * interval '1 second',
			       CASE WHEN s IN ('failed', 'completed') THEN now() END
			FROM generate_series(1, $2) i,
			     LATERAL (SELECT CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'running' ELSE 'completed' END) x(s)`, id, n)
		if err != nil {
			t.Fatal(err)
		}
	}
	return store, ledger.New(store.DB)
}

func TestListGoesThroughAllJobsOnce(t *testing.T) {
	t.Parallel()
	const n = 200
	_, l := many(t, n)
	for name, c := range map[string]struct {
		page ledger.List
		want int
	}{
		"all": {ledger.List{Limit: 7}, n}, "failed": {ledger.List{Limit: 7, Status: enhancement.StatusFailed}, 2},
		"of a ticket": {ledger.List{Limit: 3, TicketID: "7"}, n / 50}, "both": {ledger.List{Limit: 7, TicketID: "0", Status: enhancement.StatusFailed}, 2},
		"of none": {ledger.List{Limit: 7, TicketID: "nope"}, 0},
	} {
		seen := map[string]bool{}
		var last time.Time
		for page := c.page; ; {
			jobs, err := l.List(t.Context(), "alpha", page)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				if seen[j.ID] || j.TenantID != "alpha" || (!last.IsZero() && j.ReceivedAt.After(last)) {
					t.Fatalf("%s: %+v comes twice, out of order or from another tenant", name, j)
				}
				if (page.Status != "" && j.Status != page.Status) || (page.TicketID != "" && j.Ticket.ID != page.TicketID) {
					t.Errorf("%s: %+v was not asked for", name, j)
				}
				seen[j.ID], last = true, j.ReceivedAt
			}
			if len(jobs) < page.Limit {
				break
			}
			page.Before = ledger.Position{ReceivedAt: last, JobID: jobs[len(jobs)-1].ID}
		}
		if len(seen) != c.want {
			t.Errorf("%s: %d jobs, want %d", name, len(seen), c.want)
		}
	}
}

// A page costs what it shows, not what the tenant has: no plan may sort, or read a table from end to end.
func TestListUsesItsIndexes(t *testing.T) {
	t.Parallel()
	store, l := many(t, 20_000)
	if _, err := store.Database.Admin.Exec(t.Context(), "ANALYZE enhancement_history"); err != nil {
		t.Fatal(err)
	}
	first, err := l.List(t.Context(), "alpha", ledger.List{Limit: 100})
	if err != nil || len(first) != 100 {
		t.Fatalf("%d jobs, %v", len(first), err)
	}
	last := first[len(first)-1]
	before := ledger.Position{ReceivedAt: last.ReceivedAt, JobID: last.ID}
	for _, page := range []ledger.List{
		{Limit: 50},
		{Limit: 50, Before: before},
		{Limit: 50, Status: enhancement.StatusFailed},
		{Limit: 50, Status: enhancement.StatusCompleted, Before: before},
		{Limit: 50, Status: enhancement.StatusRunning, Before: before},
		{Limit: 50, TicketID: "7", Before: before},
	} {
		nodes := planOf(t, store.Database, page)
		if slices.Contains(nodes, "Seq Scan") || (page.TicketID == "" && slices.Contains(nodes, "Sort")) {
			t.Errorf("%+v: %q", page, nodes)
		}
	}
}

// planOf gives the kinds of nodes of the plan for the page, as app_user.
func planOf(t *testing.T, d *postgrestest.Database, page ledger.List) []string {
	t.Helper()
	tx, err := d.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "SELECT set_config('app.tenant_id', 'alpha', true)"); err != nil {
		t.Fatal(err)
	}
	query, args := ledger.ListSQL(page, "alpha")
	var plan []struct {
		Plan planNode `json:"Plan"`
	}
	if err := tx.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+query, args...).Scan(&plan); err != nil {
		t.Fatal(err)
	}
	return plan[0].Plan.kinds()
}

// planNode is a node of a plan, as EXPLAIN has it.
type planNode struct {
	Type  string     `json:"Node Type"`
	Plans []planNode `json:"Plans"`
}

func (n planNode) kinds() []string {
	kinds := []string{n.Type}
	for _, below := range n.Plans {
		kinds = append(kinds, below.kinds()...)
	}
	return kinds
}
