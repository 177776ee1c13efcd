package synthesis

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// date is a day, or what of it a text tells; zero for what it does not.
type date struct{ year, month, day int }

const monthNames = `(?:Jan|Feb|Mar|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Sept|Oct|Okt|Nov|Dec|Dez|` +
	`January|February|March|April|June|July|August|September|October|November|December|` +
	`Januar|Februar|März|Juni|Juli|Oktober|Dezember|` +
	`janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|` +
	`enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)`

// The forms of dates: by the names of their groups, y a year, m a month, n its name, d a day; a and b are month and day in either order, and
// the separators s and t must be the same.
var dateForms = []*regexp.Regexp{ //nolint:gochecknoglobals // immutable, like the expressions
	regexp.MustCompile(`\b(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P<t>[-/.])(?P<d>\d{1,2})\b`),
	regexp.MustCompile(`\b(?P<a>\d{1,2})(?P<s>[./-])(?P<b>\d{1,2})(?P<t>[./-])(?P<y>\d{4})\b`),
	regexp.MustCompile(`\b(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?(?P<n>` + monthNames + `)\b\.?(?:,?\s+(?:de\s+)?(?P<y>\d{4})\b)?`),
	regexp.MustCompile(`\b(?P<n>` + monthNames + `)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{4})\b)?`),
	regexp.MustCompile(`\b(?P<n>` + monthNames + `)\.?,?\s+(?:de\s+)?(?P<y>\d{4})\b`),
}

// month is the number of a month's name in English, German, French or Spanish; 0 for none.
func month(name string) int {
	name = strings.ToLower(name)
	for i, beginnings := range []string{
		"jan ene", "feb fév", "mar mär", "apr avr abr", "may mai", "jun juin", "jul juil", "aug aoû ago", "sep", "oct okt", "nov", "dec dez déc dic",
	} {
		for beginning := range strings.FieldsSeq(beginnings) {
			if strings.HasPrefix(name, beginning) {
				return i + 1
			}
		}
	}
	return 0
}

// dates takes the dates out of the text. One in numbers alone may be meant in two ways, and then is either.
func (s *scanner) dates() {
	for _, form := range dateForms {
		for _, at := range form.FindAllStringSubmatchIndex(s.rest, -1) {
			group := func(name string) string {
				i := 2 * form.SubexpIndex(name)
				if i < 0 || at[i] < 0 {
					return ""
				}
				return s.rest[at[i]:at[i+1]]
			}
			if dates := readDate(group); len(dates) > 0 && !s.inside(at[0]) && !s.inside(at[1]) {
				s.take(fact{kind: factDate, dates: dates}, at[0], at[1])
			}
		}
	}
}

// readDate reads a date by the groups of its form.
func readDate(group func(name string) string) []date {
	number := func(name string) int {
		n, err := strconv.Atoi(group(name))
		if err != nil {
			return 0
		}
		return n
	}
	if group("s") != group("t") {
		return nil
	}
	if a, b := number("a"), number("b"); a > 0 {
		return possible([]date{{number("y"), b, a}, {number("y"), a, b}})
	}
	if name := group("n"); name != "" {
		return possible([]date{{number("y"), month(name), number("d")}})
	}
	return possible([]date{{number("y"), number("m"), number("d")}})
}

// possible are those of dates whose month and day exist.
func possible(dates []date) []date {
	const months, days = 12, 31
	return slices.DeleteFunc(dates, func(d date) bool { return d.month < 1 || d.month > months || d.day < 0 || d.day > days })
}

// within says whether e tells all that d does, and the same.
func (d date) within(e date) bool {
	return (d.year == 0 || d.year == e.year) && (d.month == 0 || d.month == e.month) && (d.day == 0 || d.day == e.day)
}
