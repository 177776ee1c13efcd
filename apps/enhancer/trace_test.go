package main

import (
	"context"
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
