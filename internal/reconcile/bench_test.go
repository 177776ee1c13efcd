package reconcile

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	alpha  = "alpha"
	beta   = "beta"
	apiKey = "EXAMPLE-KEY-0001"

	interval, grace, maxAge = time.Minute, 2 * time.Minute, 72 * time.Hour
)

// began is when the clocks of tests begin.
func began() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

// clock stands still until it is moved, or somebody sleeps.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept time.Duration
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

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.slept += d
	return ctx.Err()
}

// bench is a Reconciler between a fake ServiceDesk Plus and a database of its own. Time passes when it is told to.
type bench struct {
	*Reconciler

	t     testing.TB
	clock *clock
	store *tenantstoretest.Store
	books *ledger.Ledger
	desks *benchDesks
	log   *logLines
	sdp   *servicedesktest.Server // alpha's
	wakes atomic.Int32
	spans *tracingtest.Spans
}

// benchDesks gives each tenant a desk, which a test may stand in front of.
type benchDesks struct {
	mu    sync.Mutex
	desks map[string]Desk
}

func (d *benchDesks) Polled(_ context.Context, tenantID string) (Desk, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	desk, ok := d.desks[tenantID]
	if !ok {
		return nil, tenant.ErrNotFound
	}
	return desk, nil
}

func (d *benchDesks) set(tenantID string, desk Desk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.desks[tenantID] = desk
}

type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// newBench has alpha enabled for a day, and polled before, so that its server's clock is known.
func newBench(t testing.TB, o servicedesktest.Options, change ...func(*Config)) *bench {
	t.Helper()
	b := &bench{
		t: t, clock: &clock{at: began()}, store: tenantstoretest.New(t), desks: &benchDesks{desks: map[string]Desk{}}, log: &logLines{},
		spans: tracingtest.New(t),
	}
	b.books = ledger.New(b.store.DB)
	b.Reconciler = b.replica(b.books, change...)
	b.tenant(alpha)
	b.sdp = b.serve(alpha, o)
	b.poll()
	return b
}

func (b *bench) replica(books Ledger, change ...func(*Config)) *Reconciler {
	cfg := Config{
		Interval: interval, Grace: grace, MaxAge: maxAge, Done: []string{"Resolved", "Closed"},
		CallsPerMinute: func(servicedesk.Profile) int { return 1_000_000 }, Clock: b.clock.now, Sleep: b.clock.sleep,
	}
	for _, f := range change {
		f(&cfg)
	}
	logger := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return New(cfg, Deps{DB: b.store.DB, Desks: b.desks, Ledger: books, Wake: func(string) { b.wakes.Add(1) }, Metrics: telemetry.NewMetrics(), Tracer: b.spans.Tracer, Logger: logger})
}

func (b *bench) tenant(id string) {
	b.t.Helper()
	b.store.Save(b.t, id)
	b.exec("UPDATE tenant_configs SET enabled_since = $2 WHERE tenant_id = $1", id, began().AddDate(0, 0, -1))
}

// serve starts a fake for the tenant.
func (b *bench) serve(tenantID string, o servicedesktest.Options) *servicedesktest.Server {
	b.t.Helper()
	o.APIKey = apiKey
	if o.Clock == nil {
		o.Clock = b.clock.now
	}
	o.OAuth = servicedesk.OAuth{ClientID: "1000.CLIENT", ClientSecret: "example-secret", RefreshToken: "1000.refresh"}
	fake := servicedesktest.New(o)
	server := httptest.NewServer(fake)
	b.t.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	cfg := servicedesk.Config{BaseURL: server.URL + fake.BasePath(), Profile: servicedesk.ProfileOnPrem, APIKey: apiKey, Clock: o.Clock, Timeout: time.Second}
	if o.Profile == servicedesk.ProfileCloud {
		cfg.Profile, cfg.APIKey, cfg.OAuth = o.Profile, "", o.OAuth
		cfg.OAuth.AccountsURL = server.URL
	}
	client, err := servicedesk.New(cfg, server.Client())
	if err != nil {
		b.t.Fatal(err)
	}
	b.desks.set(tenantID, client)
	return fake
}

