package synthesis

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// date is a day, or what of it a text tells; zero for what it does not.
type date struct{ year, month, day int }

// monthNames are those of a year in English, German, French, Spanish, Italian, Dutch and Portuguese, with what is usual for short.
func monthNames() []string {
	return []string{
		"jan january januar jänner janv janvier ene enero gen gennaio januari janeiro",
		"feb february februar fév févr février febrero febbraio februari fev fevereiro",
		"mar march mär märz mars marzo mrt maart março",
		"apr april avr avril abr abril aprile",
		"may mai mayo mag maggio mei maio",
		"jun june juni juin junio giu giugno junho",
		"jul july juli juil juillet julio lug luglio julho",
		"aug august août ago agosto augustus",
		"sep sept september septembre septiembre set settembre setembro",
		"oct october okt oktober octobre octubre ott ottobre out outubro",
		"nov november novembre noviembre novembro",
		"dec december dez dezember déc décembre dic diciembre dicembre dezembro",
	}
}

var monthOf = monthsByName() //nolint:gochecknoglobals // a table, never written to

func monthsByName() map[string]int {
	of := map[string]int{}
	for i, month := range monthNames() {
		for name := range strings.FieldsSeq(month) {
			of[name] = i + 1
		}
	}
	return of
}

// The forms of dates: by the names of their groups, y a year, m a month, n its name, d a day; a and b are month and day in either order, and
// the separators s and t must be the same. The last are Japanese, Chinese or Korean.
var dateForms = []*regexp.Regexp{ //nolint:gochecknoglobals // immutable, like the expressions
	regexp.MustCompile(`\b(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P<t>[-/.])(?P<d>\d{1,2})\b`),
	regexp.MustCompile(`\b(?P<a>\d{1,2})(?P<s>[./-])(?P<b>\d{1,2})(?P<t>[./-])(?P<y>\d{4})\b`),
	regexp.MustCompile(`\b(?P<d>\d{1,2})(?:st|nd|rd|th|er|[.º°])?\s+(?:of\s+|de\s+)?(?P<n>\p{L}{3,10})\.?(?:,?\s+(?:de\s+)?(?P<y>\d{4})\b)?`),
	regexp.MustCompile(`(?P<n>\p{L}{3,10})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{4})\b)?`),
	regexp.MustCompile(`(?P<n>\p{L}{3,10})\.?,?\s+(?:de\s+)?(?P<y>\d{4})\b`),
	regexp.MustCompile(`(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월](?:\s?(?P<d>\d{1,2})\s?[日号號일])?`),
	regexp.MustCompile(`(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日号號일]`),
}

// month is the number of a month's name; 0 for none. In small letters the short ones count with a year alone, and those that are other
// words not at all.
func month(name string, withYear bool) int {
	const short = 3
	lower := strings.ToLower(name)
	if lower == name && (len(name) <= short && !withYear || name == "set" || name == "out") {
		return 0
	}
	return monthOf[lower]
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
		return possible([]date{{number("y"), month(name, number("y") > 0), number("d")}})
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
