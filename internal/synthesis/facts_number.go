package synthesis

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	numberForm  = regexp.MustCompile(`\d{1,3}(?: \d{3})+\b|\d+(?:[.,'’]\d+)*`)
	numberUnit  = regexp.MustCompile(`^(\d+(?:[.,]\d+)?)[-]?(\p{L}+|°\p{L}|[%％])$`)
	unitAfter   = regexp.MustCompile(`^[\s-]?([%％€]|°?\p{L}+)`)
	groupedForm = regexp.MustCompile(`^\d{1,3}(?:[.,'’ ]\d{3})+$`)
	mixedForm   = regexp.MustCompile(`^\d{1,3}(?:(?:[.'’ ]\d{3})+,|(?:[,'’ ]\d{3})+\.)\d+$`)
	decimalForm = regexp.MustCompile(`^\d+[.,]\d+$`)
	afterCode   = regexp.MustCompile(`(?i)(?:error|err|code|event|http|https|status|exit|stop|bug ?check|fehler|fehlercode|ereignis|rule|signal|errno|return)` +
		`\W{0,3}(?:codes?|ids?|number|nr\.?|no\.?|error|status|#)?(?:\s+(?:is|was|of|ist|war))?\W{0,3}$`)
	afterVersion = regexp.MustCompile(`(?i)(?:^|\P{L})(?:v|ver|version|versions|versione|versión|versie|versão|release|build|firmware|rev|revision|patch)\W{0,2}$`)
	wordBefore   = regexp.MustCompile(`(\p{L}+)[ -]$`)
	toNext       = regexp.MustCompile(`(?i)^\s?(?:[-–—/~〜～]|to|or|and|bis|oder|und|à|ou|et|a|o|y|e|tot|of|en)\s?$`)
	yearForm     = regexp.MustCompile(`\b(?:19|20)\d\d\b`)
	yearBefore   = regexp.MustCompile(`(?i)(?:^|\P{L})(?:in|since|during|year|im jahre?|seit|jahr|en|depuis|année|desde|año|nel|dal|anno|sinds|jaar|em|ano)\s$`)
	word         = regexp.MustCompile(`\p{L}+`)
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

// measured cuts a word such as "5GB" or "5-minute" into number and unit.
func measured(word string) (number, of string, ok bool) {
	m := numberUnit.FindStringSubmatch(word)
	if m == nil || unit(m[2]) == noUnit {
		return "", "", false
	}
	return m[1], unit(m[2]), true
}

// numbers finds what is left of digits. A number that is followed by another one with a unit, as in "5 to 10 minutes", has the unit, too.
func (s *scanner) numbers() {
	first := len(s.found)
	for _, at := range numberForm.FindAllStringIndex(s.rest, -1) {
		text, before := s.rest[at[0]:at[1]], s.rest[:at[0]]
		f := fact{kind: factNumber, text: text, value: numberValue(text), start: at[0], unit: unitAt(s.rest[at[1]:])}
		f.code, f.version, f.grouped = afterCode.MatchString(before), afterVersion.MatchString(before), strings.Contains(text, " ")
		if m := wordBefore.FindStringSubmatch(before); m != nil {
			f.before = m[1]
		}
		s.found = append(s.found, f)
	}
	for i := len(s.found) - 1; i >= first; i-- {
		f := &s.found[i]
		if i+1 < len(s.found) && f.unit == noUnit && toNext.MatchString(s.rest[f.start+len(f.text):s.found[i+1].start]) {
			f.unit = s.found[i+1].unit
		}
		if f.unit == noUnit && !f.code && nameWord.MatchString(f.before) {
			f.unit = ofName
		}
	}
}

// years takes years that a text tells as such: "since 2019".
func (s *scanner) years() {
	for _, at := range yearForm.FindAllStringIndex(s.rest, -1) {
		year, err := strconv.Atoi(s.rest[at[0]:at[1]])
		if err == nil && yearBefore.MatchString(s.rest[:at[0]]) && unitAt(s.rest[at[1]:]) == noUnit && !s.inside(at[0]) && !s.inside(at[1]) {
			s.take(fact{kind: factDate, dates: []date{{year: year}}}, at[0], at[1])
		}
	}
}

// numberWords finds numbers in words. Those below thirteen are not looked up in an answer ("two steps"), but support a number that is
// written in digits.
func (s *scanner) numberWords() {
	for _, at := range word.FindAllStringIndex(s.rest, -1) {
		text := s.rest[at[0]:at[1]]
		if value := wordNumber(text); value != "" {
			s.found = append(s.found, fact{kind: factNumber, text: text, value: value, start: at[0], unit: unitAt(s.rest[at[1]:])})
		}
	}
}

// numberValue is a number without grouping and zeros in front, with a point for the decimals. A text with more than one point that does
// not group is a version and stays.
func numberValue(text string) string {
	switch {
	case groupedForm.MatchString(text):
		text = onlyDigits(text)
	case mixedForm.MatchString(text): // the last sign is the decimals'
		at := strings.LastIndexAny(text, ".,")
		text = onlyDigits(text[:at]) + "." + text[at+1:]
	case decimalForm.MatchString(text):
		text = strings.ReplaceAll(text, ",", ".")
	}
	short := strings.TrimLeft(text, "0")
	if short == "" || short[0] < '0' || short[0] > '9' {
		return "0" + short
	}
	return short
}
