package tracing_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

const somewhere = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// Whatever a slip or a library puts on a span, these do not leave the process.
func TestNoSecretLeavesOnASpan(t *testing.T) {
	t.Parallel()
	spans := tracingtest.New(t)
	secrets := []string{"hunter2hunter2", "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789", "the ticket's own words", "jane@", "4111111111111111"}
	ctx, span := spans.Tracer.RootAt(t.Context(), tracing.SpanWebhook, trace.SpanKindServer, time.Now(),
		attribute.String("ticket.description", "the ticket's own words"), // no key of ours
		attribute.String("url.full", "https://user:hunter2hunter2@192.0.2.1/x?key=hunter2hunter2"),
		tracing.KeyTicket.String("password=hunter2hunter2"), tracing.KeyServer.String("https://user:hunter2hunter2@192.0.2.1"),
		tracing.KeyDegraded.StringSlice([]string{"Authorization: Bearer sk-proj-abcdefghijklmnopqrstuvwxyz0123456789", "mail of jane@example.com"}),
		tracing.KeyOutcome.ByteSlice([]byte("the ticket's own words")), tracing.KeyTenant.String("alpha"))
	span.SetName("the ticket's own words")
	span.AddEvent("api_key=hunter2hunter2", trace.WithAttributes(attribute.String("text", "the ticket's own words"), tracing.KeyJob.String("card 4111111111111111")))
	span.RecordError(errors.New("the ticket's own words"))
	span.AddLink(trace.Link{SpanContext: trace.SpanContextFromContext(tracing.With(ctx, somewhere)), Attributes: []attribute.KeyValue{attribute.String("text", "the ticket's own words")}})
	tracing.Fail(span, "refused by https://user:hunter2hunter2@192.0.2.1, token: sk-proj-abcdefghijklmnopqrstuvwxyz0123456789")
	span.End()
	all := spans.All()
	told, err := json.Marshal(all)
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	for _, secret := range secrets {
		if strings.Contains(string(told), secret) {
			t.Errorf("%q is told: %s", secret, told)
		}
	}
	if all[0].Name != "unnamed" || tracingtest.Attr(all[0], tracing.KeyTenant).AsString() != "alpha" || len(all[0].Links) != 1 ||
		!strings.Contains(all[0].Status.Description, "refused") || all[0].Status.Code != codes.Error {
		t.Errorf("what may be told is missing: %+v", all[0])
	}
}

func TestLongTextsAreCut(t *testing.T) {
	t.Parallel()
	spans := tracingtest.New(t)
	_, span := spans.Tracer.RootAt(t.Context(), tracing.SpanWebhook, trace.SpanKindServer, time.Now(),
		tracing.KeyTicket.String(strings.Repeat("é", 1000)), tracing.KeyJob.String("a\xffb"))
	span.End()
	got := spans.One(tracing.SpanWebhook)
	for _, key := range []attribute.Key{tracing.KeyTicket, tracing.KeyJob} {
		if text := tracingtest.Attr(got, key).AsString(); len(text) > 256 || len(text) < 3 || !utf8.ValidString(text) {
			t.Errorf("%s: %d bytes, %q", key, len(text), text)
		}
	}
}

func TestAnEnclosingSpanIsEmittedOnceWithTheIDThatOthersHangOn(t *testing.T) {
	t.Parallel()
	spans, elsewhere := tracingtest.New(t), tracingtest.New(t)
	run := tracing.Run(somewhere, "example-job", 2)
	_, child := elsewhere.Tracer.Under(t.Context(), run.Parent(), tracing.SpanUpdate, trace.SpanKindInternal)
	child.End()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for range 3 {
		spans.Tracer.Emit(run, tracing.Over{Start: began, End: began.Add(time.Minute), Failed: "password=hunter2hunter2", Attrs: []attribute.KeyValue{tracing.KeyRun.Int(2)}})
	}
	got, hangs := spans.One(tracing.SpanEnhance), elsewhere.One(tracing.SpanUpdate)
	if hangs.Parent.SpanID() != got.SpanContext.SpanID() || hangs.SpanContext.TraceID() != got.SpanContext.TraceID() {
		t.Errorf("the child hangs on %s, the span is %s", hangs.Parent.SpanID(), got.SpanContext.SpanID())
	}
	if got.Parent.SpanID().String() != somewhere[36:52] || !got.StartTime.Equal(began) || got.EndTime.Sub(got.StartTime) != time.Minute ||
		got.Status.Code != codes.Error || strings.Contains(got.Status.Description, "hunter2") {
		t.Errorf("the span is %+v", got)
	}
}

