package retrieval

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// noise asks two histories for help-desk tickets: their own, and one of another world, which has no answer. How relevant is
// the first result? The threshold stands between the two.
func noise(ctx context.Context, w *world, opts Options, r *report) error {
	texts, _, err := readEndava(opts.Data)
	if err != nil {
		return skip(r, "threshold", err)
	}
	if _, err := readIssues(opts.Data); err != nil {
		return skip(r, "threshold", err)
	}
	const stride = 40
	w.sayf("threshold: %d tickets ask two histories", (len(texts)+stride-1)/stride)
	source := history.New(w.db, history.Options{MaxTickets: 1})
	for _, tenantID := range []string{"endava", "jira"} {
		var relevances []float64
		nothing := 0
		for i := 0; i < len(texts); i += stride {
			found, err := source.Find(ctx, gather.Query{TenantID: tenantID, Ticket: ticket.Ticket{ID: strconv.Itoa(i), Description: texts[i]}})
			if err != nil {
				return err
			}
			first := 0.0
			if len(found.Items) == 0 {
				nothing++
			} else {
				first = found.Items[0].Relevance
			}
			relevances = append(relevances, first)
		}
		slices.Sort(relevances)
		const twentieth = 20
		r.add("endava asks "+tenantID, "nothing found", fmt.Sprintf("%.3f", float64(nothing)/float64(len(relevances))), "",
			fmt.Sprintf("relevance of the first result: %.2f at the median, above %.2f for 95 of 100 (0: nothing found)",
				relevances[len(relevances)/2], relevances[len(relevances)/twentieth]))
	}
	return nil
}
