package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// asConsole is a ledger on store's database as the console has it.
func asConsole(t *testing.T, store *tenantstoretest.Store) *ledger.Ledger {
	t.Helper()
	db, err := postgres.Open(t.Context(), store.Database.ConsoleURL, postgres.Config{MaxConns: 2, ConnectTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return ledger.New(db)
}

func TestEverywhereGoesThroughAllJobsOnce(t *testing.T) {
	t.Parallel()
	const n = 200
	store, apps := many(t, n)
	console := asConsole(t, store)
	first := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		page ledger.List
		want int
	}{
		"all": {ledger.List{Limit: 7}, 2 * n}, "failed": {ledger.List{Limit: 3, Status: enhancement.StatusFailed}, 4},
		"of a ticket": {ledger.List{Limit: 3, TicketID: "7"}, 2 * n / 50}, "both": {ledger.List{Limit: 1, TicketID: "0", Status: enhancement.StatusFailed}, 4},
		"of none": {ledger.List{Limit: 7, TicketID: "nope"}, 0},
		// Three are received each second, from the first on but for one.
		"of a time":     {ledger.List{Limit: 7, Since: first.Add(10 * time.Second), Until: first.Add(20 * time.Second)}, 60},
		"all of a time": {ledger.List{Limit: 2, TicketID: "7", Status: enhancement.StatusCompleted, Since: first, Until: first.Add(10 * time.Second)}, 2},
	} {
		seen := map[string]bool{}
		var last time.Time
		for page := c.page; ; {
			jobs, err := console.Everywhere(t.Context(), page)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				if seen[j.ID] || !last.IsZero() && j.ReceivedAt.After(last) || j.Ticket.Description != "" {
					t.Fatalf("%s: %+v comes twice, out of order or with its text", name, j)
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
	if jobs, err := apps.Everywhere(t.Context(), ledger.List{Limit: 1}); err == nil {
		t.Errorf("an app reads %v", jobs)
	}
	if hours, err := apps.AllActivity(t.Context(), first); err == nil {
		t.Errorf("an app counts %v", hours)
	}
}

// Also among many a page reads what it shows: the plan within the function has neither a sort of all nor a scan of all.
func TestEverywhereUsesItsIndexes(t *testing.T) {
	t.Parallel()
	store, _ := many(t, 20_000)
	admin := store.Database.Admin
	if _, err := admin.Exec(t.Context(), "ANALYZE enhancement_history"); err != nil {
		t.Fatal(err)
	}
	for name, condition := range map[string]string{
		"all": "true", "failed": "status = 'failed'", "from a time on": "received_at >= '2026-01-02T01:00:00Z'",
		"the next page": "(received_at, job_id) < ('2026-01-02T01:00:00Z', '00000000-0000-0000-0000-000000000000')",
	} {
		var plan []struct {
			Plan planNode `json:"Plan"`
		}
		err := admin.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) SELECT h.job_id, h.description FROM enhancement_history h WHERE true AND "+condition+
			" ORDER BY h.received_at DESC, h.job_id DESC LIMIT 51").Scan(&plan)
		if err != nil {
			t.Fatal(err)
		}
		if kinds := plan[0].Plan.kinds(); slices.Contains(kinds, "Sort") || slices.Contains(kinds, "Seq Scan") {
			t.Errorf("%s: %q", name, kinds)
		}
	}
}

func TestActivityCountsByTheHour(t *testing.T) {
	t.Parallel()
	store, apps := many(t, 0)
	console := asConsole(t, store)
	const insert = `
		INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status, received_at, queued_at, finished_at, first_run, run, failure_reason)
		VALUES ($1, gen_random_uuid(), '1', 'created', 'd', 'Low', 'c', $2, $3, $4, $5, $6, $6, CASE $2 WHEN 'failed' THEN 'r' ELSE '' END)`
	hour := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	add := func(id, status string, received time.Time, queued, finished *time.Time, firstRun int) {
		t.Helper()
		if _, err := store.Database.Admin.Exec(t.Context(), insert, id, status, received, queued, finished, firstRun); err != nil {
			t.Fatal(err)
		}
	}
	after := func(from time.Time, d time.Duration) *time.Time { at := from.Add(d); return &at }
	add("alpha", "completed", hour, nil, after(hour, 2*time.Second), 1)
	add("alpha", "completed", hour.Add(59*time.Minute), nil, after(hour, 59*time.Minute+4*time.Second), 1)
	add("alpha", "failed", hour, nil, after(hour, time.Hour), 1)
	add("alpha", "pending", hour, nil, nil, 1)
	// Begun anew a day later, it took a second.
	add("alpha", "completed", hour.Add(time.Hour), after(hour, 24*time.Hour), after(hour, 24*time.Hour+time.Second), 2)
	add("beta", "completed", hour, nil, after(hour, 6*time.Second), 1)
	want := []ledger.Hour{
		{Begins: hour, Completed: 2, Failed: 1, Unfinished: 1, Median: 3 * time.Second, Slow: 3900 * time.Millisecond},
		{Begins: hour.Add(time.Hour), Completed: 1, Median: time.Second, Slow: time.Second},
	}
	got, err := apps.Activity(t.Context(), "alpha", hour)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = apps.Activity(t.Context(), "alpha", hour.Add(time.Hour)); err != nil || !slices.Equal(got, want[1:]) {
		t.Errorf("later: %+v, %v", got, err)
	}
	want[0].Completed, want[0].Median, want[0].Slow = 3, 4*time.Second, 5800*time.Millisecond
	if got, err = console.AllActivity(t.Context(), hour); err != nil || !slices.Equal(got, want) {
		t.Errorf("all: %+v, %v", got, err)
	}
}
