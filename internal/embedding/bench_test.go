package embedding_test

import (
	"fmt"
	"testing"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
)

// BenchmarkRerank reorders 100 of 2,000 tickets by vectors of 1,536 dimensions from the database; the query's own
// vector is remembered, so no model is asked.
func BenchmarkRerank(b *testing.B) {
	const tickets, candidates = 2000, 100
	d := gathertest.NewDatabase(b)
	seed(b, d, gathertest.Tenant, tickets)
	m := &model{name: "text-embedding-3-small"}
	if _, err := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{}).Run(b.Context(), gathertest.Tenant); err != nil {
		b.Fatal(err)
	}
	exec(b, d, "VACUUM ANALYZE ticket_embeddings, ticket_history")
	r, err := embedding.NewReranker(d.DB, m, embedding.RerankOptions{})
	if err != nil {
		b.Fatal(err)
	}
	words := make([]gather.Candidate, candidates)
	for i := range words {
		words[i] = gather.Candidate{ID: fmt.Sprintf("%s-%03d", gathertest.Tenant, 999-i*7), Relevance: 1 - float64(i)/candidates}
	}
	b.ReportAllocs()
	for b.Loop() {
		got, err := r.Rerank(b.Context(), asking("Fault of north"), gather.KindTicket, words)
		if err != nil || len(got) != candidates {
			b.Fatal(err)
		}
	}
}
