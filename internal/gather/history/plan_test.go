package history_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search/plantest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// explained are tenants whose searches are explained and checked.
type explained struct {
	*postgres.DB

	t    *testing.T
	want []plantest.Lookup
}

func (e explained) InTenantSnapshot(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error {
	return e.DB.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		plans := plantest.Record(e.t, tx)
		err := fn(plans)
		for _, want := range e.want {
			plans.Check(e.t, want)
		}
		return err
	})
}

// Candidates are looked up by their numbers, whatever the statistics know of the tenant.
func TestFindLooksUpByIndex(t *testing.T) {
	t.Parallel()
	const tickets = 3000
	for name, analyzeAfter := range map[string]string{
		"known tenant": gathertest.Neighbour, "tenant newer than statistics": gathertest.Tenant, "no statistics": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			words := newVocabulary()
			for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
				var past []history.PastTicket
				for i := range tickets {
					past = append(past, resolved(fmt.Sprintf("%s-%d", tenantID, i), words.text(8)))
				}
				if _, err := d.store.Put(t.Context(), tenantID, gather.OriginFile, past); err != nil {
					t.Fatal(err)
				}
				if tenantID == analyzeAfter {
					d.exec("ANALYZE")
				}
			}
			source := history.New(explained{d.DB, t, []plantest.Lookup{
				{Table: "ticket_history", Index: "ticket_history_document", Columns: []string{"document", "tenant_id"}},
				{Table: "search_postings", Index: "search_postings_pkey", Columns: []string{"tenant_id", "collection", "segment", "key"}},
			}}, history.Options{})
			found, err := source.Find(t.Context(), gather.Query{
				TenantID: gathertest.Neighbour, Ticket: ticket.Ticket{ID: "asked", Subject: words.text(8)},
			})
			if err != nil || len(found.Items) == 0 {
				t.Fatalf("found %+v, %v", found, err)
			}
		})
	}
}
