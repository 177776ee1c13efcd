package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/console"
	"github.com/ai-agents/ai-agents/internal/console/reach"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const bootstrapToken = "example-bootstrap-token-of-the-tests"

// world is a console on a database of its own. Of what lies outside of it, everything is told to it by fields.
type world struct {
	*console.Server

	t       *testing.T
	store   *tenantstoretest.Store
	audit   *audit.Log
	tokens  *tokenstore.Tokens
	log     *lockedBuffer
	bus     *bus
	desk    *fakeImporter
	gateway *gateway
	// previews stand in for the enhancer.
	previews *fakePreviews
	admin    string // a token with all permissions
	clock    *clock
	metrics  *telemetry.Metrics
	// probed, when it is set, is called as a tenant's ServiceDesk Plus is tried.
	probed func()
}

// metric is the sum of what is counted under the name.
func (w *world) metric(name string) (sum float64) {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(rec.Body.String()) {
		var n float64
		if strings.HasPrefix(line, name) {
			if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' ')+1:], &n); err != nil {
				w.t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// bus is what was published.
type bus struct {
	mu   sync.Mutex
	sent []event.TenantChanged
	// requested are the jobs that were put on the queue.
	requested []event.EnhancementRequested
	err       error
	// panics, when it is set, is what Publish ends with.
	panics string
}

func (b *bus) Publish(_ context.Context, topic string, payload any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.panics != "" {
		panic(b.panics)
	}
	if b.err != nil {
		return b.err
	}
	switch message := payload.(type) {
	case event.TenantChanged:
		if topic == event.TopicTenantChanged {
			b.sent = append(b.sent, message)
			return nil
		}
	case event.EnhancementRequested:
		if topic == event.TopicEnhancement {
			b.requested = append(b.requested, message)
			return nil
		}
	}
	return fmt.Errorf("published %T on %s", payload, topic)
}

func (b *bus) last() event.TenantChanged {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sent) == 0 {
		return event.TenantChanged{}
	}
	return b.sent[len(b.sent)-1]
}

// fakeImporter imports as do says.
type fakeImporter struct {
	do func(ctx context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error)
}

func (f *fakeImporter) Import(ctx context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error) {
	return f.do(ctx, tenantID, feed, opts)
}

// fakePreviews previews as do says, and keeps what it was asked.
type fakePreviews struct {
	mu    sync.Mutex
	asked []preview.Request
	do    func(ctx context.Context, r preview.Request) (adminapi.Preview, error)
}

func (f *fakePreviews) Preview(ctx context.Context, r preview.Request) (adminapi.Preview, error) {
	f.mu.Lock()
	f.asked = append(f.asked, r)
	do := f.do
	f.mu.Unlock()
	return do(ctx, r)
}

// gateway answers test webhooks.
type gateway struct {
	*httptest.Server

	mu       sync.Mutex
	status   int
	answer   string
	received []*http.Request
	bodies   [][]byte
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{status: http.StatusAccepted, answer: `{"job_id":"5f98c2a9-c42b-82f4-99be-70b23f80ea81","status":"pending"}`}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.received, g.bodies = append(g.received, r), append(g.bodies, body)
		w.WriteHeader(g.status)
		_, _ = io.WriteString(w, g.answer)
	}))
	t.Cleanup(g.Close)
	return g
}

// noDesk is a ServiceDesk Plus that answers with an empty list.
type noDesk struct{}

