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
	}{
		"none":         {http.Header{}, 0},
		"seconds":      {http.Header{"Retry-After": {"7"}}, 7 * time.Second},
		"milliseconds": {http.Header{"Retry-After": {"7"}, "Retry-After-Ms": {"20"}}, 20 * time.Millisecond},
		"date":         {http.Header{"Retry-After": {"Fri, 02 Jan 2026 03:04:15 GMT"}}, 10 * time.Second},
		"past date":    {http.Header{"Retry-After": {"Fri, 02 Jan 2026 03:00:00 GMT"}}, 0},
		"rubbish":      {http.Header{"Retry-After": {"soon"}}, 0},
		"overflow":     {http.Header{"Retry-After": {"1e300"}}, 0},
	} {
		if got := retryAfter(tc.header, now); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
