package workflows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
)

// What sources gave is counted once a search, however often it was tried, with the best of what it found.
func TestWhatSourcesGiveIsCounted(t *testing.T) {
	f := newFixture(t)
	f.activities.Sources = map[enhancement.Step]gather.Source{
		enhancement.StepTicketSearch: &source{kind: gather.KindTicket, find: func(context.Context, gather.Query, int) (gather.Result, error) {
			return gather.Result{Items: []gather.Item{{Kind: gather.KindTicket, ID: "1", Relevance: 0.25}, {Kind: gather.KindTicket, ID: "2", Relevance: 0.75}}}, nil
		}},
		enhancement.StepDocSearch: &source{kind: gather.KindArticle, find: func(context.Context, gather.Query, int) (gather.Result, error) {
			return gather.Result{Note: "example: an older copy"}, nil
		}},
		enhancement.StepIPSearch: &source{kind: gather.KindSystem, find: func(context.Context, gather.Query, int) (gather.Result, error) {
			return gather.Result{}, &gather.PermanentError{Err: errors.New("example")}
		}},
	}
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted {
		t.Fatalf("got %+v", result)
	}
	for _, line := range []string{
		`source_requests_total{operation_type="ticket_search",status="found"} 1`, `source_requests_total{operation_type="doc_search",status="degraded"} 1`,
		`source_requests_total{operation_type="ip_search",status="failed"} 1`, `source_relevance_sum{operation_type="ticket_search"} 0.75`,
		`source_relevance_count{operation_type="ticket_search"} 1`, `enhancement_requests_total{operation_type="created",status="success",tenant_id="alpha"} 1`,
	} {
		wantMetric(t, f.activities.Metrics, line+"\n")
	}
}
