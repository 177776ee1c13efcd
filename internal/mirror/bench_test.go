package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	alpha  = "alpha"
	beta   = "beta"
	apiKey = "EXAMPLE-KEY-0001"
)

// began is when the clocks of tests begin.
func began() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

// clock stands still until somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// longestSleep is the longest since the last call.
func (c *clock) longestSleep() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var most time.Duration
	for _, d := range c.slept {
		most = max(most, d)
	}
	c.slept = nil
	return most
}

// bench is a mirror between the fakes of two tenants and a database of its own.
type bench struct {
	*Mirror

	t     *testing.T
	clock *clock
	store *tenantstoretest.Store
	desks *benchDesks
	// sdp is alpha's.
	sdp *servicedesktest.Server
}

// benchDesks gives each tenant a client of its fake, which a test may stand in front of.
type benchDesks struct {
	mu    sync.Mutex
	desks map[string]Desk
}

func (d *benchDesks) Mirrored(_ context.Context, tenantID string) (Desk, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	desk, ok := d.desks[tenantID]
	if !ok {
		return nil, errors.New("no such tenant")
	}
	return desk, nil
}

func (d *benchDesks) set(tenantID string, desk Desk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.desks[tenantID] = desk
}

func newBench(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	b := &bench{
		t: t, clock: &clock{now: began()}, store: tenantstoretest.New(t), desks: &benchDesks{desks: map[string]Desk{}},
	}
	b.Mirror = b.another(change...)
	b.store.Save(t, alpha)
	b.sdp = b.serve(alpha, servicedesktest.Options{})
	return b
}

// another is a second replica.
func (b *bench) another(change ...func(*Config)) *Mirror {
	cfg := Config{
		Clock: b.clock.Now, Sleep: b.clock.sleep, Tenants: b.store,
		CloudCalls: 1_000_000, OnPremCalls: 1_000_000, StepCalls: 1_000_000,
		Tickets: 2 * time.Minute, Articles: 5 * time.Minute, Assets: time.Hour,
	}
	for _, f := range change {
		f(&cfg)
	}
	return New(b.store.DB, b.desks, cfg)
}

