package synthesis

import (
	"slices"
	"strings"
)

// evidence is what texts tell, for looking facts up.
type evidence struct {
	// pieces are the texts' own, by which words, names and codes are found.
	pieces  string
	values  map[string]bool            // normal forms of addresses, codes, flags
	numbers map[string]map[string]bool // the units of each number; "" among them for one without
	codes   map[string]bool            // numbers that follow a word such as "error"
	times   map[string]bool
	phones  []string
	mails   map[string]bool
	dates   []date
}

// leastRun is how many digits inside of an identifier are a number of their own: KB5031234 supports 5031234, and vpn01 not 1.
const leastRun = 3

func newEvidence(texts ...string) evidence {
	e := evidence{
		values: map[string]bool{}, numbers: map[string]map[string]bool{}, codes: map[string]bool{}, times: map[string]bool{}, mails: map[string]bool{},
	}
	var all strings.Builder
	for _, text := range texts {
		all.WriteString(pieces(asciiDigits(text)))
		all.WriteString("\n") // nothing is found across the texts of two sources
		e.add(text)
	}
	e.pieces = all.String()
	return e
}

func (e *evidence) add(text string) {
	for _, f := range scan(text) {
		switch f.kind {
		case factNumber:
			e.number(f)
		case factCode, factAddress, factCommand:
			e.values[f.value] = true
			e.digits(f)
		case factMail:
			e.mails[f.value] = true
		case factPhone:
			e.phones = append(e.phones, f.value)
			for _, part := range strings.FieldsFunc(f.text, func(r rune) bool { return r < '0' || r > '9' }) {
				e.have(numberValue(part), "")
			}
		case factDate:
			e.dates = append(e.dates, f.dates...)
			for _, d := range f.dates {
				e.have(itoa(d.year), "")
			}
		case factTime:
			e.times[f.value] = true
		case factQuote:
		}
	}
}

func (e *evidence) number(f fact) {
	e.have(f.value, f.unit)
	if f.code {
		e.codes[f.value] = true
	}
	parts := strings.FieldsFunc(f.text, func(r rune) bool { return r == ' ' || r == '.' })
	if f.grouped || len(parts) > 2 { // a version supports what it begins with
		for i := range parts {
			e.have(numberValue(strings.Join(parts[:i+1], ".")), "")
			e.have(numberValue(parts[i]), f.unit)
		}
	}
}

// digits makes numbers of the long runs of digits in an identifier, and of a code in hexadecimal that may be written without its prefix.
func (e *evidence) digits(f fact) {
	if bare, ok := strings.CutPrefix(f.value, "0x"); ok && len(bare) >= leastRun+leastRun {
		e.values["0x"+bare] = true
		e.have(bare, "")
	}
	for run := range strings.FieldsSeq(pieces(f.text)) {
		if len(run) >= leastRun && run[0] >= '0' && run[0] <= '9' {
			e.have(numberValue(run), "")
		}
	}
	if number, of, ok := measured(f.text); ok {
		e.have(numberValue(number), of)
	}
}

func (e *evidence) have(number, of string) {
	if e.numbers[number] == nil {
		e.numbers[number] = map[string]bool{}
	}
	e.numbers[number][of] = true
}

// tells says whether the texts have what f claims.
func (e *evidence) tells(f fact) bool {
	switch f.kind {
	case factNumber:
		return e.tellsNumber(f)
	case factDate:
		return slices.ContainsFunc(f.dates, func(d date) bool { return slices.ContainsFunc(e.dates, d.within) })
	case factTime:
		return e.times[f.value]
	case factPhone:
		return slices.ContainsFunc(e.phones, func(p string) bool { return strings.HasSuffix(p, f.value) || strings.HasSuffix(f.value, p) }) ||
			e.says(f.text)
	case factMail:
		return e.mails[f.value]
	case factCode:
		if bare, ok := strings.CutPrefix(f.value, "0x"); ok && len(bare) >= leastRun+leastRun && e.says(bare) {
			return true
		}
	case factCommand:
		if strings.HasPrefix(f.value, "flag:") {
			return e.values[f.value]
		}
	case factAddress, factQuote:
	}
	if f.value != "" && e.values[f.value] {
		return true
	}
	if strings.HasPrefix(f.value, "ip:") || strings.HasPrefix(f.value, "net:") || strings.HasPrefix(f.value, "0x") {
		return false
	}
	return e.says(f.text)
}

func (e *evidence) tellsNumber(f fact) bool {
	units, ok := e.numbers[f.value]
	switch {
	case !ok && f.grouped:
		return !slices.ContainsFunc(strings.Fields(f.text), func(part string) bool { return e.numbers[numberValue(part)] == nil })
	case !ok:
		return strings.Count(f.text, ".") > 1 && e.says(f.text)
	case f.code && len(f.value) < leastRun:
		return e.codes[f.value] // "exit code 1" is not supported by "1 user"
	default:
		return f.unit == "" || units[f.unit] || units[""]
	}
}

// says whether the texts have text, apart from case, punctuation and spaces; nothing but those is no claim.
func (e *evidence) says(text string) bool {
	p := pieces(text)
	return p == " " || strings.Contains(e.pieces, p)
}
