package openai

import (
	"net/http"
	"strconv"
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
		"requests":     {http.Header{"X-Ratelimit-Remaining-Requests": {"0"}, "X-Ratelimit-Reset-Requests": {"1m3.5s"}}, 63500 * time.Millisecond, true},
		"tokens":       {http.Header{"X-Ratelimit-Remaining-Tokens": {"0"}, "X-Ratelimit-Reset-Tokens": {"20ms"}, "X-Ratelimit-Reset-Requests": {"1h"}}, 20 * time.Millisecond, true},
		"both":         {http.Header{"X-Ratelimit-Remaining-Tokens": {"0"}, "X-Ratelimit-Reset-Tokens": {"20ms"}, "X-Ratelimit-Remaining-Requests": {"0"}, "X-Ratelimit-Reset-Requests": {"1s"}}, time.Second, true},
		"not used up":  {http.Header{"X-Ratelimit-Remaining-Requests": {"7"}, "X-Ratelimit-Reset-Requests": {"1m"}}, 0, false},
		"reset":        {http.Header{"X-Ratelimit-Reset": {"2.5"}}, 2500 * time.Millisecond, true},
		"reset at":     {http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.Unix()+4, 10)}}, 4 * time.Second, true},
		"reset at, ms": {http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.UnixMilli()+5, 10)}}, 5 * time.Millisecond, true},
		"reset past":   {http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.Unix()-4, 10)}}, 0, true},
		"reset never":  {http.Header{"X-Ratelimit-Reset": {"NaN"}}, 0, false},
		"overflow":     {http.Header{"Retry-After": {"1e300"}}, 0, false},
	} {
		if got, given := retryAfter(tc.header, now); got != tc.want || given != tc.given {
			t.Errorf("%s: got %v, %v", name, got, given)
		}
	}
}
