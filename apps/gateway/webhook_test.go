package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache/tenantcachetest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/webhook"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// recorder is a queue that keeps what it is given; before runs first and may refuse.
type recorder struct {
	mu     sync.Mutex
	events []event.EnhancementRequested
	before func(event.EnhancementRequested) error
}

func (q *recorder) Publish(_ context.Context, topic string, payload any) error {
	requested, ok := payload.(event.EnhancementRequested)
	if !ok || topic != event.TopicEnhancement {
		return errors.New("not what belongs on the queue")
	}
	if q.before != nil {
		if err := q.before(requested); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, requested)
	return nil
}

// trailed keeps the entries of the audit log.
type trailed struct {
	mu     sync.Mutex
	events []audit.Event
}

func (r *trailed) Add(e audit.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

type fixture struct {
	trail   *trailed
	handler http.Handler
	door    *webhookHandler
	queue   *recorder
	ledger  *ledger.Ledger
	store   *tenantstoretest.Store
	copies  *tenantcachetest.State
	log     *bytes.Buffer
	spans   *tracingtest.Spans
}

// limits are the settings as they are by default, on pools of the tests' size.
func limits() config {
	return config{
		Database: postgres.Config{MaxConns: 8}, PerMinute: 100, BadSignatures: 30, MaxBody: 256 << 10, MaxSkew: 5 * time.Minute,
	}
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		store.Save(t, id)
	}
	return newReplica(t, store)
}

// newReplica makes a gateway of its own, with a pool of its own, on the store's database.
func newReplica(t testing.TB, store *tenantstoretest.Store) *fixture {
	t.Helper()
	store = store.Replica(t)
	f := &fixture{trail: &trailed{}, queue: &recorder{}, ledger: ledger.New(store.DB), store: store, log: &bytes.Buffer{}, spans: tracingtest.New(t)}
	logger := telemetry.NewLogger(f.log, "gateway", telemetry.LogConfig{Level: slog.LevelDebug})
	var copies *tenantcache.Cache
	copies, f.copies = tenantcachetest.New(store)
	door, err := newWebhookHandler(limits(), copies, f.ledger, f.queue, f.trail, telemetry.NewMetrics(), f.spans.Tracer, logger)
	if err != nil {
		t.Fatal(err)
	}
	// Time stands still where it would forgive failures and allow more lines in the log.
	began := time.Now()
	still := func() time.Time { return began }
	if door.failures, err = origin.NewFailures(limits().BadSignatures, still); err != nil {
		t.Fatal(err)
	}
	if door.sparse, err = audit.NewSparse(auditLines, auditBurst, still); err != nil {
		t.Fatal(err)
	}
	f.door, f.handler = door, publicRoutes(door, votes(t, store))
	return f
}

func payload(t testing.TB, change map[string]any) []byte {
	t.Helper()
	fields := map[string]any{
		"tenant_id": "alpha", "ticket_id": "1001", "subject": "Printer", "description": "It is on fire", "priority": "High",
		"timestamp": time.Now().UTC().Format(time.RFC3339),
	}
	maps.Copy(fields, change)
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (f *fixture) send(t *testing.T, body []byte, signature string) (*httptest.ResponseRecorder, accepted, problem) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.SignatureHeader, signature)
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, req)
	var (
		ok    accepted
		wrong problem
	)
	into := any(&wrong)
	if rec.Code == http.StatusAccepted {
		into = &ok
	}
	if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
		t.Fatalf("status %d with a body that is no JSON: %q", rec.Code, rec.Body)
	}
	return rec, ok, wrong
}

func (f *fixture) sendSigned(t *testing.T, body []byte) (*httptest.ResponseRecorder, accepted, problem) {
	t.Helper()
	return f.send(t, body, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body))
}