// The ids are in the ledger's rows and in workflows under way when the next release comes: it has to derive the same.
func TestTheIDsOfEnclosingSpansAreDurable(t *testing.T) {
	t.Parallel()
	if got, want := tracing.Run(somewhere, "example-job", 2).Parent(), "00-0af7651916cd43dd8448eb211c80319c-353fc9ee88b5176b-01"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	anew := tracing.Wait(somewhere, "example-job", 2)
	anew.Anew = true
	if got, want := anew.Parent(), "00-97b31458fd27653c22e71975eff91143-4d41ff97b1fc9cf9-01"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	seen := map[string]bool{somewhere: true}
	for _, e := range []tracing.Enclosing{
		tracing.Run(somewhere, "a", 1), tracing.Run(somewhere, "a", 2), tracing.Run(somewhere, "b", 1),
		{Below: somewhere, Name: tracing.SpanGathering, JobID: "a", Run: 1},
		tracing.Run("00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a", 1),
	} {
		parent := e.Parent()
		if seen[parent[36:]] || !tracing.Valid(parent) {
			t.Errorf("%+v is %s", e, parent)
		}
		seen[parent[36:]] = true
	}
}

// What hangs on a root that goes on from another trace was told already whether it is sampled: the sampler of new traces is not asked.
func TestARootThatGoesOnIsSampledAsTheTraceBefore(t *testing.T) {
	t.Parallel()
	for _, sampler := range []string{"parentbased_always_on", "parentbased_always_off"} {
		for parent, want := range map[string]int{somewhere: 1, somewhere[:len(somewhere)-1] + "0": 0} {
			spans := tracingtest.With(t, tracing.Config{Sampler: sampler})
			root := tracing.Enclosing{Below: parent, Name: tracing.SpanWait, JobID: "a", Run: 2, Anew: true}
			spans.Tracer.Emit(root, tracing.Over{})
			if all := spans.All(); len(all) != want {
				t.Errorf("%s: %d spans go on from %s, want %d", sampler, len(all), parent, want)
			}
		}
	}
}

func TestClocksThatDifferMakeNoSpanOfNegativeLength(t *testing.T) {
	t.Parallel()
	spans := tracingtest.New(t)
	now := time.Now()
	spans.Tracer.Emit(tracing.Run(somewhere, "a", 1), tracing.Over{Start: now, End: now.Add(-time.Second)})
	if got := spans.One(tracing.SpanEnhance); got.EndTime.Before(got.StartTime) {
		t.Errorf("from %s to %s", got.StartTime, got.EndTime)
	}
}

func TestOnlyATraceparentIsGoneOnWith(t *testing.T) {
	t.Parallel()
	spans := tracingtest.New(t)
	for _, wrong := range []string{
		"", "nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
		somewhere + "-x", " " + somewhere, somewhere + "\n",
	} {
		if tracing.Valid(wrong) {
			t.Errorf("%q counts as a traceparent", wrong)
		}
		ctx, span := spans.Tracer.Under(tracing.With(t.Context(), somewhere), wrong, tracing.SpanFetch, trace.SpanKindInternal)
		span.End()
		if tracing.Parent(ctx) != "" || tracing.SameTrace(wrong, somewhere) {
			t.Errorf("%q is gone on with as %s", wrong, tracing.Parent(ctx))
		}
		if tracing.Run(wrong, "a", 1).Parent() != "" {
			t.Errorf("a run below %q has a span", wrong)
		}
		spans.Tracer.Emit(tracing.Run(wrong, "a", 1), tracing.Over{})
	}
	if all := spans.All(); len(all) != 0 {
		t.Errorf("there are spans: %+v", all)
	}
	if got := tracing.Parent(tracing.With(context.Background(), somewhere)); got != somewhere {
		t.Errorf("carried is %s", got)
	}
}
