package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// constantModel has one vector for everything.
type constantModel struct{ texts int }

func (*constantModel) Model() string { return "constant" }

func (m *constantModel) Embed(_ context.Context, texts []string) ([]embedding.Result, error) {
	m.texts += len(texts)
	results := make([]embedding.Result, len(texts))
	for i := range results {
		results[i].Vector = embedding.Vector{1, 0}
	}
	return results, nil
}

func newUpkeep(t *testing.T, model embedding.Embedder, tenants ...string) (*upkeep, *tenantstoretest.Store) {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, tenantID := range tenants {
		store.Save(t, tenantID)
		_, err := store.Database.Admin.Exec(t.Context(), `
			INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at)
			VALUES ($1, '17', 'Scanner shows error E-42', 'It scans nothing.', 'New firmware.', now())`, tenantID)
		if err != nil {
			t.Fatal(err)
		}
	}
	return &upkeep{
		tenants: servedTenants{store.Store, ""}, history: history.NewStore(store.DB), articles: knowledge.NewStore(store.DB),
		backfill: embedding.NewBackfill(store.DB, model, embedding.BackfillOptions{MaxAttempts: 1}), interval: time.Hour,
		logger: slog.New(slog.DiscardHandler), embedded: make(map[string]revision),
	}, store
}

// What an older release stored without an index is found after the first pass.
func TestUpkeepIndexesWhatIsNot(t *testing.T) {
	u, store := newUpkeep(t, &constantModel{}, "alpha", "beta")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { u.index(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	for _, tenantID := range []string{"alpha", "beta"} {
		awaitFound(t, store, tenantID)
	}
}

func TestUpkeepEmbedsOnceAndAgainWhatChanged(t *testing.T) {
	model := &constantModel{}
	u, _ := newUpkeep(t, model, "alpha", "beta")
	for range 2 {
		if err := u.embedAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if model.texts != 2 {
		t.Errorf("%d texts were embedded, want each of the two tickets once", model.texts)
	}
	changed := history.PastTicket{ID: "17", Subject: "Scanner shows another error", Resolution: "New firmware.", ResolvedAt: time.Now()}
	if _, err := u.history.Put(t.Context(), "alpha", gather.OriginFile, []history.PastTicket{changed}); err != nil {
		t.Fatal(err)
	}
	if err := u.embedAll(t.Context()); err != nil || model.texts != 3 {
		t.Errorf("%d texts were embedded (%v), want the changed one as well", model.texts, err)
	}
}

// brokenModel refuses to work.
type brokenModel struct{ calls int }

func (*brokenModel) Model() string { return "broken" }

func (m *brokenModel) Embed(context.Context, []string) ([]embedding.Result, error) {
	m.calls++
	return nil, &gather.PermanentError{Err: errors.New("status 401")}
}

func TestADeadEndpointIsAskedForOneTenantOnly(t *testing.T) {
	model := &brokenModel{}
	u, _ := newUpkeep(t, model, "alpha", "beta", "gamma")
	if err := u.embedAll(t.Context()); err == nil || model.calls != 1 {
		t.Errorf("%d calls (%v), want the first failure to end the round", model.calls, err)
	}
}

func TestDurationsAreChecked(t *testing.T) {
	for name, value := range map[string]string{
		"UPKEEP_INTERVAL": "-1s", "MIRROR_TICKETS_INTERVAL": "-1m", "MIRROR_COMPLETE_INTERVAL": "0", "SHUTDOWN_GRACE": "0s",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := configFrom(t, map[string]string{"APP_PORT": "1", name: value}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		})
	}
	if _, err := configFrom(t, map[string]string{"APP_PORT": "1", "UPKEEP_INTERVAL": "0", "MIRROR_KB_INTERVAL": "0"}); err != nil {
		t.Errorf("0 turns it off: %v", err)
	}
}

func awaitFound(t *testing.T, store *tenantstoretest.Store, tenantID string) {
	t.Helper()
	source := history.New(store.DB, history.Options{})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		found, err := source.Find(t.Context(), gather.Query{TenantID: tenantID, Ticket: ticket.Ticket{ID: "18", Subject: "Error E-42"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Items) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the ticket of %s is not found: %+v", tenantID, found)
		}
	}
}
