package importfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DateForms names the forms that are understood, for messages and help texts.
const DateForms = `2026-01-31T15:04:05Z, 2026-01-31 15:04:05, 2026-01-31, 31 Jan 2026 15:04, Jan 31, 2026 03:04 PM, or milliseconds since 1970`

// layouts name the month or begin with the year: nothing else can be told apart. Those without a zone are UTC.
var layouts = []string{ //nolint:gochecknoglobals // a constant, which Go has no slices of
	time.RFC3339Nano,
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	time.DateOnly,
	"Jan 2, 2006 3:04 PM",
	"Jan 2, 2006 3:04:05 PM",
	"Jan 2, 2006",
	"2 Jan 2006 15:04:05",
	"2 Jan 2006 15:04",
	"2 Jan 2006, 15:04:05",
	"2 Jan 2006",
}

// numericDate is a date whose day, month and year are numbers and do not begin with the year.
var numericDate = regexp.MustCompile(`^(\d{1,2})[./-](\d{1,2})[./-](\d{2,4})\b`)

// Milliseconds since 1970 of 1980 and of 9999: shorter numbers are seconds, longer ones microseconds.
const (
	firstMillisecond = 315_532_800_000
	lastMillisecond  = 253_402_300_799_999
)

// ParseTime reads a date in one of DateForms; without a zone it is UTC. Nothing, and the "-" that ServiceDesk Plus
// writes for nothing, is the zero time. A date of which day and month could be mixed up is an error.
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "-" {
		return time.Time{}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return fromMilliseconds(n)
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if m := numericDate.FindStringSubmatch(text); m != nil {
		return time.Time{}, fmt.Errorf("%q does not say which number is the day and which the month: write the year first, like %s",
			excerpt(text), yearFirst(m))
	}
	return time.Time{}, fmt.Errorf("%q is no date that is understood: write %s", excerpt(text), DateForms)
}

func fromMilliseconds(n int64) (time.Time, error) {
	if n == 0 || n == -1 { // how ServiceDesk Plus says "not yet"
		return time.Time{}, nil
	}
	if n < firstMillisecond || n > lastMillisecond {
		return time.Time{}, fmt.Errorf("%d is no time in milliseconds since 1970, which has 12 or 13 digits: write %s", n, DateForms)
	}
	return time.UnixMilli(n).UTC(), nil
}

// yearFirst shows how the date of m could have been meant.
func yearFirst(m []string) string {
	year := m[3]
	if len(year) == 2 {
		year = "20" + year
	}
	first, second := pad(m[1]), pad(m[2])
	switch {
	case first > "12" || first == second:
		return year + "-" + second + "-" + first
	case second > "12":
		return year + "-" + first + "-" + second
	default:
		return year + "-" + second + "-" + first + " or " + year + "-" + first + "-" + second
	}
}

func pad(digits string) string {
	if len(digits) == 1 {
		return "0" + digits
	}
	return digits
}

// longestExcerpt is how much of a value a message repeats, in bytes.
const longestExcerpt = 60

// excerpt is the beginning of a value, for a message.
func excerpt(value string) string {
	if len(value) <= longestExcerpt {
		return value
	}
	return strings.ToValidUTF8(value[:longestExcerpt], "") + "…"
}
