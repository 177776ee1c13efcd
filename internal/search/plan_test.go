package search

import (
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search/plantest"
)

// The statements of a search as app_user sends them, under row-level security and with nothing to tell the planner
// what to prefer: each row of postings has to be looked up by the whole key, the tenant's part of which the policy adds.
// Statistics may know both tenants, or be older than one of them, or not be there at all.
func TestFindLooksUpByIndex(t *testing.T) {
	t.Parallel()
	for name, analyzeAfter := range map[string]string{"known tenant": south, "tenant newer than statistics": north, "no statistics": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			words := newVocabulary(3, 4000)
			for _, tenantID := range []string{north, south} {
				for range 4 {
					w.add(t, tenantID, words.documents(700)...)
				}
				if tenantID == analyzeAfter {
					w.exec(t, "ANALYZE")
				}
			}
			if rows, long := w.count(t, "search_postings"), w.count(t, "search_postings WHERE key < 0"); rows < 1000 || long == 0 {
				t.Fatalf("%d rows of postings, %d of a long list: this proves nothing", rows, long)
			}
			var found Result
			err := w.db.InTenantSnapshot(t.Context(), south, func(tx postgres.Tx) (err error) {
				plans := plantest.Record(t, tx)
				found, err = Tickets.Find(t.Context(), plans, words.document(), 10)
				for _, statement := range []string{segmentsOf, sharedRows, ownRows} {
					if !slices.Contains(plans.Statements(), statement) {
						t.Errorf("was not sent, and not explained: %s", statement)
					}
				}
				plans.Check(t, plantest.Lookup{
					Table: "search_postings", Index: "search_postings_pkey",
					Columns: []string{"tenant_id", "collection", "segment", "key"},
				})
				return err
			})
			if err != nil || len(found.Hits) == 0 {
				t.Fatalf("found %v, %v", found.Hits, err)
			}
		})
	}
}