func TestAccepted(t *testing.T) {
	f := newFixture(t)
	rec, got, _ := f.sendSigned(t, payload(t, nil))
	if rec.Code != http.StatusAccepted || got.Status != enhancement.StatusPending {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	job, err := f.ledger.Job(t.Context(), "alpha", got.JobID)
	if err != nil || job.Ticket.ID != "1001" || job.Ticket.Subject != "Printer" {
		t.Errorf("the ledger has %+v, %v", job, err)
	}
	if len(f.queue.events) != 1 {
		t.Fatalf("%d events on the queue", len(f.queue.events))
	}
	e := f.queue.events[0]
	if e.JobID != got.JobID || e.TenantID != "alpha" || e.TicketID != "1001" || e.Description != "It is on fire" ||
		e.Priority != "High" || e.Timestamp.IsZero() || e.CorrelationID == "" || e.CorrelationID != rec.Header().Get(headerCorrelation) {
		t.Errorf("event %+v", e)
	}
	if log := f.log.String(); !strings.Contains(log, e.CorrelationID) || !strings.Contains(log, `"webhook accepted"`) || strings.Contains(log, "on fire") {
		t.Errorf("log: %s", log)
	}
}

func TestTheSameEventAgain(t *testing.T) {
	f := newFixture(t)
	_, first, _ := f.sendSigned(t, payload(t, nil))
	rec, second, _ := f.sendSigned(t, payload(t, map[string]any{"priority": "Low"}))
	if rec.Code != http.StatusAccepted || second != first {
		t.Errorf("again: %d, %+v; first %+v", rec.Code, second, first)
	}
	if _, err := ledgertest.Claim(t.Context(), f.ledger, "alpha", first.JobID); err != nil {
		t.Fatal(err)
	}
	before := len(f.queue.events)
	rec, third, _ := f.sendSigned(t, payload(t, nil))
	if rec.Code != http.StatusAccepted || third.JobID != first.JobID || third.Status != enhancement.StatusRunning {
		t.Errorf("while it runs: %d, %+v", rec.Code, third)
	}
	if len(f.queue.events) != before {
		t.Error("a job that runs was queued again")
	}
}

func TestRefused(t *testing.T) {
	f := newFixture(t)
	signed := func(tenantID string, body []byte) (b []byte, signature string) {
		return body, webhook.Sign(tenantstoretest.SigningSecret(tenantID), body)
	}
	for name, c := range map[string]struct {
		make   func() ([]byte, string)
		status int
		fields []string
		says   string
	}{
		"not JSON":                 {func() ([]byte, string) { return signed("alpha", []byte("<xml/>")) }, 400, []string{"(body)"}, "not valid"},
		"no tenant":                {func() ([]byte, string) { return signed("alpha", payload(t, map[string]any{"tenant_id": nil})) }, 400, []string{"tenant_id"}, "not valid"},
		"unknown tenant":           {func() ([]byte, string) { return signed("gamma", payload(t, map[string]any{"tenant_id": "gamma"})) }, 401, nil, "does not match"},
		"no signature":             {func() ([]byte, string) { return payload(t, nil), "" }, 401, nil, webhook.SignatureHeader},
		"signed by another tenant": {func() ([]byte, string) { return signed("beta", payload(t, nil)) }, 401, nil, "does not match"},
		"changed after signing": {func() ([]byte, string) {
			body, signature := signed("alpha", payload(t, nil))
			return bytes.Replace(body, []byte("fire"), []byte("ice!"), 1), signature
		}, 401, nil, "does not match"},
		"unsigned and invalid": {func() ([]byte, string) { return payload(t, map[string]any{"ticket_id": "x"}), "" }, 401, nil, "does not match"},
		"too old": {func() ([]byte, string) {
			return signed("alpha", payload(t, map[string]any{"timestamp": time.Now().Add(-6 * time.Minute).Format(time.RFC3339)}))
		}, 401, nil, "clock"},
		"from the future": {func() ([]byte, string) {
			return signed("alpha", payload(t, map[string]any{"timestamp": time.Now().Add(6 * time.Minute).Format(time.RFC3339)}))
		}, 401, nil, "clock"},
		"fields": {func() ([]byte, string) {
			return signed("alpha", payload(t, map[string]any{"ticket_id": "x", "priority": 3, "extra": true}))
		}, 400, []string{"extra", "priority", "ticket_id"}, "not valid"},
		"too large": {func() ([]byte, string) {
			return signed("alpha", payload(t, map[string]any{"description": strings.Repeat("x", 300<<10)}))
		}, 413, nil, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			body, signature := c.make()
			rec, _, wrong := f.send(t, body, signature)
			if rec.Code != c.status || wrong.Status != c.status || !strings.Contains(wrong.Detail, c.says) {
				t.Errorf("%d %+v, want %d about %q", rec.Code, wrong, c.status, c.says)
			}
			if got := rec.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
			var fields []string
			for _, e := range wrong.Errors {
				fields = append(fields, e.Field)
			}
			if !slices.Equal(fields, c.fields) {
				t.Errorf("fields %q, want %q", fields, c.fields)
			}
		})
	}
	if len(f.queue.events) != 0 {
		t.Errorf("%d refused webhooks reached the queue", len(f.queue.events))
	}
	if log := f.log.String(); !strings.Contains(log, "security_event") || strings.Contains(log, tenantstoretest.SigningSecret("alpha")) {
		t.Errorf("log: %s", log)
	}
}

