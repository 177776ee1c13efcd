package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestSecurityEventsAreAudited(t *testing.T) {
	f := newFixture(t)
	f.change(t, "beta", tenant.Preferences{WebhooksPerMinute: 1})
	wrong := func(tenantID string) { f.serve(request(t, "192.0.2.1", tenantID, "nobody")) }
	for name, c := range map[string]struct {
		do     func()
		tenant string // the tenant it is filed under
		target string
		reason string
	}{
		"wrong signature": {func() { wrong("alpha") }, "", "alpha", reasonSignature},
		"unknown tenant":  {func() { wrong("gamma") }, "", "gamma", reasonTenant},
		"stale":           {func() { f.serve(stale(t, "alpha")) }, "alpha", "alpha", reasonStale},
		"over the limit":  {func() { f.sendAs(t, "beta", 1); f.sendAs(t, "beta", 2) }, "beta", "beta", reasonFull},
	} {
		f.trail.events = nil
		c.do()
		if len(f.trail.events) != 1 {
			t.Errorf("%s: %d entries", name, len(f.trail.events))
			continue
		}
		e := f.trail.events[0]
		if e.Operation != audit.OperationWebhookRefuse || e.Status != audit.StatusRefused || e.Actor != "system:gateway" || e.TenantID != c.tenant ||
			e.Target != c.target || e.Address != "192.0.2.1" || e.Detail["reason"] != c.reason || e.CorrelationID == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	f.trail.events = nil
	for range 40 {
		wrong("alpha")
	}
	if len(f.trail.events) != 1 || f.trail.events[0].Detail["reason"] != reasonSuspected || f.trail.events[0].TenantID != "" {
		t.Errorf("a flood leaves %+v", f.trail.events)
	}
}

// What is filed under a tenant was done by that tenant: nobody else can fill its entries.
func TestAStrangerDoesNotFillATenantsEntries(t *testing.T) {
	f := newFixture(t)
	for i := range 200 {
		f.serve(request(t, "10.0.0."+strconv.Itoa(i%10), "alpha", "nobody"))
	}
	if len(f.trail.events) == 0 {
		t.Error("nothing is told of a flood")
	}
	for _, e := range f.trail.events {
		if e.TenantID != "" || e.Target != "alpha" && e.Target != "" {
			t.Errorf("filed under tenant %q, about %q", e.TenantID, e.Target)
		}
	}
}

// What is proven to be a tenant's is told, however many strangers there are.
func TestAFloodOfStrangersHidesNoTenant(t *testing.T) {
	f := newFixture(t)
	f.change(t, "beta", tenant.Preferences{WebhooksPerMinute: 1})
	for i := range 3 * auditBurst {
		f.serve(request(t, "10.0."+strconv.Itoa(i/250)+"."+strconv.Itoa(i%250), "alpha", "nobody"))
	}
	if n := len(f.trail.events); n >= 2*auditBurst {
		t.Fatalf("%d entries: the flood does not use up what there is for strangers", n)
	}
	f.trail.events = nil
	f.serve(stale(t, "alpha"))
	f.sendAs(t, "beta", 1)
	f.sendAs(t, "beta", 2)
	var reasons []string
	for _, e := range f.trail.events {
		reasons = append(reasons, e.TenantID+": "+e.Detail["reason"])
	}
	if want := []string{"alpha: " + reasonStale, "beta: " + reasonFull}; !slices.Equal(reasons, want) {
		t.Errorf("told is %q, want %q", reasons, want)
	}
}

func stale(t *testing.T, tenantID string) *http.Request {
	t.Helper()
	return requestWith(t, "192.0.2.1", tenantID, tenantID, map[string]any{"timestamp": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)})
}

func TestEntriesGetIntoTheAuditLog(t *testing.T) {
	f := newFixture(t)
	trail := audit.NewTrail(t.Context(), audit.New(f.store.DB), f.door.metrics.AuditDropped, f.door.logger)
	f.door.trail = trail
	f.serve(request(t, "192.0.2.1", "alpha", "nobody"))
	if err := trail.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	records, err := audit.New(f.store.ConsoleDB).List(t.Context(), audit.Query{Limit: 10})
	if err != nil || len(records) == 0 || records[0].Detail["reason"] != reasonSignature || records[0].WrittenBy != "app_user" {
		t.Errorf("%+v, %v", records, err)
	}
}

// A database that does not take entries neither holds up nor fails webhooks, and what is lost is counted.
func TestAnAuditLogThatHangsHoldsNothingUp(t *testing.T) {
	f := newFixture(t)
	tx, err := f.store.Database.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT audit_lock()"); err != nil {
		t.Fatal(err)
	}
	trail := audit.NewTrail(t.Context(), audit.New(f.store.DB), f.door.metrics.AuditDropped, f.door.logger)
	f.door.trail = trail
	f.serve(request(t, "192.0.2.1", "alpha", "nobody"))
	for waiting := false; !waiting; {
		const query = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
		if err := f.store.Database.Pool.QueryRow(t.Context(), query).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if rec := f.serve(request(t, "192.0.2.2", "alpha", "alpha")); rec.Code != http.StatusAccepted {
		t.Errorf("beside it: %d %s", rec.Code, rec.Body)
	}
	if err := trail.Close(t.Context()); err != nil { // it gives up by itself
		t.Fatal(err)
	}
	if want := "audit_dropped_total 1"; !strings.Contains(f.metricsText(t), want) {
		t.Errorf("the metrics lack %q", want)
	}
	if !strings.Contains(f.log.String(), "an entry is missing in the audit log") {
		t.Error("the log does not say what the audit log lacks")
	}
}
