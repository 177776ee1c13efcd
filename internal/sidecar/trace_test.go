package sidecar_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// untraced is what the sidecar is told, and brings back, of what belongs to no trace.
const untraced = "00-00000000000000000000000000000001-0000000000000001-00"

const somewhere = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// The sidecar's spans hang on ours, and where there is none of ours it is told to make none, or each probe would be a trace.
func TestCallsOfTheSidecarCarryTheTrace(t *testing.T) {
	s, fake := connect(t, nil)
	traced := tracing.With(t.Context(), somewhere)
	if err := s.Publish(traced, "t", "payload"); err != nil {
		t.Fatal(err)
	}
	if err := s.StateReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Cache().Add(traced, "key", []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	// Taken is no failure, and must not look like one in a trace.
	if err := s.Cache().Add(traced, "key", []byte("v"), time.Minute); !errors.Is(err, sidecar.ErrTaken) {
		t.Fatal(err)
	}
	if len(fake.traces) != 4 || fake.traces[0] != somewhere {
		t.Fatalf("carried are %q", fake.traces)
	}
	for _, none := range fake.traces[1:] {
		if !tracing.Valid(none) || !strings.HasSuffix(none, "-00") {
			t.Errorf("%q does not say that nothing is recorded", none)
		}
	}
}

func TestACallOfAnotherAppCarriesTheTrace(t *testing.T) {
	s, fake := connect(t, nil)
	var carried []string
	fake.invoked = func(w http.ResponseWriter, r *http.Request) {
		carried = append(carried, r.Header.Get("Traceparent"))
		_, _ = w.Write([]byte("{}"))
	}
	for _, ctx := range []context.Context{tracing.With(t.Context(), somewhere), t.Context()} {
		var answer struct{}
		if err := s.Invoke(ctx, "enhancer", "/x", struct{}{}, &answer); err != nil {
			t.Fatal(err)
		}
	}
	if carried[0] != somewhere || !strings.HasSuffix(carried[1], "-00") {
		t.Errorf("carried are %q", carried)
	}
}

func TestADeliveryBringsTheSidecarsSpan(t *testing.T) {
	for header, want := range map[string]string{somewhere: somewhere, "": "", "nonsense": "", untraced: ""} {
		got := "not called"
		handler := sidecar.Receive(func(ctx context.Context, _ example) sidecar.Delivery {
			got = tracing.Parent(ctx)
			return sidecar.DeliveryDone
		}, slog.New(slog.DiscardHandler))
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"data":{"name":"x"}}`))
		req.Header.Set("Traceparent", header)
		handler.ServeHTTP(httptest.NewRecorder(), req)
		if got != want {
			t.Errorf("%q is received as %q", header, got)
		}
	}
}