func (b *bench) faults(faults ...servicedesktest.Fault) {
	b.sdp.SetFaults(servicedesktest.Faults{Active: faults})
}

// open opens n tickets, so long ago, a second apart.
func (b *bench) open(n int, ago time.Duration) []string {
	b.t.Helper()
	ids := make([]string, n)
	for i := range n {
		ids[i] = b.sdp.AddRequest(servicedesktest.Request{
			Subject: "Printer " + strconv.Itoa(i), Status: "Open", CreatedTime: b.clock.now().Add(-ago + time.Duration(i)*time.Second),
		})
	}
	return ids
}

// poll makes alpha's poll due and does it.
func (b *bench) poll() { b.pollBy(b.Reconciler) }

func (b *bench) pollBy(r *Reconciler) {
	b.t.Helper()
	var planned bool
	if b.scan("SELECT EXISTS (SELECT FROM reconcile_polls WHERE tenant_id = 'alpha')", &planned); !planned {
		r.poll(b.t.Context(), alpha, b.clock.sleep) // somewhere within the interval
	}
	b.exec("UPDATE reconcile_polls SET next_due = $1", b.clock.now())
	r.poll(b.t.Context(), alpha, b.clock.sleep)
}

// missed are the tickets with a job that the poll has made, in the order in which the jobs are done.
func (b *bench) missed() []string {
	b.t.Helper()
	found, err := b.store.Database.Admin.Query(b.t.Context(), `
		SELECT ticket_id FROM enhancement_history WHERE tenant_id = $1 AND refetch AND event = 'created' AND queued_at IS NOT NULL
		ORDER BY received_at`, alpha)
	if err != nil {
		b.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		b.t.Fatal(err)
	}
	return ids
}

// webhook is what the gateway does with one of the ticket.
func (b *bench) webhook(ticketID string, e enhancement.Event) ledger.Accepted {
	b.t.Helper()
	a, err := b.books.Accept(b.t.Context(), enhancement.New(alpha, e, ticket.Ticket{ID: ticketID, Description: "d"}, "c"))
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) scan(query string, into ...any) {
	b.t.Helper()
	if err := b.store.Database.Admin.QueryRow(b.t.Context(), query).Scan(into...); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

func (b *bench) exec(statement string, arguments ...any) {
	b.t.Helper()
	if _, err := b.store.Database.Admin.Exec(b.t.Context(), statement, arguments...); err != nil {
		b.t.Fatalf("%s: %v", statement, err)
	}
}

// books are what alpha's row says.
type books struct {
	failures, missed, skipped, leftOut int
	said                               string
	behind                             bool
	due                                time.Duration // from now
}

func (b *bench) row() books {
	b.t.Helper()
	var (
		row books
		due time.Time
	)
	b.scan(`SELECT failures, requests_missed, requests_skipped, requests_left_out, last_error, behind, next_due
		FROM reconcile_polls WHERE tenant_id = 'alpha' AND lease_holder IS NULL`,
		&row.failures, &row.missed, &row.skipped, &row.leftOut, &row.said, &row.behind, &due)
	row.due = due.Sub(b.clock.now())
	return row
}

// lists counts the lists that the fake has been asked for since the last time.
func (b *bench) lists(before *int) int {
	n := 0
	for _, c := range b.sdp.Calls() {
		if strings.HasSuffix(c.Path, "/requests") {
			n++
		}
	}
	defer func() { *before = n }()
	return n - *before
}

func (b *bench) measured(line string) string {
	b.t.Helper()
	rec := httptest.NewRecorder()
	b.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for l := range strings.Lines(rec.Body.String()) {
		if value, ok := strings.CutPrefix(l, line+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "0"
}