// serve starts a fake for the tenant.
func (b *bench) serve(tenantID string, o servicedesktest.Options) *servicedesktest.Server {
	b.t.Helper()
	o.APIKey, o.Clock = apiKey, b.clock.Now
	o.OAuth = servicedesk.OAuth{ClientID: "1000.CLIENT", ClientSecret: "example-secret", RefreshToken: "1000.refresh"}
	fake := servicedesktest.New(o)
	server := httptest.NewServer(fake)
	b.t.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	cfg := servicedesk.Config{BaseURL: server.URL + fake.BasePath(), Profile: servicedesk.ProfileOnPrem, APIKey: apiKey, Clock: b.clock.Now}
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

// addTickets adds n tickets, a minute apart, the last one now, and resolves all but every tenth.
func (b *bench) addTickets(n int) []string {
	b.t.Helper()
	ids := make([]string, n)
	for i := range n {
		at := b.clock.Now().Add(-time.Duration(n-i) * time.Minute)
		r := servicedesktest.Request{
			Subject: fmt.Sprintf("Printer %d is offline", i), Description: fmt.Sprintf("<p>Printer <b>%d</b></p><p>does not answer.</p>", i),
			Status: "Open", CreatedTime: at, LastUpdatedTime: at,
		}
		if i%10 != 9 {
			r.Status, r.Resolution, r.ResolvedTime = "Closed", fmt.Sprintf("<div>Restarted queue %d</div>", i), at.Add(time.Second)
		}
		ids[i] = b.sdp.AddRequest(r)
	}
	return ids
}

func (b *bench) do(feed Feed, opts Options) Summary {
	b.t.Helper()
	sum, err := b.Import(b.t.Context(), alpha, feed, opts)
	if err != nil {
		b.t.Fatalf("import %s: %v", feed, err)
	}
	return sum
}

func (b *bench) refresh(feed Feed) Summary {
	b.t.Helper()
	sum, err := b.Refresh(b.t.Context(), alpha, feed)
	if err != nil {
		b.t.Fatalf("refresh %s: %v", feed, err)
	}
	return sum
}

// past is a stored ticket.
type past struct {
	Subject, Description, Resolution, Origin string
	ResolvedAt                               time.Time
}

func (b *bench) stored(tenantID string) map[string]past {
	b.t.Helper()
	found, err := b.store.Database.Admin.Query(b.t.Context(), `
		SELECT ticket_id, subject, description, resolution, origin, coalesce(resolved_at, '-infinity') FROM ticket_history WHERE tenant_id = $1`, tenantID)
	if err != nil {
		b.t.Fatal(err)
	}
	tickets := map[string]past{}
	var (
		id string
		p  past
	)
	_, err = pgx.ForEachRow(found, []any{&id, &p.Subject, &p.Description, &p.Resolution, &p.Origin, &p.ResolvedAt}, func() error {
		tickets[id] = p
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return tickets
}

// inStep fails unless exactly the tickets that are done are stored, as they now are.
func (b *bench) inStep() {
	b.t.Helper()
	have := b.stored(alpha)
	want := 0
	for _, r := range b.sdp.Requests() {
		done := (r.Status == "Closed" || r.Status == "Resolved") && r.Resolution != "" && !r.IsTrashed && r.MergedInto == ""
		p, ok := have[r.ID]
		if done {
			want++
		}
		if ok != done || ok && (p.Subject != r.Subject || p.Resolution != plain(r.Resolution) || p.Origin != "servicedesk") {
			b.t.Errorf("ticket %s (%s): stored %t %+v, want %t", r.ID, r.Status, ok, p, done)
		}
	}
	if len(have) != want {
		b.t.Errorf("%d tickets are stored, want %d", len(have), want)
	}
}

func plain(html string) string {
	return strings.NewReplacer("<div>", "", "</div>", "", "<p>", "", "</p>", "").Replace(html)
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

// calls counts the calls the fake has received since the last time.
func (b *bench) calls(before *int) int {
	n := len(b.sdp.Calls())
	defer func() { *before = n }()
	return n - *before
}

// between stands in front of a desk and sees each call coming.
type between struct {
	Desk

	call func(ctx context.Context, op string)
}

func (d between) ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	d.call(ctx, "list")
	return d.Desk.ListRequests(ctx, q)
}

func (d between) Request(ctx context.Context, id string) (servicedesk.Request, error) {
	d.call(ctx, "request")
	return d.Desk.Request(ctx, id)
}

func (d between) ListSolutions(ctx context.Context, q servicedesk.PageQuery) (servicedesk.SolutionPage, error) {
	d.call(ctx, "list")
	return d.Desk.ListSolutions(ctx, q)
}

func (d between) ListWorkstations(ctx context.Context, q servicedesk.PageQuery) (servicedesk.WorkstationPage, error) {
	d.call(ctx, "list")
	return d.Desk.ListWorkstations(ctx, q)
}

func (b *bench) intercept(call func(ctx context.Context, op string)) (restore func()) {
	b.t.Helper()
	desk, err := b.desks.Mirrored(b.t.Context(), alpha)
	if err != nil {
		b.t.Fatal(err)
	}
	b.desks.set(alpha, between{desk, call})
	return func() { b.desks.set(alpha, desk) }
}

// request is one with all times.
func request() servicedesk.Request {
	day := func(n int) time.Time { return began().AddDate(0, 0, n) }
	return servicedesk.Request{
		ID: "1", Subject: "a", CreatedTime: day(1), LastUpdatedTime: day(2), ResolutionTime: day(3), CompletedTime: day(4), ResolvedTime: day(5),
	}
}
