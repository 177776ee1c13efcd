package main

import (
	"context"
	"log/slog"
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

// What an older release stored without an index is found after the first pass, and embedded.
func TestUpkeepIndexesAndEmbedsWhatIsNot(t *testing.T) {
	store := tenantstoretest.New(t)
	model := &constantModel{}
	u := &upkeep{
		tenants: store.Store, history: history.NewStore(store.DB), articles: knowledge.NewStore(store.DB),
		backfill: embedding.NewBackfill(store.DB, model, embedding.BackfillOptions{}), interval: time.Hour,
		logger: slog.New(slog.DiscardHandler),
	}
	for _, tenantID := range []string{"alpha", "beta"} {
		store.Save(t, tenantID)
		_, err := store.Database.Admin.Exec(t.Context(), `
			INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at)
			VALUES ($1, '17', 'Scanner shows error E-42', 'It scans nothing.', 'New firmware.', now())`, tenantID)
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { u.run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	for _, tenantID := range []string{"alpha", "beta"} {
		awaitFound(t, store, tenantID)
	}
	cancel()
	<-done
	u.pass(t.Context())
	if model.texts != 2 {
		t.Errorf("%d texts were embedded, want each of the two tickets once", model.texts)
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
