package answercache_test

import (
	"context"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/answercache"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// written is a model that can be believed.
type written struct{ asked int }

func (w *written) Complete(context.Context, synthesis.Prompt) (synthesis.Completion, error) {
	w.asked++
	return synthesis.Completion{Text: `{"summary":"","similar_tickets":[{"text":"It was renewed.","cites":["T1"]}]}`, Model: "m"}, nil
}

// A draft of the same ticket from the same sources puts the very same question, whatever was masked in it: in another process, for
// another job, later.
func TestTheSameTicketPutsTheSameQuestion(t *testing.T) {
	w, llm := newWorld(t), &written{}
	w.deps.LLM = llm
	cache := answercache.New(answercache.Config{TTL: time.Hour}, w.deps)
	draft := func(jobID string) synthesis.Output {
		in := synthesis.Input{
			TenantID: "alpha", Reference: "Enhancement reference: " + jobID, Footer: synthesis.Footer{JobID: jobID},
			Ticket: ticket.Ticket{ID: "1", Subject: "Renewal", Description: "jo.doe@example.com and ab.cd@example.com call +49 30 5550123 about it.", People: []string{"Jo Doe", "Ab Cd"}},
			Veil:   masking.New(masking.Defaults(), []string{"Jo Doe", "Ab Cd"}),
		}
		in.Tickets.Items = []gather.Item{{ID: "17", Title: "Renewal", Resolution: "It was renewed by Ab Cd.", Relevance: 1}}
		in.Systems.Items = []gather.Item{{ID: "s", Title: "vpn01", Address: "192.0.2.10"}}
		return synthesis.New(cache, synthesis.Options{}).Synthesize(t.Context(), in)
	}
	first, again := draft("one"), draft("two")
	if first.Cached || !again.Cached || !again.Note.Generated || again.Model != "m" || len(again.Calls) != 0 || llm.asked != 1 {
		t.Errorf("asked %d times; cached: %t, then %t; %q", llm.asked, first.Cached, again.Cached, again.FallbackReason)
	}
}
