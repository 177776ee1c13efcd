package audit

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	// longestValue and longestKey are in characters. The table refuses values that are longer.
	longestValue, longestKey = 500, 100
	// mostDetails of an event are kept, the first by key.
	mostDetails = 32
	// longestRead is how much of a value is looked at, in bytes: what comes of it has to be short in any case.
	longestRead = 16 << 10
	ellipsis    = "…"
)

// clean makes e fit to be stored and to be shown on a terminal: what comes from outside may be of any length, no UTF-8,
// or full of control characters, and an error's text may hold a credential.
func clean(e Event) Event {
	e.Operation = Operation(cleanText(string(e.Operation), longestValue))
	e.Actor = escaped(telemetry.RedactTokens(readable(e.Actor)), longestValue)
	e.TenantID = cleanText(e.TenantID, longestValue)
	e.Target = cleanText(e.Target, longestValue)
	e.Address = cleanText(e.Address, longestValue)
	e.CorrelationID = cleanText(e.CorrelationID, longestValue)
	detail := make(map[string]string, len(e.Detail))
	for _, key := range slices.Sorted(maps.Keys(e.Detail)) {
		if len(detail) == mostDetails {
			break
		}
		detail[cleanText(key, longestKey)] = cleanText(telemetry.RedactValue(key, e.Detail[key]), longestValue)
	}
	e.Detail = detail
	return e
}

// cleanText redacts before it escapes, because secrets are recognised in the text as it was, and shortens last.
func cleanText(s string, longest int) string {
	s = readable(s)
	// What is invisible is kept, escaped, as evidence; but not where it hides a secret.
	if shown := ticket.Normalize(s); telemetry.Redact(shown) != shown {
		return escaped(telemetry.Redact(shown), longest)
	}
	return escaped(telemetry.Redact(s), longest)
}

// readable bounds the work on s and makes it UTF-8.
func readable(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), longestRead)], "\uFFFD")
}

// escaped writes what is not to be seen as escape sequences, in at most so many characters.
func escaped(s string, longest int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		text := string(r)
		if !strconv.IsGraphic(r) {
			text = escape(r)
		}
		if n += utf8.RuneCountInString(text); n > longest {
			return shorten(b.String(), longest)
		}
		b.WriteString(text)
	}
	return b.String()
}

// escape writes r as Go and JSON do: \n, \u202e.
func escape(r rune) string {
	return strings.Trim(strconv.QuoteRuneToASCII(r), "'")
}

// shorten makes room for the ellipsis that says that something is missing.
func shorten(s string, longest int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), longest-1)]) + ellipsis
}
