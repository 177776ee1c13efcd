package evaluation

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// amount is a number with its unit, as far as a text tells both.
type amount struct{ number, unit string }

// amountForm finds amounts. The units are those that the cases have, and the models that the simulator plays use.
var amountForm = regexp.MustCompile(`(?i)(?:^|[^\p{L}\p{N}.,:])(\d+(?:[.,]\d+)?)[ -]?(%|percent|prozent|ms|seconds?|sekunden?|secondes?|s|minut(?:es?|en?)|min|hours?|stunden?|heures?|h|` +
	`days?|tagen?|jours?|weeks?|wochen?|months?|monaten?|kb|mb|gb|tb|mbit|gbit|users?|benutzern?|devices?)(?:$|[^\p{L}\p{N}])`)

// amounts are those of text.
func amounts(text string) map[amount]bool {
	found := map[amount]bool{}
	for at := 0; at < len(text); {
		m := amountForm.FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		unit := strings.ToLower(text[at+m[4] : at+m[5]])
		switch {
		case unit == "ms" || strings.HasSuffix(unit, "b") || strings.HasSuffix(unit, "bit"):
		case unit == "percent" || unit == "prozent":
			unit = "%"
		case strings.HasPrefix(unit, "st"), strings.HasPrefix(unit, "heu"): // Stunden
			unit = "h"
		case strings.HasPrefix(unit, "jour"), strings.HasPrefix(unit, "tag"):
			unit = "d"
		case strings.HasPrefix(unit, "benutzer"):
			unit = "u"
		case strings.HasPrefix(unit, "mo"):
			unit = "month"
		default:
			unit = unit[:1] // seconds, minutes, hours, days, weeks, users
			if unit == "d" && strings.HasPrefix(strings.ToLower(text[at+m[4]:]), "device") {
				unit = "device"
			}
		}
		found[amount{strings.ReplaceAll(text[at+m[2]:at+m[3]], ",", "."), unit}] = true
		at += m[5] // the sign behind may be the one before the next
	}
	return found
}

// amountsAreIn says whether evidence has each amount of sentence, unit included.
func amountsAreIn(sentence, evidence string) bool {
	known := amounts(evidence)
	for a := range amounts(sentence) {
		if !known[a] {
			return false
		}
	}
	return true
}

var (
	isoDay  = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
	hourMin = regexp.MustCompile(`\b(\d{1,2}):(\d{2})\b`)
)

// withoutKnownForms is sentence without the days and times of evidence, in other forms than those of evidence. What is left has to stand
// there as it is.
func withoutKnownForms(sentence, evidence string) string {
	for _, iso := range isoDay.FindAllString(evidence, -1) {
		day, err := time.Parse(time.DateOnly, iso)
		if err != nil {
			continue
		}
		for _, form := range []string{"2 January 2006", "January 2, 2006", "02.01.2006", "2.1.2006"} {
			sentence = strings.ReplaceAll(sentence, day.Format(form), "")
		}
		sentence = strings.ReplaceAll(sentence, strconv.Itoa(day.Year())+"年"+strconv.Itoa(int(day.Month()))+"月"+strconv.Itoa(day.Day())+"日", "")
	}
	for _, m := range hourMin.FindAllStringSubmatch(evidence, -1) {
		sentence = strings.ReplaceAll(strings.ReplaceAll(sentence, m[1]+"."+m[2]+" Uhr", ""), m[1]+"h"+m[2], "")
	}
	return sentence
}

// partsStand says whether each part with a digit of a word with hyphens stands in evidence: of "Windows-11-Rechner" it is 11.
func partsStand(token, evidence string) bool {
	parts := strings.Split(token, "-")
	if len(parts) < 2 {
		return false
	}
	for _, part := range parts {
		if strings.ContainsAny(part, "0123456789") && !stands(part, evidence, false) {
			return false
		}
	}
	return true
}
