package sidecar_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

func TestInvoke(t *testing.T) {
	t.Setenv("DAPR_API_TOKEN", "example-token")
	s, fake := connect(t, nil)
	fake.invoked = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/v1.0/invoke/enhancer/method/previews" || r.Header.Get("Dapr-Api-Token") != "example-token" ||
			r.Header.Get("Content-Type") != "application/json" || string(body) != `{"name":"asked"}` {
			t.Errorf("%s %v: %s", r.URL, r.Header, body)
		}
		_, _ = io.WriteString(w, `{"name":"answered"}`)
	}
	var got example
	if err := s.Invoke(t.Context(), "enhancer", "/previews", example{Name: "asked"}, &got); err != nil || got.Name != "answered" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnAppThatIsNotThereIsSaid(t *testing.T) {
	s, fake := connect(t, nil)
	for name, answer := range map[string]http.HandlerFunc{
		"as the sidecar says": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"errorCode":"ERR_DIRECT_INVOKE"}`, http.StatusInternalServerError)
		},
		"refused":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not for you", http.StatusForbidden) },
		"no JSON":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"without end": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 5<<20)) },
	} {
		fake.invoked = answer
		var got example
		if err := s.Invoke(t.Context(), "enhancer", "/previews", example{}, &got); !errors.Is(err, sidecar.ErrNotInvoked) || got.Name != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	over := make(chan struct{})
	fake.invoked = func(http.ResponseWriter, *http.Request) { <-over }
	defer close(over)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Invoke(ctx, "enhancer", "/previews", example{}, nil); !errors.Is(err, sidecar.ErrNotInvoked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody answers: %v", err)
	}
}
