package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/workflows"
)

// ours are the spans of a job that goes well, each with the one that it hangs on: the next above it that is ours, for there may be the
// sidecars' in between.
func ours() map[string]string {
	return map[string]string{
		tracing.SpanWebhook: "", tracing.SpanQueued: tracing.SpanWebhook, tracing.SpanDelivered: tracing.SpanQueued, tracing.SpanWait: tracing.SpanQueued,
		tracing.SpanEnhance: tracing.SpanQueued, tracing.SpanGathering: tracing.SpanEnhance,
		tracing.SpanTicketSearch: tracing.SpanGathering, tracing.SpanDocSearch: tracing.SpanGathering, tracing.SpanIPSearch: tracing.SpanGathering,
		tracing.SpanSynthesize: tracing.SpanEnhance, tracing.SpanLLM: tracing.SpanSynthesize, tracing.SpanUpdate: tracing.SpanEnhance,
	}
}

// above is the span that one of ours hangs on, among ours.
func above(trace *observe.Trace, span observe.Span, names map[string]string) string {
	byID := map[string]observe.Span{}
	for i := range trace.Spans {
		byID[trace.Spans[i].ID] = trace.Spans[i]
	}
	for range trace.Spans {
		parent, ok := byID[span.ParentID]
		if !ok {
			return ""
		}
		if _, known := names[parent.Name]; known {
			return parent.Name
		}
		span = parent
	}
	return "itself"
}

// A ticket's way is one trace, from the webhook to the note, over two apps, their sidecars, the queue and the workflow engine. It is
// read from Jaeger, where it came by way of the collector with the configuration that ships.
func TestOneTraceFromWebhookToNote(t *testing.T) {
	t.Parallel()
	const tenantID = "e2e-one-trace"
	onboard(t, tenantID, servicedesk.ProfileOnPrem)
	opened := open(t, tenantID)
	if job, _ := await(t, tenantID, opened.Accepted.JobID); job.Status != enhancement.StatusCompleted {
		t.Fatalf("job %+v", job)
	}
	names := ours()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	expected := slices.AppendSeq(slices.Collect(maps.Keys(names)), maps.Keys(sidecarSpans()))
	trace, err := watched.AwaitTrace(ctx, string(tracing.KeyJob), opened.Accepted.JobID, expected...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Log("\n" + trace.Tree())
		}
	}()
	for name, want := range names {
		spans := trace.Named(name)
		if len(spans) != 1 {
			t.Errorf("there are %d spans %s, want one", len(spans), name)
			continue
		}
		if got := above(&trace, spans[0], names); got != want {
			t.Errorf("%s hangs on %q, want %q", name, got, want)
		}
		service := "enhancer"
		if name == tracing.SpanWebhook || name == tracing.SpanQueued {
			service = "gateway"
		}
		if spans[0].Service != service || spans[0].Failed() {
			t.Errorf("%s is of %s, failed %t", name, spans[0].Service, spans[0].Failed())
		}
	}
	others, err := watched.TracesWith(ctx, string(tracing.KeyJob), opened.Accepted.JobID)
	if err != nil || len(others) != 1 {
		t.Errorf("the job is in %d traces, %v, want one", len(others), err)
	}
	calls := trace.Named(tracing.SpanDesk)
	if len(calls) == 0 {
		t.Error("no call of ServiceDesk Plus is in the trace")
	}
	for _, call := range calls {
		if got := above(&trace, call, names); got != tracing.SpanUpdate {
			t.Errorf("%s hangs on %s", call.Tags[string(tracing.KeyCall)], got)
		}
	}
	sidecarsTellOf(t, &trace)
	tracesTellNoSecrets(t, &trace, tenantID)
	logsNameTheTrace(t, &trace, opened.Accepted.JobID)
}

// sidecarSpans are spans of daprd's own, each with the one of ours that it hangs on: on both sides of the queue, and around the workflow.
// They arrive in their own time.
func sidecarSpans() map[string]string {
	return map[string]string{
		"/dapr.proto.runtime.v1.Dapr/PublishEvent": tracing.SpanQueued, "pubsub/" + event.TopicEnhancement: tracing.SpanQueued,
		"orchestration||" + workflows.EnhanceTicket: tracing.SpanEnhance, "activity||" + workflows.ActivityUpdateTicket: tracing.SpanEnhance,
	}
}

// sidecarsTellOf fails unless the sidecars' own spans hang on ours.
func sidecarsTellOf(t *testing.T, trace *observe.Trace) {
	t.Helper()
	for name, want := range sidecarSpans() {
		for _, s := range trace.Named(name) {
			if got := above(trace, s, ours()); got != want {
				t.Errorf("%s hangs on %q, want %q", name, got, want)
			}
		}
	}
}

// tracesTellNoSecrets fails when anything is in the trace that belongs to the ticket, the model or nobody but us.
func tracesTellNoSecrets(t *testing.T, trace *observe.Trace, tenantID string) {
	t.Helper()
	told, err := json.Marshal(trace) //nolint:musttag // searched as text alone
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string]string{
		"the subject": exampleSubject, "the description": "since the update", "a source": "Installed firmware", "an article": "KB-1",
		"the gateway's API token": running.APIToken("gateway"), "the enhancer's API token": running.APIToken("enhancer"),
		"the gateway's app token": running.AppToken("gateway"), "the enhancer's app token": running.AppToken("enhancer"),
		"the key of its server": users.Keys().APIKey(tenantID), "its signing secret": users.Keys().SigningSecret(tenantID),
	} {
		if secret == "" {
			t.Fatalf("%s is not known, so nothing is shown", what)
		}
		if strings.Contains(string(told), secret) {
			t.Errorf("the trace tells %s", what)
		}
	}
	if !strings.Contains(string(told), tenantID) {
		t.Error("the trace does not name the tenant, so nothing is shown")
	}
}

// logsNameTheTrace fails unless lines of both apps about the job say which trace it is.
func logsNameTheTrace(t *testing.T, trace *observe.Trace, jobID string) {
	t.Helper()
	for app, message := range map[string]string{"gateway": "webhook accepted", "enhancer": "the ticket is enhanced"} {
		file, err := os.Open(filepath.Join(running.Dir(), "logs", app+".log"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }() // it was only read
		found := false
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			line := lines.Text()
			found = found || strings.Contains(line, jobID) && strings.Contains(line, message) && strings.Contains(line, `"trace_id":"`+trace.ID+`"`)
		}
		if !found {
			t.Errorf("no line %q of the %s names trace %s", message, app, trace.ID)
		}
	}
}
