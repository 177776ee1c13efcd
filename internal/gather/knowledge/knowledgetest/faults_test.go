package knowledgetest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
)

const target = "/search?q=vpn+drops&limit=3"

func setFaults(t *testing.T, s *knowledgetest.Server, f knowledgetest.Faults) {
	t.Helper()
	if err := s.SetFaults(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults knowledgetest.Faults
		check  func(rec *httptest.ResponseRecorder) bool
	}{
		"status": {
			knowledgetest.Faults{Status: http.StatusServiceUnavailable},
			func(rec *httptest.ResponseRecorder) bool { return rec.Code == http.StatusServiceUnavailable },
		},
		"malformed": {
			knowledgetest.Faults{Malformed: true},
			func(rec *httptest.ResponseRecorder) bool { return !json.Valid(rec.Body.Bytes()) },
		},
		"oversize": {
			knowledgetest.Faults{Oversize: true},
			func(rec *httptest.ResponseRecorder) bool {
				return rec.Body.Len() > 1<<20 && json.Valid(rec.Body.Bytes())
			},
		},
		"wrong content": {
			knowledgetest.Faults{WrongContent: true},
			func(rec *httptest.ResponseRecorder) bool {
				return rec.Code == http.StatusOK && strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html")
			},
		},
		"failure inside": {
			knowledgetest.Faults{FailureInside: true},
			func(rec *httptest.ResponseRecorder) bool {
				return rec.Code == http.StatusOK && json.Valid(rec.Body.Bytes()) && !strings.Contains(rec.Body.String(), "articles")
			},
		},
		"latency": {
			knowledgetest.Faults{LatencyMS: 1},
			func(rec *httptest.ResponseRecorder) bool { return strings.Contains(rec.Body.String(), "kb-1") },
		},
		"none": {
			knowledgetest.Faults{},
			func(rec *httptest.ResponseRecorder) bool { return strings.Contains(rec.Body.String(), "kb-1") },
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			setFaults(t, s, tc.faults)
			if rec := get(t.Context(), s, target, key); !tc.check(rec) {
				t.Errorf("answer %d %.80q", rec.Code, rec.Body)
			}
		})
	}
}

func TestFaultsRunOut(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	setFaults(t, s, knowledgetest.Faults{Status: http.StatusTooManyRequests, Remaining: 2})
	var got []int
	for range 3 {
		got = append(got, get(t.Context(), s, target, key).Code)
	}
	want := []int{http.StatusTooManyRequests, http.StatusTooManyRequests, http.StatusOK}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(knowledgetest.Faults{}, s.Faults()); diff != "" {
		t.Errorf("faults left (-want +got):\n%s", diff)
	}
}

func TestWaitingEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]knowledgetest.Faults{"hang": {Hang: true}, "latency": {LatencyMS: 3_600_000}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			setFaults(t, s, f)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if rec := get(ctx, s, target, key); rec.Body.Len() != 0 {
				t.Errorf("answered %q", rec.Body)
			}
			if calls := s.Calls(); len(calls) != 1 || calls[0].Status != 0 {
				t.Errorf("calls %+v, want one without answer", calls)
			}
		})
	}
}

func TestHangingEndsWithTheFault(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	setFaults(t, s, knowledgetest.Faults{Hang: true, Remaining: 1})
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- get(t.Context(), s, target, key) }()
	// The fault is used up as soon as the search hangs.
	for s.Faults() != (knowledgetest.Faults{}) {
		select {
		case <-t.Context().Done():
			t.Fatal("the search never arrived")
		default:
			runtime.Gosched()
		}
	}
	setFaults(t, s, knowledgetest.Faults{})
	if got := found(t, <-answered); len(got) == 0 {
		t.Error("nothing found after the fault was lifted")
	}
}

func TestFaultsAsJSON(t *testing.T) {
	t.Parallel()
	const whole = `{"latency_ms":5,"hang":true,"status":503,"malformed":true,"oversize":true,"wrong_content":true,"remaining":2}`
	var f knowledgetest.Faults
	if err := json.Unmarshal([]byte(whole), &f); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(f)
	if err != nil || string(back) != whole {
		t.Errorf("round trip gives %s, %v", back, err)
	}
	for name, bad := range map[string]string{
		"unknown field":    `{"explode":true}`,
		"wrong type":       `{"hang":"yes"}`,
		"negative latency": `{"latency_ms":-1}`,
		"negative count":   `{"remaining":-1}`,
		"no such status":   `{"status":42}`,
	} {
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s: %s was taken", name, bad)
		}
	}
	if err := newServer(t).SetFaults(knowledgetest.Faults{Status: 1}); err == nil {
		t.Error("SetFaults took a status that is none")
	}
}
