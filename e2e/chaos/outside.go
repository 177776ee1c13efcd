package chaos

import (
	"context"
	"errors"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// How slow what is slow answers: within the patience of a caller, and beyond it.
const (
	slowly   = 3_000  // milliseconds
	tooSlow  = 8_000  // longer than a call to ServiceDesk Plus may take
	retry429 = 2      // seconds that a model asks for
	slowLLM  = 12_000 // milliseconds
)

// serviceDeskFaults break the ServiceDesk Plus of every tenant.
func serviceDeskFaults() map[string]fault {
	write := servicedesktest.OperationWriteNote
	all := map[string]fault{}
	for name, f := range map[string]struct {
		does   string
		faults []servicedesktest.Fault
	}{
		"servicedesk slow":      {"every call takes 3 s", []servicedesktest.Fault{{Kind: servicedesktest.FaultLatency, LatencyMS: slowly}}},
		"servicedesk too slow":  {"every call takes longer than we wait", []servicedesktest.Fault{{Kind: servicedesktest.FaultLatency, LatencyMS: tooSlow}}},
		"servicedesk throttles": {"429, or the block page on premises", []servicedesktest.Fault{{Kind: servicedesktest.FaultThrottle}}},
		"servicedesk broken":    {"500", []servicedesktest.Fault{{Kind: servicedesktest.FaultAlways500}}},
		"servicedesk error page": {
			"the page of a proxy, 502", []servicedesktest.Fault{{Kind: servicedesktest.FaultHTMLErrorPage}},
		},
		"servicedesk hangs":  {"no answer", []servicedesktest.Fault{{Kind: servicedesktest.FaultHang}}},
		"servicedesk resets": {"connections are reset", []servicedesktest.Fault{{Kind: servicedesktest.FaultResetConnection}}},
		"servicedesk lies": {
			"200 with a failure inside, and nothing written", []servicedesktest.Fault{{Kind: servicedesktest.FaultSuccessThatFailed, Operation: write}},
		},
		"servicedesk commits and hangs": {
			"notes are written, and no answer comes", []servicedesktest.Fault{{Kind: servicedesktest.FaultCommitThenTimeout}},
		},
		"servicedesk commits late": {
			"notes are written after the caller has left", []servicedesktest.Fault{{Kind: servicedesktest.FaultCommitLate, LatencyMS: tooSlow}},
		},
		"servicedesk commits and lists no text": {
			"notes are written without an answer, and lists of notes lack their texts", []servicedesktest.Fault{
				{Kind: servicedesktest.FaultCommitThenTimeout}, {Kind: servicedesktest.FaultNoDescription},
			},
		},
		"servicedesk without tokens": {
			"the account server of the cloud answers 500, and access tokens are void", []servicedesktest.Fault{
				{Kind: servicedesktest.FaultExpireToken},
				{Kind: servicedesktest.FaultAlways500, Operation: servicedesktest.OperationToken},
			},
		},
	} {
		set := func(faults servicedesktest.Faults) func(context.Context, *world) error {
			return func(ctx context.Context, w *world) error { return w.forAll(ctx, "servicedesk", faults) }
		}
		all[name] = fault{kindServiceDesk, f.does, set(servicedesktest.Faults{Active: f.faults}), set(servicedesktest.Faults{})}
	}
	return all
}

// knowledgeFaults break the knowledge base of every tenant.
func knowledgeFaults() map[string]fault {
	all := map[string]fault{}
	for name, f := range map[string]struct {
		does   string
		faults knowledgetest.Faults
	}{
		"knowledge base slow":      {"every answer takes 3 s", knowledgetest.Faults{LatencyMS: slowly}},
		"knowledge base throttles": {"429", knowledgetest.Faults{Status: http.StatusTooManyRequests}},
		"knowledge base broken":    {"500", knowledgetest.Faults{Status: http.StatusInternalServerError}},
		"knowledge base hangs":     {"no answer", knowledgetest.Faults{Hang: true}},
		"knowledge base lies":      {"200 with a failure inside", knowledgetest.Faults{FailureInside: true}},
		"knowledge base logs out":  {"200 with a log-in page", knowledgetest.Faults{WrongContent: true}},
	} {
		set := func(faults knowledgetest.Faults) func(context.Context, *world) error {
			return func(ctx context.Context, w *world) error { return w.forAll(ctx, "knowledge", faults) }
		}
		all[name] = fault{kindKnowledge, f.does, set(f.faults), set(knowledgetest.Faults{})}
	}
	return all
}

// modelFaults break the language model, and the embeddings with it.
func modelFaults() map[string]fault {
	all := map[string]fault{}
	for name, f := range map[string]struct {
		does   string
		faults openaitest.Faults
	}{
		"model slow":      {"every answer takes 12 s", openaitest.Faults{LatencyMS: slowLLM}},
		"model throttles": {"429, to be repeated after 2 s", openaitest.Faults{Status: http.StatusTooManyRequests, RetryAfter: retry429}},
		"model broken":    {"500", openaitest.Faults{Status: http.StatusInternalServerError}},
		"model hangs":     {"no answer", openaitest.Faults{Hang: true}},
		"model lies":      {"200 with a failure inside", openaitest.Faults{FailureInside: true}},
		"model babbles":   {"200 with an answer that is not the JSON it was asked for", openaitest.Faults{MalformedJSON: true}},
	} {
		set := func(faults openaitest.Faults) func(context.Context, *world) error {
			return func(ctx context.Context, w *world) error { return w.users.SetFaults(ctx, "", "llm", faults) }
		}
		all[name] = fault{kindModel, f.does, set(f.faults), set(openaitest.Faults{})}
	}
	return all
}

// forAll sets the faults of every tenant's system.
func (w *world) forAll(ctx context.Context, system string, faults any) error {
	var group errgroup.Group
	for _, c := range w.tenants {
		group.Go(func() error { return w.users.SetFaults(ctx, c.id, system, faults) })
	}
	return errors.Join(group.Wait())
}
