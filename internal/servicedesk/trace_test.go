package servicedesk_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

// A call's span says which call it was and how it ended. The server hears nothing of our trace, and we tell nothing of its words.
func TestCallsAreTraced(t *testing.T) {
	t.Parallel()
	const private = "the root password of the file server is on the yellow paper"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("a tenant's server is told of our trace")
		}
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(noNotes))
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"response_status":{"status":"failed","status_code":4000,"messages":[{"status_code":4001,"message":"` + private + apiKey + `"}]}}`))
	}))
	t.Cleanup(srv.Close)
	client := newClient(t, servicedesk.Config{BaseURL: srv.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey})
	spans := tracingtest.New(t)
	ctx, step := spans.Tracer.RootAt(t.Context(), tracing.SpanUpdate, trace.SpanKindInternal, time.Now())
	_, err := client.PutNote(ctx, servicedesk.NoteWrite{TicketID: "12", Marker: "m1", Body: "<p>" + private + " m1</p>"})
	step.End()
	if _, ok := errors.AsType[*servicedesk.Error](err); !ok {
		t.Fatal(err)
	}
	calls := spans.Named(tracing.SpanDesk)
	if len(calls) < 2 {
		t.Fatalf("%d calls are traced", len(calls))
	}
	parent := spans.One(tracing.SpanUpdate).SpanContext.SpanID()
	read, write := calls[0], calls[len(calls)-1]
	for _, call := range calls {
		if call.Parent.SpanID() != parent || call.SpanKind != trace.SpanKindClient || !strings.HasPrefix(tracingtest.Attr(call, tracing.KeyServer).AsString(), "127.0.0.1:") {
			t.Errorf("the call is %+v", call)
		}
	}
	if tracingtest.Attr(read, tracing.KeyCall).AsString() != "list_notes" || tracingtest.Attr(read, tracing.KeyHTTPStatus).AsInt64() != http.StatusOK || read.Status.Code == codes.Error {
		t.Errorf("the read is %+v", read)
	}
	if tracingtest.Attr(write, tracing.KeyCall).AsString() != "add_note" || tracingtest.Attr(write, tracing.KeyHTTPStatus).AsInt64() != http.StatusBadRequest ||
		write.Status.Code != codes.Error || write.Status.Description != "give_up 4001" {
		t.Errorf("the write is %+v", write)
	}
	told, err := json.Marshal(calls)
	if err != nil || strings.Contains(string(told), "yellow") || strings.Contains(string(told), apiKey) {
		t.Errorf("the spans tell %s, %v", told, err)
	}
}
