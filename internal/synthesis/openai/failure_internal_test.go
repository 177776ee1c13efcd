package openai

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tc := range map[string]struct {
		header http.Header
		want   time.Duration
		given  bool
	}{
		"none":         {http.Header{}, 0, false},
		"seconds":      {http.Header{"Retry-After": {"7"}}, 7 * time.Second, true},
		"fraction":     {http.Header{"Retry-After": {"0.5"}}, 500 * time.Millisecond, true},
		"milliseconds": {http.Header{"Retry-After": {"7"}, "Retry-After-Ms": {"20"}}, 20 * time.Millisecond, true},
		"date":         {http.Header{"Retry-After": {"Fri, 02 Jan 2026 03:04:15 GMT"}}, 10 * time.Second, true},
		"past date":    {http.Header{"Retry-After": {"Fri, 02 Jan 2026 03:00:00 GMT"}}, 0, true},
		"negative":     {http.Header{"Retry-After": {"-1"}}, 0, false},
		"rubbish":      {http.Header{"Retry-After": {"soon"}}, 0, false},
		"overflow":     {http.Header{"Retry-After": {"1e300"}}, 0, false},
	} {
		if got, given := retryAfter(tc.header, now); got != tc.want || given != tc.given {
			t.Errorf("%s: got %v, %v", name, got, given)
		}
	}
}
