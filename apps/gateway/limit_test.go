package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

const longestWait = 61 // seconds

// sendAs posts a ticket of the tenant, signed by it.
func (f *fixture) sendAs(t testing.TB, tenantID string, ticketID int) *httptest.ResponseRecorder {
	t.Helper()
	body := payload(t, map[string]any{"tenant_id": tenantID, "ticket_id": strconv.Itoa(1000 + ticketID)})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
	req.Header.Set(webhook.SignatureHeader, webhook.Sign(tenantstoretest.SigningSecret(tenantID), body))
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, req)
	return rec
}

// rush sends many different tickets of the tenant at once, in turns by all replicas, and counts the answers.
func rush(t *testing.T, replicas []*fixture, tenantID string, first, n int) map[int]int {
	t.Helper()
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		statuses = map[int]int{}
	)
	for i := range n {
		wg.Go(func() {
			rec := replicas[i%len(replicas)].sendAs(t, tenantID, first+i)
			if rec.Code == http.StatusTooManyRequests {
				wait, err := strconv.Atoi(rec.Header().Get("Retry-After"))
				if err != nil || wait < 1 || wait > longestWait || !strings.Contains(rec.Body.String(), "webhooks in a minute") {
					t.Errorf("429 with Retry-After %d (%v): %s", wait, err, rec.Body)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[rec.Code]++
		})
	}
	wg.Wait()
	return statuses
}

// ledgerRows counts the jobs of alpha.
func ledgerRows(t *testing.T, store *tenantstoretest.Store) int {
	t.Helper()
	var n int
	err := store.Database.Admin.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history WHERE tenant_id = 'alpha'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReplicasTogetherAcceptExactlyTheLimit(t *testing.T) {
	first := newFixture(t)
	replicas := []*fixture{first, newReplica(t, first.store), newReplica(t, first.store)}
	var skipped atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(skipped.Load())) }
	for _, replica := range replicas {
		replica.door.ledger = quota.NewLedger(replica.ledger, now)
	}
	neighbour := make(chan map[int]int)
	go func() { neighbour <- rush(t, replicas, "beta", 1, 90) }()
	if got := rush(t, replicas, "alpha", 1, 1_000); got[202] != 100 || got[429] != 900 {
		t.Errorf("1000 webhooks were answered %v; want 100 times 202 and 900 times 429", got)
	}
	if got := <-neighbour; got[202] != 90 {
		t.Errorf("90 webhooks of a neighbour were answered %v", got)
	}
	if n := ledgerRows(t, first.store); n != 100 {
		t.Errorf("%d rows in the ledger, want 100", n)
	}
	// A minute later.
	if _, err := first.store.Database.Admin.Exec(t.Context(), "UPDATE webhook_rate SET newest = newest - 61"); err != nil {
		t.Fatal(err)
	}
	skipped.Add(int64(time.Minute))
	if got := rush(t, replicas, "alpha", 2_000, 300); got[202] != 100 || got[429] != 200 {
		t.Errorf("in the next minute, 300 were answered %v; want 100 times 202 and 200 times 429", got)
	}
	if log := first.log.String(); strings.Count(log, reasonFull) != 1 || !strings.Contains(log, `"tenant_id":"alpha"`) {
		t.Errorf("%d lines say that the tenant is over its limit, want 1", strings.Count(log, reasonFull))
	}
}

func TestALimitOfItsOwn(t *testing.T) {
	f := newFixture(t)
	set := func(perMinute int) {
		t.Helper()
		f.change(t, "alpha", tenant.Preferences{WebhooksPerMinute: perMinute})
	}
	for _, step := range []struct{ perMinute, ticket, status int }{
		{2, 1, 202}, {2, 2, 202}, {2, 3, 429}, {2, 2, 202}, {3, 3, 202}, {3, 4, 429}, {0, 4, 202},
	} {
		set(step.perMinute)
		if rec := f.sendAs(t, "alpha", step.ticket); rec.Code != step.status {
			t.Errorf("ticket %d with a limit of %d: %d %s, want %d", step.ticket, step.perMinute, rec.Code, rec.Body, step.status)
		}
	}
}

func TestCountingFails(t *testing.T) {
	f := newFixture(t)
	for _, rename := range []struct {
		sql    string
		status int
	}{
		{"ALTER TABLE webhook_rate RENAME TO elsewhere", 503}, {"ALTER TABLE elsewhere RENAME TO webhook_rate", 202},
	} {
		if _, err := f.store.Database.Admin.Exec(t.Context(), rename.sql); err != nil {
			t.Fatal(err)
		}
		if rec := f.sendAs(t, "alpha", 1); rec.Code != rename.status || rec.Header().Get("Retry-After") != "" {
			t.Errorf("after %s: %d %s", rename.sql, rec.Code, rec.Body)
		}
	}
}

func TestAQueueThatIsDownUsesNothingUp(t *testing.T) {
	f := newFixture(t)
	f.door.perMinute = 2
	f.queue.before = func(event.EnhancementRequested) error { return errors.New("example: connection refused") }
	for n := range 5 {
		if rec := f.sendAs(t, "alpha", n); rec.Code != http.StatusServiceUnavailable {
			t.Errorf("webhook %d without a queue: %d", n, rec.Code)
		}
	}
	f.queue.before = nil
	for n, want := range []int{202, 202, 429} {
		if rec := f.sendAs(t, "alpha", n); rec.Code != want {
			t.Errorf("webhook %d: %d, want %d", n, rec.Code, want)
		}
	}
}

// While one tenant's accepts wait for each other, they must not have all the connections.
func TestATenantThatWaitsDoesNotHoldUpANeighbour(t *testing.T) {
	f := newFixture(t)
	f.sendAs(t, "alpha", 0)
	tx, err := f.store.Database.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM webhook_rate WHERE tenant_id = 'alpha' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	alpha := make(chan map[int]int)
	go func() { alpha <- rush(t, []*fixture{f}, "alpha", 1, 20) }()
	turns := int(limits().Database.MaxConns) / shares
	for waiting := 0; waiting < turns; {
		const query = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
		if err := f.store.Database.Pool.QueryRow(t.Context(), query).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 20 {
		if rec := f.sendAs(t, "beta", n); rec.Code != http.StatusAccepted {
			t.Fatalf("a neighbour's webhook: %d %s", rec.Code, rec.Body)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-alpha; got[202] != 20 {
		t.Errorf("and those that waited: %v", got)
	}
}
