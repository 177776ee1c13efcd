package reportstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/report"
	"github.com/ai-agents/ai-agents/internal/report/reportstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var week = report.Week{Year: 2026, Number: 20}

// world is two tenants, and the console's view of what they did.
type world struct {
	*reportstore.Store

	t     *testing.T
	store *tenantstoretest.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: tenantstoretest.New(t)}
	w.store.Save(t, "alpha")
	w.store.Save(t, "beta")
	db, err := postgres.Open(t.Context(), w.store.Database.ConsoleURL, postgres.Config{MaxConns: 2, ConnectTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w.Store = reportstore.New(db)
	return w
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.store.Database.Admin.Exec(w.t.Context(), statement, args...); err != nil {
		w.t.Fatal(err)
	}
}

// job is one that was received then, on a ticket of that number; note is what its note says, vote what was said of it, both possibly nothing.
func (w *world) job(tenantID, ticketID, status string, received time.Time, took time.Duration, note, vote string) (id string) {
	w.t.Helper()
	const insert = `
		INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status, received_at, finished_at, failure_reason, note_id)
		VALUES ($1, gen_random_uuid(), $2, 'created', 'd', 'Low', 'c', $3, $4, CASE WHEN $3 IN ('completed', 'failed') THEN $5::timestamptz END,
			CASE $3 WHEN 'failed' THEN 'r' ELSE '' END, CASE $3 WHEN 'completed' THEN '7' ELSE '' END)
		RETURNING job_id::text`
	if err := w.store.Database.Admin.QueryRow(w.t.Context(), insert, tenantID, ticketID, status, received, received.Add(took)).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	if note != "" {
		w.exec("INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, result, duration_ms) VALUES ($1, $2, 'synthesize', 'ok', $3, 1)", tenantID, id, note)
	}
	if vote != "" {
		w.exec("INSERT INTO note_feedback (tenant_id, job_id, vote) VALUES ($1, $2, $3)", tenantID, id, vote)
	}
	return id
}

// naming is a note that names sources of these kinds.
func naming(kinds ...string) string {
	sources := make([]string, len(kinds))
	for i, kind := range kinds {
		sources[i] = `{"kind":"` + kind + `"}`
	}
	return `{"sections":[{"items":[]},{"items":[{"sources":[` + strings.Join(sources, ",") + `]}]}]}`
}

func (w *world) report(tenantID string, now time.Time) report.Report {
	w.t.Helper()
	r, err := w.Report(w.t.Context(), tenantID, week, now)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestAWeekIsCountedToItsEdges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, last := week.Begins(), week.Ends().Add(-time.Microsecond)
	w.job("alpha", "1", "completed", first, 2*time.Second, naming("ticket", "ticket", "article"), "up")
	w.job("alpha", "2", "completed", last, 4*time.Second, naming("system"), "down")
	w.job("alpha", "3", "completed", first.Add(time.Hour), 6*time.Second, naming(), "")
	w.job("alpha", "4", "failed", first, time.Second, "", "")
	w.job("alpha", "5", "pending", first, 0, "", "")
	cancelled := w.job("alpha", "6", "failed", first, time.Second, "", "")
	w.exec("UPDATE enhancement_history SET cancelled_run = run WHERE job_id = $1", cancelled)
	shadow := w.job("alpha", "7", "completed", first, time.Hour, naming("ticket"), "")
	w.exec("UPDATE enhancement_history SET withheld = 'shadow', note_id = '', degraded = '{kb}' WHERE job_id = $1", shadow)
	// Of other weeks, and of another tenant.
	w.job("alpha", "8", "completed", first.Add(-time.Microsecond), time.Hour, naming("ticket"), "up")
	w.job("alpha", "9", "completed", week.Ends(), time.Hour, naming("ticket"), "up")
	w.job("beta", "1", "completed", first, time.Hour, naming("ticket"), "up")
	for _, day := range []struct {
		tenant string
		day    time.Time
		usd    float64
	}{{"alpha", first, 1}, {"alpha", last, 2}, {"alpha", first.Add(-time.Hour), 4}, {"alpha", week.Ends(), 8}, {"beta", first, 16}} {
		w.exec("INSERT INTO llm_usage (tenant_id, day, model, purpose, calls, unpriced, cost_usd) VALUES ($1, $2::date, 'm', 'job', 1, 1, $3)",
			day.tenant, day.day.Format(time.DateOnly), day.usd)
	}
	got := w.report("alpha", week.Ends()).Facts
	want := report.Facts{
		Received: 7, Completed: 4, Failed: 1, Cancelled: 1, Unfinished: 1, Withheld: 1, Degraded: 1, P50Seconds: 4, P95Seconds: 5.8, P99Seconds: 5.96, Up: 1, Down: 1,
		Notes: 3, Named: report.Named{Tickets: 1, Articles: 1, Systems: 1}, Helpful: report.Named{Tickets: 1, Articles: 1}, CostUSD: 3, Unpriced: 2,
	}
	got.P95Seconds, got.P99Seconds = round(got.P95Seconds), round(got.P99Seconds)
	if got != want {
		t.Errorf("counted %+v\nnot     %+v", got, want)
	}
	if beta := w.report("beta", week.Ends()).Facts; beta.Received != 1 || beta.CostUSD != 16 || beta.Up != 1 {
		t.Errorf("beta: %+v", beta)
	}
}

func round(s float64) float64 { return float64(int(s*1000+0.5)) / 1000 }

// resolved is a ticket as ServiceDesk Plus had it.
func (w *world) resolved(tenantID, id string, at time.Time, took time.Duration) {
	w.t.Helper()
	w.exec("INSERT INTO ticket_history (tenant_id, ticket_id, description, created_at, resolved_at) VALUES ($1, $2, 'd', $3, $4)", tenantID, id, at.Add(-took), at)
}

func TestResolutionsAreComparedWithTheBaseline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	monday := week.Begins()
	before := monday.AddDate(0, 0, -14)
	none := func(context.Context, postgres.Tx) error { return nil }
	for i, hours := range []int{2, 4, 6} {
		w.resolved("alpha", "b"+string(rune('0'+i)), before.Add(time.Duration(i)*24*time.Hour), time.Duration(hours)*time.Hour)
	}
	w.resolved("alpha", "had-a-note", before.Add(time.Hour), time.Minute)
	w.job("alpha", "had-a-note", "completed", before, time.Second, naming(), "")
	w.exec("INSERT INTO ticket_history (tenant_id, ticket_id, description, resolved_at) VALUES ('alpha', 'of-unknown-age', 'd', $1)", before)
	w.resolved("beta", "b0", before, 1000*time.Hour)
	// In the week: with a note, without, and with one that came too late.
	w.job("alpha", "n1", "completed", monday, time.Second, naming("ticket"), "")
	w.resolved("alpha", "n1", monday.Add(3*time.Hour), 3*time.Hour)
	w.resolved("alpha", "n2", monday.Add(9*time.Hour), 9*time.Hour)
	w.job("alpha", "n3", "completed", monday.Add(10*time.Hour), time.Second, naming("ticket"), "")
	w.resolved("alpha", "n3", monday.Add(9*time.Hour), 9*time.Hour)

	r := w.report("alpha", week.Ends())
	if r.Baseline != nil || r.ResolutionChange != nil || r.Enhanced != (report.Resolution{Tickets: 1, MedianSeconds: 3 * 3600}) {
		t.Fatalf("without a baseline: %+v", r)
	}
	minutes := 30.0
	settings := reportstore.Settings{TicketMinutes: &minutes, BaselineFrom: before, BaselineUntil: before.AddDate(0, 0, 7)}
	if err := w.Set(t.Context(), "alpha", settings, none); err != nil {
		t.Fatal(err)
	}
	r = w.report("alpha", before.AddDate(0, 0, 3))
	if r.Baseline == nil || r.Baseline.Final || r.Baseline.Tickets != 3 || r.Baseline.MedianSeconds != 4*3600 || r.ResolutionChange == nil || *r.ResolutionChange != -0.25 ||
		r.MinutesSaved != 60 {
		t.Fatalf("while it runs: %+v, %+v", r, r.Baseline)
	}
	if r = w.report("alpha", week.Ends()); !r.Baseline.Final {
		t.Fatalf("when it is over: %+v", r.Baseline)
	}
	// What was found stays, also when the tickets go, and other inputs change nothing of it.
	w.exec("DELETE FROM ticket_history WHERE ticket_id LIKE 'b%'")
	minutes = 10
	if err := w.Set(t.Context(), "alpha", settings, none); err != nil {
		t.Fatal(err)
	}
	if r = w.report("alpha", week.Ends()); r.Baseline.Tickets != 3 || r.Baseline.MedianSeconds != 4*3600 || r.MinutesSaved != 20 {
		t.Errorf("later: %+v, %+v", r, r.Baseline)
	}
	// Another window is found anew.
	settings.BaselineUntil = before.AddDate(0, 0, 8)
	if err := w.Set(t.Context(), "alpha", settings, none); err != nil {
		t.Fatal(err)
	}
	if r = w.report("alpha", week.Ends()); r.Baseline.Tickets != 0 || r.ResolutionChange != nil {
		t.Errorf("another window: %+v", r.Baseline)
	}
	if beta, err := w.Settings(t.Context(), "beta"); err != nil || beta != (reportstore.Settings{}) || beta.Inputs() != report.Defaults() {
		t.Errorf("beta: %+v, %v", beta, err)
	}
	refused := errors.New("no entry in the audit log")
	settings.BaselineFrom, settings.BaselineUntil = time.Time{}, time.Time{}
	if err := w.Set(t.Context(), "alpha", settings, func(context.Context, postgres.Tx) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	if now, err := w.Settings(t.Context(), "alpha"); err != nil || now.BaselineFrom.IsZero() {
		t.Errorf("a change without an entry stays: %+v, %v", now, err)
	}
}

func TestTheFirstJobIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if first, err := w.First(t.Context(), "alpha"); err != nil || !first.IsZero() {
		t.Errorf("%s, %v", first, err)
	}
	w.job("alpha", "1", "completed", week.Begins(), time.Second, "", "")
	w.job("beta", "1", "completed", week.Begins().AddDate(-1, 0, 0), time.Second, "", "")
	if first, err := w.First(t.Context(), "alpha"); err != nil || !first.Equal(week.Begins()) {
		t.Errorf("%s, %v", first, err)
	}
}
