package retrieval

import (
	"context"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// stackfaq: a document is question and answer; relevant is every document of the query's thread.
func stackfaq(ctx context.Context, w *world, opts Options, r *report) error {
	type document struct {
		Thread           int
		Question, Answer string
	}
	type query struct {
		Thread int
		Query  string
	}
	documents, err := readLines[document](opts.Data, "stackfaq", "docs.jsonl")
	if err != nil {
		return skip(r, "stackfaq", err)
	}
	queries, err := readLines[query](opts.Data, "stackfaq", "queries.jsonl")
	if err != nil {
		return skip(r, "stackfaq", err)
	}
	w.sayf("stackfaq: %d documents, %d queries", len(documents), len(queries))
	texts := make([]string, len(documents))
	tickets := make([]history.PastTicket, len(documents))
	threads := make(map[int]int)
	for i, d := range documents {
		texts[i] = d.Question + "\n" + d.Answer
		tickets[i] = past(i, d.Question, d.Answer, longAgo())
		threads[d.Thread]++
	}
	source, err := w.history(ctx, "stackfaq", tickets, history.Options{MaxTickets: depth})
	if err != nil {
		return err
	}
	plain := newReference(texts)
	ours, theirs := newTally(), newTally()
	for _, q := range queries {
		found, err := ask(ctx, source, "stackfaq", ticket.Ticket{Subject: q.Query})
		if err != nil {
			return err
		}
		relevant := func(i int) bool { return documents[i].Thread == q.Thread }
		ours.add(judge(found, relevant), threads[q.Thread])
		theirs.add(judge(plain.search(q.Query, anyDocument, depth), relevant), threads[q.Thread])
	}
	r.quality("stackfaq", "P@1", ours.precisionAt(first), theirs.precisionAt(first), fmt.Sprintf("%d queries, %d without a result", ours.queries, ours.nothing))
	r.quality("stackfaq", "P@5", ours.precisionAt(five), theirs.precisionAt(five), "published BM25 .492 on the first 625 queries, .527 on all 1,249")
	r.quality("stackfaq", "MAP", ours.meanAP(), theirs.meanAP(), "published BM25 .577 on the first 625 queries")
	r.quality("stackfaq", "MRR", ours.meanRR(), theirs.meanRR(), "published BM25 .734 on the first 625 queries")
	return nil
}
