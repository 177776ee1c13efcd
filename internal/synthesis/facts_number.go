package synthesis

import (
	"regexp"
	"strings"
)

var (
	numberForm  = regexp.MustCompile(`\d{1,3}(?: \d{3})+\b|\d+(?:[.,'’]\d+)*`)
	numberUnit  = regexp.MustCompile(`^(\d+(?:[.,]\d+)?)[-]?(\p{L}+|°\p{L}|%)$`)
	unitAfter   = regexp.MustCompile(`^[\s-]?(%|°?\p{L}+)`)
	groupedForm = regexp.MustCompile(`^\d{1,3}(?:[.,'’ ]\d{3})+$`)
	decimalForm = regexp.MustCompile(`^\d+[.,]\d+$`)
	afterCode   = regexp.MustCompile(`(?i)(?:error|err|code|event|http|https|status|exit|stop|bug ?check|fehler|fehlercode|ereignis|rule|signal|errno|return)` +
		`\W{0,3}(?:codes?|ids?|number|nr\.?|no\.?|error|status|#)?(?:\s+(?:is|was|of|ist|war))?\W{0,3}$`)
	word = regexp.MustCompile(`\p{L}+`)
)

// wordNumber is the value of a number in words; empty for none.
func wordNumber(word string) string {
	switch strings.TrimSuffix(strings.ToLower(word), "s") {
	case "one", "ein", "eine", "einen":
		return "1"
	case "two", "zwei":
		return "2"
	case "three", "drei":
		return "3"
	case "four", "vier":
		return "4"
	case "five", "fünf":
		return "5"
	case "six", "sech":
		return "6"
	case "seven", "sieben":
		return "7"
	case "eight", "acht":
		return "8"
	case "nine", "neun":
		return "9"
	case "ten", "zehn":
		return "10"
	case "eleven", "elf":
		return "11"
	case "twelve", "zwölf", "dozen":
		return "12"
	}
	return bigWord(word)
}

// bigWord is the value of a number in words that is too big to be a figure of speech.
func bigWord(word string) string {
	switch strings.TrimSuffix(strings.ToLower(word), "s") {
	case "thirteen":
		return "13"
	case "fourteen":
		return "14"
	case "fifteen":
		return "15"
	case "sixteen":
		return "16"
	case "seventeen":
		return "17"
	case "eighteen":
		return "18"
	case "nineteen":
		return "19"
	case "twenty", "zwanzig":
		return "20"
	case "thirty", "dreißig":
		return "30"
	case "forty":
		return "40"
	case "fifty", "fünfzig":
		return "50"
	case "sixty":
		return "60"
	case "seventy":
		return "70"
	case "eighty":
		return "80"
	case "ninety":
		return "90"
	case "hundred", "hundert":
		return "100"
	case "thousand", "tausend":
		return "1000"
	case "million":
		return "1000000"
	}
	return ""
}

// unit is the common name of a unit; empty for a word that is none.
func unit(word string) string {
	switch strings.ToLower(word) {
	case "%", "percent", "prozent", "pct":
		return "%"
	case "ms", "milliseconds", "millisecond":
		return "ms"
	case "s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden":
		return "s"
	case "min", "mins", "minute", "minutes", "minuten":
		return "min"
	case "h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden":
		return "h"
	case "d", "day", "days", "tag", "tage", "tagen":
		return "d"
	case "week", "weeks", "woche", "wochen":
		return "week"
	case "month", "months", "monat", "monate", "monaten":
		return "month"
	case "year", "years", "jahr", "jahre", "jahren":
		return "year"
	case "kb", "kilobyte", "kilobytes", "kib":
		return "kB"
	case "mb", "megabyte", "megabytes", "mib":
		return "MB"
	case "gb", "gigabyte", "gigabytes", "gib":
		return "GB"
	case "tb", "terabyte", "terabytes", "tib":
		return "TB"
	case "mbit", "mbps", "mbits":
		return "Mbit"
	case "gbit", "gbps", "gbits", "gbe":
		return "Gbit"
	case "ghz", "mhz", "khz", "hz", "kw", "w", "kwh", "v", "px", "kg", "m", "km", "cm", "mm", "am", "pm", "uhr", "€", "eur", "usd", "x", "k":
		return strings.ToLower(word)
	}
	return ""
}

// measured cuts a word such as "5GB" or "5-minute" into number and unit.
func measured(word string) (number, of string, ok bool) {
	m := numberUnit.FindStringSubmatch(word)
	if m == nil || unit(m[2]) == "" {
		return "", "", false
	}
	return m[1], unit(m[2]), true
}

// numbers finds what is left of digits.
func (s *scanner) numbers() {
	for _, at := range numberForm.FindAllStringIndex(s.rest, -1) {
		text := s.rest[at[0]:at[1]]
		f := fact{kind: factNumber, text: text, value: numberValue(text), code: afterCode.MatchString(s.rest[:at[0]]), start: at[0]}
		f.grouped = strings.Contains(text, " ")
		if m := unitAfter.FindStringSubmatch(s.rest[at[1]:]); m != nil {
			f.unit = unit(m[1])
		}
		s.found = append(s.found, f)
	}
}

// numberWords finds numbers in words. Those below thirteen are not looked up in an answer ("two steps"), but support a number that is
// written in digits.
func (s *scanner) numberWords() {
	for _, at := range word.FindAllStringIndex(s.rest, -1) {
		text := s.rest[at[0]:at[1]]
		if value := wordNumber(text); value != "" {
			s.found = append(s.found, fact{kind: factNumber, text: text, value: value, start: at[0]})
		}
	}
}

// numberValue is a number without grouping and zeros in front, with a point for the decimals. A text with more than one point that does
// not group is a version and stays.
func numberValue(text string) string {
	switch {
	case groupedForm.MatchString(text):
		text = onlyDigits(text)
	case decimalForm.MatchString(text):
		text = strings.ReplaceAll(text, ",", ".")
	}
	short := strings.TrimLeft(text, "0")
	if short == "" || short[0] < '0' || short[0] > '9' {
		return "0" + short
	}
	return short
}
