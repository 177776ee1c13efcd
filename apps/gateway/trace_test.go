package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

func TestTheTraceOfAWebhookGoesOnInEventAndLedger(t *testing.T) {
	f := newFixture(t)
	_, got, _ := f.sendSigned(t, payload(t, nil))
	received, queued := f.spans.One(tracing.SpanWebhook), f.spans.One(tracing.SpanQueued)
	if received.Parent.IsValid() || received.SpanKind != trace.SpanKindServer {
		t.Errorf("the webhook's span is no root, or no server's: %+v", received.Parent)
	}
	if queued.Parent.SpanID() != received.SpanContext.SpanID() || queued.SpanContext.TraceID() != received.SpanContext.TraceID() {
		t.Error("the job is not queued within the webhook's span")
	}
	want := "00-" + queued.SpanContext.TraceID().String() + "-" + queued.SpanContext.SpanID().String() + "-01"
	job, err := f.ledger.Job(t.Context(), "alpha", got.JobID)
	if err != nil || job.TraceParent != want || f.queue.events[0].TraceParent != want {
		t.Errorf("the ledger has %q, the event %q (%v), want %q", job.TraceParent, f.queue.events[0].TraceParent, err, want)
	}
	for _, span := range []string{tracing.SpanWebhook, tracing.SpanQueued} {
		s := f.spans.One(span)
		if tracingtest.Attr(s, tracing.KeyJob).AsString() != got.JobID || tracingtest.Attr(s, tracing.KeyTenant).AsString() != "alpha" {
			t.Errorf("%s: %v", span, s.Attributes)
		}
	}
	if code := tracingtest.Attr(received, tracing.KeyHTTPStatus).AsInt64(); code != http.StatusAccepted {
		t.Errorf("status %d", code)
	}
	if !strings.Contains(f.log.String(), `"trace_id":"`+queued.SpanContext.TraceID().String()+`"`) {
		t.Errorf("the log does not name the trace: %s", f.log)
	}
}

// With it, a sender would choose what is recorded, and have tickets of other tenants found in one trace.
func TestASendersTraceIsNotOurs(t *testing.T) {
	const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	f := newFixture(t)
	body := payload(t, nil)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
	req.Header.Set(webhook.SignatureHeader, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body))
	req.Header.Set("Traceparent", theirs)
	req.Header.Set("Tracestate", "vendor=value")
	req.Header.Set("Baggage", "secret=value")
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, req)
	span := f.spans.One(tracing.SpanWebhook)
	if rec.Code != http.StatusAccepted || span.Parent.IsValid() || span.SpanContext.TraceID().String() == theirs[3:35] || span.SpanContext.TraceState().Len() != 0 {
		t.Errorf("%d: the span is %+v below %+v", rec.Code, span.SpanContext, span.Parent)
	}
	if got := tracingtest.Attr(span, tracing.KeySentBy).AsString(); got != theirs {
		t.Errorf("noted is %q", got)
	}
}

func TestWhoIsNotProvenIsNotTraced(t *testing.T) {
	f := newFixture(t)
	if rec, _, _ := f.send(t, payload(t, nil), "sha256=00"); rec.Code != http.StatusUnauthorized {
		t.Fatalf("status %d", rec.Code)
	}
	if all := f.spans.All(); len(all) != 0 {
		t.Errorf("anybody can fill the collector: %v", all)
	}
}

func TestTheTraceTellsOfARefusal(t *testing.T) {
	f := newFixture(t)
	f.queue.before = func(event.EnhancementRequested) error { return errors.New("example: down, password=hunter2hunter2") }
	f.sendSigned(t, payload(t, nil))
	for _, name := range []string{tracing.SpanWebhook, tracing.SpanQueued} {
		s := f.spans.One(name)
		if s.Status.Code != codes.Error || s.Status.Description != failedUnavailable || s.EndTime.Before(s.StartTime) {
			t.Errorf("%s: %+v", name, s.Status)
		}
	}
}

func TestARepeatedDeliveryIsLinkedToItsJobsTrace(t *testing.T) {
	f := newFixture(t)
	body := payload(t, nil)
	f.sendSigned(t, body)
	first := f.spans.One(tracing.SpanQueued)
	time.Sleep(time.Millisecond) // spans are told apart by their beginning
	f.sendSigned(t, body)
	second := f.spans.Named(tracing.SpanQueued)[1]
	if second.SpanContext.TraceID() == first.SpanContext.TraceID() || len(second.Links) != 1 || second.Links[0].SpanContext.SpanID() != first.SpanContext.SpanID() {
		t.Errorf("the second is %+v with links %+v, the first %+v", second.SpanContext, second.Links, first.SpanContext)
	}
	if !tracingtest.Attr(second, tracing.KeyRepeated).AsBool() || tracingtest.Attr(first, tracing.KeyRepeated).AsBool() {
		t.Error("the spans do not say which delivery was the first")
	}
}

// Collectors keep all failures: a sender that gets a field wrong a thousand times is none of ours.
func TestWhatTheSenderDidWrongIsNoFailure(t *testing.T) {
	f := newFixture(t)
	if rec, _, _ := f.sendSigned(t, payload(t, map[string]any{"description": 5})); rec.Code != http.StatusBadRequest {
		t.Fatalf("status %d", rec.Code)
	}
	s := f.spans.One(tracing.SpanWebhook)
	if s.Status.Code != codes.Unset || tracingtest.Attr(s, tracing.KeyHTTPStatus).AsInt64() != http.StatusBadRequest {
		t.Errorf("%+v, %v", s.Status, s.Attributes)
	}
}
