package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

const (
	queuedAt  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	sidecarAt = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
	elsewhere = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)

func TestADeliveryHangsOnWhatBroughtIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ event, header, parent string }{
		"the sidecar traces":       {queuedAt, sidecarAt, sidecarAt},
		"it does not":              {queuedAt, "", queuedAt},
		"it traces something else": {queuedAt, elsewhere, queuedAt},
		"nothing is traced":        {"", elsewhere, ""},
		"what is no traceparent":   {"00-x", "00-x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spans := tracingtest.New(t)
			jobs := &receiver{ledger: queue{status: enhancement.StatusPending}, wake: func(string) {}, tracer: spans.Tracer, logger: slog.New(slog.DiscardHandler)}
			body := strings.Replace(delivered, `"ticket_id":"1"`, `"ticket_id":"1","trace_parent":"`+c.event+`"`, 1)
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, event.RouteEnhancement, strings.NewReader(body))
			req.Header.Set("Traceparent", c.header)
			rec := httptest.NewRecorder()
			jobs.handler().ServeHTTP(rec, req)
			if !strings.Contains(rec.Body.String(), "SUCCESS") {
				t.Fatalf("answered %s", rec.Body)
			}
			if c.parent == "" {
				if all := spans.All(); len(all) != 0 {
					t.Errorf("there are spans: %+v", all)
				}
				return
			}
			got := spans.One(tracing.SpanDelivered)
			if got.Parent.SpanID().String() != c.parent[36:52] || got.SpanContext.TraceID().String() != c.parent[3:35] || got.SpanKind != trace.SpanKindConsumer {
				t.Errorf("it hangs on %s, want %s", got.Parent.SpanID(), c.parent)
			}
		})
	}
}

// watching is an engine that looks at the span that it is told of.
type watching struct {
	starts

	told string
}

func (w *watching) ScheduleWorkflow(ctx context.Context, name string, opts ...workflow.NewWorkflowOptions) (string, error) {
	w.told = tracing.Parent(ctx)
	return w.starts.ScheduleWorkflow(ctx, name, opts...)
}

