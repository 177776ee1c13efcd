// Package report owns what a tenant's enhancements were worth in a week: the figures, the formulas that make estimates of them, and whether
// the targets are met. It reads nothing itself: what the ledger, the technicians' votes and ServiceDesk Plus's own times say comes from
// reportstore.
package report

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// ErrWeek says that a text names no week.
var ErrWeek = errors.New("no such week: write it as 2026-W47, or current")

const days = 7

// Week is a week of ISO 8601: Monday to Sunday, in UTC, as all times are that the platform tells.
type Week struct{ Year, Number int }

// WeekOf is the week that t is in.
func WeekOf(t time.Time) Week {
	year, number := t.UTC().ISOWeek()
	return Week{Year: year, Number: number}
}

var weekPattern = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)

// ParseWeek reads 2026-W47, or current for the one that now is in. It is ErrWeek for anything else, as a 53rd week of a year that has 52.
func ParseWeek(text string, now time.Time) (Week, error) {
	if text == "current" {
		return WeekOf(now), nil
	}
	parts := weekPattern.FindStringSubmatch(text)
	if parts == nil {
		return Week{}, ErrWeek
	}
	year, _ := strconv.Atoi(parts[1]) // digits
	number, _ := strconv.Atoi(parts[2])
	week := Week{Year: year, Number: number}
	if number < 1 || WeekOf(week.Begins()) != week {
		return Week{}, ErrWeek
	}
	return week, nil
}

// String is 2026-W47.
func (w Week) String() string { return fmt.Sprintf("%04d-W%02d", w.Year, w.Number) }

// MarshalText writes it as String does.
func (w Week) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads what String writes.
func (w *Week) UnmarshalText(text []byte) (err error) {
	*w, err = ParseWeek(string(text), time.Time{})
	return err
}

// Begins is the Monday at 00:00. The week that has the 4th of January is a year's first.
func (w Week) Begins() time.Time {
	fourth := time.Date(w.Year, time.January, 4, 0, 0, 0, 0, time.UTC)
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+days-1)%days)
	return monday.AddDate(0, 0, days*(w.Number-1))
}

// Ends is the Monday after it, which is not in it.
func (w Week) Ends() time.Time { return w.Begins().AddDate(0, 0, days) }
