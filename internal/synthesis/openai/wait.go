package openai

import (
	"net/http"
	"strconv"
	"time"
)

// retryAfter reads how long the server asks to wait: retry-after-ms as OpenAI sends it, or Retry-After
// in seconds or as a date (RFC 9110, section 10.2.3), or else when one of its limits is free again.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond)), true
	}
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second)), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now)), true
	}
	return untilReset(h, now)
}

// untilReset is the longest wait until a limit is free that has nothing left. OpenAI has one for requests and one for
// tokens (https://platform.openai.com/docs/guides/rate-limits); others have one that is named after neither.
func untilReset(h http.Header, now time.Time) (wait time.Duration, given bool) {
	for _, of := range []string{"", "-Requests", "-Tokens"} {
		if left := h.Get("X-Ratelimit-Remaining" + of); left != "0" && (left != "" || of != "") {
			continue
		}
		if until, ok := readReset(h.Get("X-Ratelimit-Reset"+of), now); ok {
			wait, given = max(wait, until), true
		}
	}
	return wait, given
}

// readReset reads "6m0s", or seconds, or the moment in seconds or milliseconds since 1970.
func readReset(value string, now time.Time) (time.Duration, bool) {
	if d, err := time.ParseDuration(value); err == nil && d >= 0 {
		return d, true
	}
	const (
		earliest   = 1e9  // seconds since 1970 in 2001
		earliestMS = 1e12 // the same moment in milliseconds
	)
	switch n, err := strconv.ParseFloat(value, 64); {
	case err != nil || !(n >= 0 && n < 1e14):
		return 0, false
	case n >= earliestMS:
		return max(0, time.UnixMilli(int64(n)).Sub(now)), true
	case n >= earliest:
		return max(0, time.Unix(int64(n), 0).Sub(now)), true
	default:
		return time.Duration(n * float64(time.Second)), true
	}
}