func TestTheQueueIsDown(t *testing.T) {
	f := newFixture(t)
	f.queue.before = func(event.EnhancementRequested) error { return errors.New("example: connection refused") }
	body := payload(t, nil)
	rec, _, wrong := f.sendSigned(t, body)
	if rec.Code != http.StatusServiceUnavailable || strings.Contains(wrong.Detail, "refused") {
		t.Fatalf("%d %+v", rec.Code, wrong)
	}
	job := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001"}, "")
	if _, err := f.ledger.Job(t.Context(), "alpha", job.ID); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("a row is left: %v", err)
	}
	if log := f.log.String(); !strings.Contains(log, "connection refused") || !strings.Contains(log, job.ID) || !strings.Contains(log, `"ticket_id":"1001"`) {
		t.Errorf("the failure is not logged with its job: %s", log)
	}
	f.queue.before = nil
	rec, got, _ := f.sendSigned(t, body)
	if rec.Code != http.StatusAccepted || got.JobID != job.ID || len(f.queue.events) != 1 {
		t.Errorf("the retry: %d, %+v, %d events", rec.Code, got, len(f.queue.events))
	}
}

func TestAPublishThatFailedAndArrivedNevertheless(t *testing.T) {
	f := newFixture(t)
	f.queue.before = func(e event.EnhancementRequested) error {
		if _, err := f.ledger.Queued(context.WithoutCancel(t.Context()), e.TenantID, e.JobID); err != nil {
			t.Error(err)
		}
		return errors.New("example: timed out")
	}
	rec, got, _ := f.sendSigned(t, payload(t, nil))
	if rec.Code != http.StatusAccepted || got.Status != enhancement.StatusPending {
		t.Errorf("the enhancer has the job, and the sender hears %d %+v", rec.Code, got)
	}
}

func TestASecondDeliveryKeepsTheRowOfAFailingFirst(t *testing.T) {
	f := newFixture(t)
	body := payload(t, nil)
	nested := false
	f.queue.before = func(event.EnhancementRequested) error {
		if nested {
			return nil
		}
		nested = true
		// While the first delivery's publish hangs, a second one is published and answered.
		if rec, _, _ := f.sendSigned(t, body); rec.Code != http.StatusAccepted {
			t.Errorf("second delivery: %d", rec.Code)
		}
		return errors.New("example: timed out")
	}
	rec, got, _ := f.sendSigned(t, body)
	if rec.Code != http.StatusAccepted {
		t.Fatalf("first delivery: %d %s", rec.Code, rec.Body)
	}
	if _, err := f.ledger.Job(t.Context(), "alpha", got.JobID); err != nil {
		t.Errorf("the accepted job is gone: %v", err)
	}
}

func TestTheDatabaseIsDown(t *testing.T) {
	f := newFixture(t)
	body := payload(t, nil)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
	f.door.tenants = brokenTenants{}
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, req)
	if rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "10.0.0.1") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

type brokenTenants struct{ tenants }

func (brokenTenants) Recall(context.Context, string) (tenant.Tenant, tenant.Credentials, bool) {
	return tenant.Tenant{}, tenant.Credentials{}, false
}

func (brokenTenants) Read(context.Context, string) (tenantcache.Fresh, error) {
	return tenantcache.Fresh{}, errors.New("dial 10.0.0.1: connection refused")
}

func TestOtherRoutesAndMethods(t *testing.T) {
	f := newFixture(t)
	for target, want := range map[string]int{
		"GET " + routeWebhook: 405, "POST /": 404, "GET /metrics": 404, "GET /healthz": 404, "GET /readyz": 404, "POST /events/enhancement": 404,
	} {
		method, path, _ := strings.Cut(target, " ")
		rec := httptest.NewRecorder()
		f.handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", target, rec.Code, want)
		}
	}
}