func (noDesk) ListRequests(context.Context, servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	return servicedesk.RequestPage{}, nil
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// clock is the console's time: the real one, moved.
type clock struct {
	mu    sync.Mutex
	moved time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldThat(t, func(*console.Deps) {})
}

// newWorldThat is newWorld on other things than usual.
func newWorldThat(t *testing.T, works func(*console.Deps)) *world {
	t.Helper()
	store := tenantstoretest.New(t)
	w := &world{
		t: t, store: store, audit: audit.New(store.ConsoleDB), log: &lockedBuffer{}, bus: &bus{}, gateway: newGateway(t), clock: &clock{},
		metrics: telemetry.NewMetrics(), previews: &fakePreviews{},
		desk: &fakeImporter{do: func(context.Context, string, mirror.Feed, mirror.Options) (mirror.Summary, error) {
			return mirror.Summary{}, nil
		}},
	}
	w.tokens = tokenstore.New(store.ConsoleDB, w.clock.now)
	logger := telemetry.NewLogger(w.log, "console", telemetry.LogConfig{Level: slog.LevelDebug})
	deps := console.Deps{
		DB: store.ConsoleDB, Tenants: store.Console, Sealer: store.Sealer,
		Authenticator: access.NewAuthenticator(access.Config{Tokens: w.tokens, Now: w.clock.now, Logger: logger}),
		Publisher:     w.bus, Importer: w.desk,
		Reach: reach.New(reach.Config{
			Tenants: store.Console,
			Desk: func(tenant.Tenant, tenant.Credentials) (reach.Desk, error) {
				if w.probed != nil {
					w.probed()
				}
				return noDesk{}, nil
			},
			Transport: http.DefaultTransport, Timeout: time.Second,
		}),
		Previews: w.previews, Gateway: w.gateway.Client(), Metrics: w.metrics, Logger: logger, Now: w.clock.now,
	}
	works(&deps)
	server, err := console.New(console.Config{BadTokens: 30, GatewayURL: w.gateway.URL, Bootstrap: bootstrapToken}, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Drain)
	w.Server = server
	w.admin = w.token(access.All())
	return w
}

// token makes an API token with the permissions, for the tenants or for all.
func (w *world) token(permissions []access.Permission, tenants ...string) string {
	w.t.Helper()
	_, secret, err := w.tokens.Create(w.t.Context(), &access.Principal{Subject: "system:test", Permissions: access.All()},
		access.NewToken{Name: "example", Permissions: permissions, Tenants: tenants, Valid: time.Hour}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return secret.Reveal()
}

// call is a request as admin, unless header says otherwise; headers are pairs of name and value.
func (w *world) call(method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.callAs(w.admin, method, path, body, headers...)
}

func (w *world) callAs(token, method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var content io.Reader = http.NoBody
	switch given := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(given)
	default:
		text, err := json.Marshal(given)
		if err != nil {
			w.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	req := httptest.NewRequestWithContext(w.t.Context(), method, adminapi.Prefix+path, content)
	req.RemoteAddr = "192.0.2.7:40000"
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return w.serve(req)
}

// serve also checks the contract; see conform.
func (w *world) serve(req *http.Request) *httptest.ResponseRecorder {
	w.t.Helper()
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Body = io.NopCloser(bytes.NewReader(sent))
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, req)
	conform(w.t, req, sent, rec)
	return rec
}

// read decodes an answer of the status.
func read[T any](t *testing.T, rec *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var out T
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return out
}

// refused checks that the answer is a problem of the status that tells what to do, and gives it.
func refused(t *testing.T, rec *httptest.ResponseRecorder, status int, contains ...string) console.Problem {
	t.Helper()
	p := read[console.Problem](t, rec, status)
	if kind := rec.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("content type %q", kind)
	}
	if p.Status != status || p.Title != http.StatusText(status) || p.Detail == "" {
		t.Errorf("problem %+v", p)
	}
	for _, text := range contains {
		if !strings.Contains(rec.Body.String(), text) {
			t.Errorf("%s does not say %q", rec.Body, text)
		}
	}
	return p
}

// example is a new tenant.
func example(id string) adminapi.CreateTenant {
	return adminapi.CreateTenant{
		TenantID: id,
		TenantSpec: adminapi.TenantSpec{
			Name: "Example " + id, ServiceDeskURL: "https://sdp.example.com/api/v3", Profile: tenant.ProfileOnPrem,
			KnowledgeURL: "https://kb.example.com", Preferences: tenant.Preferences{Format: tenant.FormatMarkdown},
		},
		APIKey: "key-of-" + id, SigningSecret: "signing-secret-of-" + id, KnowledgeAPIKey: "kb-key-of-" + id,
	}
}

// create makes an example tenant through the API.
func (w *world) create(id string) {
	w.t.Helper()
	read[adminapi.Tenant](w.t, w.call(http.MethodPost, "/tenants", example(id)), http.StatusCreated)
}

// alpha is the tenant of that id as it is now.
func (w *world) alpha() adminapi.Tenant {
	w.t.Helper()
	return read[adminapi.Tenant](w.t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
}

// entries are those of the audit log, the newest first.
func (w *world) entries(q audit.Query) []audit.Record {
	w.t.Helper()
	records, err := w.audit.List(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}
