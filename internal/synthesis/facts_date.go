package synthesis

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// date is a day, or what of it a text tells; zero for what it does not.
type date struct{ year, month, day int }

const monthNames = `(?:Jan|Feb|Mar|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Sept|Oct|Okt|Nov|Dec|Dez|` +
	`January|February|March|April|June|July|August|September|October|November|December|` +
	`Januar|Februar|März|Juni|Juli|Oktober|Dezember|` +
	`janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|` +
	`enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)`

var (
	dateISO      = regexp.MustCompile(`\b(\d{4})([-/.])(\d{1,2})([-/.])(\d{1,2})\b`)
	dateNumbers  = regexp.MustCompile(`\b(\d{1,2})([./-])(\d{1,2})([./-])(\d{4})\b`)
	dateDayMonth = regexp.MustCompile(`\b(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?(` + monthNames + `)\b\.?(?:,?\s+(?:de\s+)?(\d{4})\b)?`)
	dateMonthDay = regexp.MustCompile(`\b(` + monthNames + `)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4})\b)?`)
	dateMonth    = regexp.MustCompile(`\b(` + monthNames + `)\.?,?\s+(?:de\s+)?(\d{4})\b`)
)

// month is the number of a month's name in English, German, French or Spanish; 0 for none.
func month(name string) int {
	name = strings.ToLower(name)
	for prefix, m := range map[string]int{
		"jan": 1, "ene": 1, "feb": 2, "fév": 2, "mar": 3, "mär": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "jun": 6, "juin": 6,
		"jul": 7, "juil": 7, "aug": 8, "aoû": 8, "ago": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12, "dic": 12,
	} {
		if strings.HasPrefix(name, prefix) && utf8.RuneCountInString(prefix) >= 3 {
			return m
		}
	}
	return 0
}

// dates takes the dates out of the text. One in numbers alone may be meant in two ways, and then is either.
func (s *scanner) dates() {
	number := func(at []int, group int) int {
		if at[2*group] < 0 {
			return 0
		}
		n, err := strconv.Atoi(s.rest[at[2*group]:at[2*group+1]])
		if err != nil {
			return 0
		}
		return n
	}
	text := func(at []int, group int) string { return s.rest[at[2*group]:at[2*group+1]] }
	for _, form := range []struct {
		pattern *regexp.Regexp
		read    func(at []int) []date
	}{
		{dateISO, func(at []int) []date {
			if text(at, 2) != text(at, 4) {
				return nil
			}
			return []date{{number(at, 1), number(at, 3), number(at, 5)}}
		}},
		{dateNumbers, func(at []int) []date {
			if text(at, 2) != text(at, 4) {
				return nil
			}
			a, b, year := number(at, 1), number(at, 3), number(at, 5)
			return []date{{year, b, a}, {year, a, b}}
		}},
		{dateDayMonth, func(at []int) []date { return []date{{number(at, 3), month(text(at, 2)), number(at, 1)}} }},
		{dateMonthDay, func(at []int) []date { return []date{{number(at, 3), month(text(at, 1)), number(at, 2)}} }},
		{dateMonth, func(at []int) []date { return []date{{number(at, 2), month(text(at, 1)), 0}} }},
	} {
		for _, at := range form.pattern.FindAllStringSubmatchIndex(s.rest, -1) {
			if dates := possible(form.read(at)); len(dates) > 0 {
				s.take(fact{kind: factDate, dates: dates}, at[0], at[1])
			}
		}
	}
}

// possible are those of dates whose month and day exist.
func possible(dates []date) []date {
	var found []date
	for _, d := range dates {
		if d.month >= 1 && d.month <= 12 && d.day >= 0 && d.day <= 31 {
			found = append(found, d)
		}
	}
	return found
}

// within says whether e tells all that d does, and the same.
func (d date) within(e date) bool {
	return (d.year == 0 || d.year == e.year) && (d.month == 0 || d.month == e.month) && (d.day == 0 || d.day == e.day)
}
