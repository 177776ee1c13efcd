package synthesis

import (
	"regexp"
	"slices"
	"strings"
)

// The forms of a time of the day: hours, and minutes where they are told. The last is Japanese, Chinese or Korean.
var clockForms = []*regexp.Regexp{ //nolint:gochecknoglobals // immutable, like the expressions
	regexp.MustCompile(`\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?\b`),
	regexp.MustCompile(`\b([01]?\d|2[0-3])\s?h\s?([0-5]\d)\b`),
	regexp.MustCompile(`\b([01]?\d|2[0-3])\.([0-5]\d)\s?(?:Uhr|uur|h)\b`),
	regexp.MustCompile(`\b([01]?\d|2[0-3])\s?(?:Uhr|uur)\b(?:\s([0-5]\d)\b)?`),
	regexp.MustCompile(`(?i)\b(0?[1-9]|1[0-2])()\s?(?:[ap]m\b|[ap]\.m\.)`),
	regexp.MustCompile(`([01]?\d|2[0-3])[時时시](?:\s?([0-5]?\d)[分분])?`),
}

func (s *scanner) clocks() {
	for _, form := range clockForms {
		for _, at := range form.FindAllStringSubmatchIndex(s.rest, -1) {
			between := func(r string) bool { return strings.HasPrefix(s.rest[at[1]:], r) }
			if s.inside(at[0]) || s.inside(at[1]) || slices.ContainsFunc([]string{"間", "间", "간"}, between) { // "3時間" are hours
				continue
			}
			minutes := ""
			if at[4] >= 0 {
				minutes = s.rest[at[4]:at[5]]
			}
			s.take(fact{kind: factTime, value: clock(s.rest[at[2]:at[3]], minutes)}, at[0], at[1])
		}
	}
}

// clock is a time of the day without its half: 2:30 may be 14:30.
func clock(hours, minutes string) string {
	const half = 12
	h := 0
	for _, c := range hours {
		h = h*10 + int(c-'0')
	}
	return string(rune('a'+h%half)) + ":" + numberValue(minutes)
}
