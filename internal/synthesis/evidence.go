package synthesis

import (
	"slices"
	"strconv"
	"strings"
)

// evidence is what texts tell, for looking facts up.
type evidence struct {
	// pieces are the texts' own, by which words, names and codes are found.
	pieces  string
	values  map[string]bool            // normal forms of addresses, codes, flags
	numbers map[string]map[string]bool // the units of each number; noUnit among them for one without
	codes   map[string]bool            // numbers that follow a word such as "error"
	// versions are those told, and what they begin with; builds are their parts.
	versions, builds map[string]bool
	times            map[string]bool
	phones           []string
	mails            map[string]bool
	dates            []date
}

const (
	// leastRun is how many digits a code has to have that may be told without the word before it.
	leastRun = 3
	// leastOwn is how many digits inside of an identifier are a number of their own: KB5031234 supports 5031234, and PC-0815 not 815.
	leastOwn = 5
	// leastVersion is how many parts a number has that is a version.
	leastVersion = 3
)

func newEvidence(texts ...string) evidence {
	e := evidence{
		values: map[string]bool{}, numbers: map[string]map[string]bool{}, codes: map[string]bool{}, times: map[string]bool{}, mails: map[string]bool{},
		versions: map[string]bool{}, builds: map[string]bool{},
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
		case factCode:
			e.values[f.value] = true
			e.digits(f)
		case factAddress, factCommand:
			e.values[f.value] = true
		case factMail:
			e.mails[f.value] = true
		case factPhone:
			e.phones = append(e.phones, f.value)
		case factDate:
			e.dates = append(e.dates, f.dates...)
			for _, d := range f.dates {
				if d.month == 0 { // it stands there as a number
					e.have(strconv.Itoa(d.year), ofName)
				}
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
	if f.grouped { // "5 100 pages" may be one number or two
		parts := strings.Fields(f.text)
		for _, part := range parts[:len(parts)-1] {
			e.have(numberValue(part), noUnit)
		}
		e.have(numberValue(parts[len(parts)-1]), f.unit)
		return
	}
	parts := strings.Split(f.text, ".")
	if len(parts) < leastVersion && !f.version {
		return
	}
	for i := range parts { // a version supports what it begins with
		e.versions[strings.Join(parts[:i+1], ".")] = true
		e.builds[numberValue(parts[i])] = true
	}
}

// digits makes numbers of the long runs of digits in an identifier, and of a code in hexadecimal that may be written without its prefix.
func (e *evidence) digits(f fact) {
	if bare, ok := strings.CutPrefix(f.value, "0x"); ok && len(bare) >= leastRun+leastRun {
		e.have(bare, ofName)
	}
	if n := ordinal(f.text); n != "" {
		e.have(n, noUnit)
	}
	if f.value != "" { // its form is known, and has no parts
		return
	}
	for run := range strings.FieldsSeq(pieces(f.text)) {
		if len(run) >= leastOwn && run[0] >= '0' && run[0] <= '9' {
			e.have(numberValue(run), ofName)
		}
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
		return slices.ContainsFunc(f.dates, func(d date) bool {
			return slices.ContainsFunc(e.dates, d.within) || d.month == 0 && len(e.numbers[strconv.Itoa(d.year)]) > 0
		})
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
		if f.value == "" && e.says(core(f.text)) {
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

// tellsNumber says whether the texts have the number f, and its unit where it has one. What counts things is not told by a number that
// belongs to a name: "Windows 11" tells nothing of 11 users.
func (e *evidence) tellsNumber(f fact) bool {
	units, ok := e.numbers[f.value]
	switch {
	case f.grouped && !ok:
		parts := strings.Fields(f.text)
		last := fact{kind: factNumber, text: parts[len(parts)-1], value: numberValue(parts[len(parts)-1]), unit: f.unit}
		return e.tellsNumber(last) && !slices.ContainsFunc(parts[:len(parts)-1], func(part string) bool { return e.numbers[numberValue(part)] == nil })
	case f.unit == things:
		return units[things] || units[noUnit]
	case f.unit != noUnit && f.unit != ofName:
		return units[f.unit]
	case f.code && len(f.value) < leastRun && ok:
		return e.codes[f.value] // "exit code 1" is not supported by "1 user"
	case ok, f.version && e.builds[f.value], strings.Contains(f.text, ".") && e.versions[f.text]:
		return true
	default:
		return f.before != "" && e.says(f.before+" "+f.text)
	}
}

// says whether the texts have text, apart from case, punctuation and spaces; nothing but those is no claim.
func (e *evidence) says(text string) bool {
	p := pieces(text)
	return p == " " || strings.Contains(e.pieces, p)
}