func TestAStartTellsForHowLongTheJobWaited(t *testing.T) {
	t.Parallel()
	spans, engine := tracingtest.New(t), &watching{}
	s := &starter{engine: engine, instances: engine, tracer: spans.Tracer}
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := ledger.Admitted{
		TenantID: "alpha", JobID: exampleJob, TicketID: "1", CorrelationID: "c", Run: 1, TraceParent: queuedAt, WaitedSince: since, StartedAt: since.Add(time.Minute),
	}
	for range 2 { // the second time because the answer to the first was lost
		if err := s.Start(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	wait := spans.One(tracing.SpanWait)
	if wait.Parent.SpanID().String() != queuedAt[36:52] || !wait.StartTime.Equal(since) || wait.EndTime.Sub(wait.StartTime) != time.Minute {
		t.Errorf("it waited from %s to %s below %s", wait.StartTime, wait.EndTime, wait.Parent.SpanID())
	}
	if want := tracing.Run(queuedAt, exampleJob, 1).Parent(); engine.told != want {
		t.Errorf("the engine is told of %s, want %s", engine.told, want)
	}
	if in := engine.inputs[0].Trace; in.Parent != queuedAt || time.Since(in.BeganAt) > time.Minute {
		t.Errorf("the workflow is told %+v", in)
	}
}

// retraced is a ledger that is told where a run is traced.
type retraced struct {
	stored

	told []string
}

func (r *retraced) TraceAnew(_ context.Context, tenantID, jobID string, run int, parent string) error {
	r.told = append(r.told, fmt.Sprint(tenantID, " ", jobID, " ", run, " ", parent))
	return r.err
}

// A collector has decided about the first trace when a late run begins: it has one of its own, which says that it is slow with its first
// span, and is linked to that before.
func TestALateRunHasATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	spans, engine, books := tracingtest.New(t), &watching{}, &retraced{}
	s := &starter{ledger: books, engine: engine, instances: engine, tracer: spans.Tracer, logger: slog.New(slog.DiscardHandler)}
	received := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := ledger.Admitted{
		TenantID: "alpha", JobID: exampleJob, TicketID: "1", CorrelationID: "c", Run: 2, TraceParent: queuedAt,
		ReceivedAt: received, WaitedSince: received, StartedAt: received.Add(tracing.Late),
	}
	if err := s.Start(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	wait := spans.One(tracing.SpanWait)
	if wait.Parent.IsValid() || wait.SpanContext.TraceID().String() == queuedAt[3:35] || !wait.SpanContext.IsSampled() {
		t.Errorf("the wait is %s below %s", wait.SpanContext.TraceID(), wait.Parent.SpanID())
	}
	if len(wait.Links) != 1 || wait.Links[0].SpanContext.SpanID().String() != queuedAt[36:52] {
		t.Errorf("it is linked to %+v", wait.Links)
	}
	if !tracingtest.Attr(wait, tracing.KeySlow).AsBool() {
		t.Error("it does not say that it is slow")
	}
	parent := tracing.Parent(trace.ContextWithSpanContext(t.Context(), wait.SpanContext))
	if engine.inputs[0].Trace.Parent != parent || engine.told != tracing.Run(parent, exampleJob, 2).Parent() {
		t.Errorf("the workflow is traced at %s and the engine at %s, want %s", engine.inputs[0].Trace.Parent, engine.told, parent)
	}
	if want := "alpha " + exampleJob + " 2 " + parent; len(books.told) != 1 || books.told[0] != want {
		t.Errorf("the ledger is told %q, want %q", books.told, want)
	}
}

// A job that was begun anew long after its event, and did not wait, is not slow.
func TestALateRunThatDidNotWaitIsNotSlow(t *testing.T) {
	t.Parallel()
	spans, engine := tracingtest.New(t), &watching{}
	s := &starter{ledger: &retraced{}, engine: engine, instances: engine, tracer: spans.Tracer}
	now := time.Now()
	a := ledger.Admitted{JobID: exampleJob, Run: 2, TraceParent: queuedAt, ReceivedAt: now.Add(-time.Hour), WaitedSince: now.Add(-time.Second), StartedAt: now}
	if err := s.Start(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if wait := spans.One(tracing.SpanWait); wait.Parent.IsValid() || tracingtest.Attr(wait, tracing.KeySlow).AsBool() {
		t.Errorf("%+v", wait)
	}
}

// Where the ledger does not take the new trace, the run is in the one that the ledger names.
func TestALateRunOfWhichTheLedgerIsNotTold(t *testing.T) {
	t.Parallel()
	spans, engine := tracingtest.New(t), &watching{}
	s := &starter{
		ledger: &retraced{stored: stored{err: errExample}}, engine: engine, instances: engine, tracer: spans.Tracer, logger: slog.New(slog.DiscardHandler),
	}
	now := time.Now()
	a := ledger.Admitted{JobID: exampleJob, Run: 2, TraceParent: queuedAt, ReceivedAt: now.Add(-time.Hour), WaitedSince: now.Add(-time.Hour), StartedAt: now}
	if err := s.Start(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if wait := spans.One(tracing.SpanWait); wait.Parent.SpanID().String() != queuedAt[36:52] || engine.inputs[0].Trace.Parent != queuedAt {
		t.Errorf("%+v, the workflow is traced at %s", wait, engine.inputs[0].Trace.Parent)
	}
}

func TestAJobThatIsNotStartedHasNotWaitedYet(t *testing.T) {
	t.Parallel()
	spans := tracingtest.New(t)
	engine := &starts{err: errExample}
	s := &starter{engine: engine, instances: engine, tracer: spans.Tracer}
	if err := s.Start(t.Context(), ledger.Admitted{JobID: exampleJob, Run: 1, TraceParent: queuedAt, WaitedSince: time.Now(), StartedAt: time.Now()}); err == nil {
		t.Fatal("started")
	}
	if all := spans.All(); len(all) != 0 {
		t.Errorf("there are spans: %+v", all)
	}
}
