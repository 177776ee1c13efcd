package importfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/importfile"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	minute := time.Date(2026, 1, 31, 15, 4, 0, 0, time.UTC)
	second := minute.Add(5 * time.Second)
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "-": {}, "0": {}, "-1": {},
		"2026-01-31T15:04:05Z":         second,
		"2026-01-31T16:04:05+01:00":    second,
		"2026-01-31T16:04:05.250+0100": second.Add(250 * time.Millisecond),
		"2026-01-31T15:04:05":          second,
		" 2026-01-31 15:04:05 ":        second,
		"2026-01-31 15:04:05.5":        second.Add(500 * time.Millisecond),
		"2026-01-31 16:04:05 +01:00":   second,
		"2026-01-31 15:04":             minute,
		"2026-01-31":                   day,
		"Jan 31, 2026 03:04 PM":        minute,
		"Jan 31, 2026 3:04 PM":         minute,
		"31 Jan 2026, 15:04:05":        second,
		"31 Jan 2026 15:04":            minute,
		"31 Jan 2026":                  day,
		"1769871845000":                second,
		"315532800000":                 time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := importfile.ParseTime(text); err != nil || !got.Equal(want) || got.IsZero() != want.IsZero() {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"03/04/2025":             "write the year first, like 2025-04-03 or 2025-03-04",
		"3/4/25 10:00":           "like 2025-04-03 or 2025-03-04",
		"31.01.2026":             "like 2026-01-31",
		"01/31/2026":             "like 2026-01-31",
		"05-05-2026 10:00":       "like 2026-05-05",
		"1769871845":             "12 or 13 digits",
		"1769871845000000000":    "12 or 13 digits",
		"yesterday":              "no date that is understood",
		"2026-02-30":             "no date that is understood",
		"2026-01-31 25:00":       "no date that is understood",
		strings.Repeat("é", 100): "éé…",
	} {
		if got, err := importfile.ParseTime(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is %v, %v; want an error about %q", text, got, err, says)
		}
	}
}
