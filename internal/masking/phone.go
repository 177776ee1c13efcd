package masking

import (
	"regexp"
	"slices"
	"strings"
)

// Lengths of phone numbers: ITU-T E.164 allows 15 digits with the country's code.
const (
	shortestPhone = 6
	longestPhone  = 15
)

var (
	// phoneShape is what may be one: digits in groups, with a plus, brackets, and an extension.
	phoneShape = regexp.MustCompile(`(?i)(?:\(?\+[ \t]?|\()?[0-9][0-9()/. \t+-]{4,}[0-9)](?:[ \t]{0,2}(?:,|;)?[ \t]{0,2}(?:ext(?:ension)?\.?|x|durchwahl|dw|poste)[ \t:]{0,2}[0-9]{1,6}\b)?`)
	// broken is an international one with a line end inside.
	broken = regexp.MustCompile(`\+[ \t]?[1-9][0-9()/. \t-]{0,18}\n[ \t]?[0-9][0-9()/. \t-]{0,16}[0-9]`)
	// northAmerican is a number of the North American plan: (212) 555-0123, 1-212-555-0123.
	northAmerican = regexp.MustCompile(`^(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}([-. ]))[0-9]{3}[-. ][0-9]{4}$`)
	// trunk is a national number in groups with the zero in front that most countries dial.
	trunk = regexp.MustCompile(`^\(?0[1-9][0-9]{0,4}\)?(?:[ /-]{1,3}|\.)[0-9]{2,8}(?:[ /.-][0-9]{2,8}){0,4}$`)
	// phoneWord is said in front of a number that would else be any number.
	phoneWord = regexp.MustCompile(`(?i)(?:\b(?:phone|tel|telephone|telefon|téléphone|telephono|teléfono|telefono|telefoon|mobile|mobil|móvil|cell|cellphone|handy|fax|sms|whatsapp|call(?:ed|s|ing)?(?:[ \t]+(?:me|us|him|her|them|back|from))?|dial(?:ed|led)?|ring|reach(?:ed|able)?|contact|callback|call-back|hotline|landline|extension|rückruf|durchwahl|anrufen|erreichbar|erreichen|numéro de téléphone)\b|☎|📞|📱)[^0-9\n@]{0,25}$`)
	// numberWord is said in front of numbers that are no phone's.
	numberWord = regexp.MustCompile(`(?i)(?:\b(?:ticket|request|incident|inc|req|chg|case|id|ids|order|invoice|po|serial|s/n|sn|seriennummer|rechnung|bestellung|auftrag|asset|tag|part|p/n|version|build|kb|error|code|event|port|vlan|model|sku|imei|imsi|mac|pid|sid|tid|isbn|ean|upc|license|licence|dated?|time|am|pm)\b[ \t]*(?:number|no|nr|num)?[ \t.:#=-]{0,4}|[#$€£¥]|\b(?:usd|eur|gbp|chf)[ \t]*|\bv)$`)
	// dateShape is a day, perhaps with an hour behind it.
	dateShape = regexp.MustCompile(`^(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2})(?:[^0-9]+[0-9]{1,2})?(?:$|[^0-9])`)
	money     = regexp.MustCompile(`^[ \t]?(?:[$€£¥%]|(?i:usd|eur|euro|gbp|chf|dollars?)\b)`)
)

// phones finds phone numbers: international ones, national ones in the usual groups, others beside a word that says so, and those
// that were found in an earlier text.
//
// No country is known of a tenant, so that the rules of numbering plans are no help; being wrong costs little, because what is
// hidden is shown again.
func (m *Masker) phones(text string) []finding {
	var found []finding
	done := 0
	try := func(start, end int) bool {
		if start < done {
			return false
		}
		start, end = balanced(text, start, end)
		key, ok := m.phoneKey(text, start, end)
		if ok {
			found = append(found, finding{start: start, end: end, kind: KindPhone, key: key})
			done = end
		}
		return ok
	}
	for _, at := range broken.FindAllStringIndex(text, -1) {
		try(at[0], at[1])
	}
	slices.SortFunc(found, func(a, b finding) int { return a.start - b.start })
	done = 0
	for _, at := range phoneShape.FindAllStringIndex(text, -1) {
		if !try(at[0], at[1]) {
			inGroups(text, number{start: at[0], end: at[1]}, try)
		}
	}
	return found
}

// inGroups tries what in a sequence of groups could be a number by its form: several may stand side by side, or beside other figures.
func inGroups(text string, n number, try func(start, end int) bool) {
	groups := groupsIn(text, n)
	for i := 0; i < len(groups); i++ {
		start := groups[i].start
		for start > n.start && strings.IndexByte("+(", text[start-1]) >= 0 {
			start--
		}
		const area = 3 // digits
		american := i+2 < len(groups) && groups[i].end-groups[i].start == area && groups[i+1].end-groups[i+1].start == area
		if start == groups[i].start && text[start] != '0' && text[start] != '1' && !american {
			continue
		}
		count, last := 0, i
		for last < len(groups) && count+groups[last].end-groups[last].start <= longestPhone {
			count += groups[last].end - groups[last].start
			last++
		}
		for ; last > i && count >= minTrunk; last-- {
			if try(start, groups[last-1].end) {
				i = last - 1
				break
			}
			count -= groups[last-1].end - groups[last-1].start
		}
	}
}

// balanced takes off what stands around a number: brackets that were not opened or closed, and what ends a clause or begins a line.
func balanced(text string, start, end int) (int, int) {
	for start < end && strings.IndexByte(" \t\n-./)", text[start]) >= 0 {
		start++
	}
	for end > start && strings.IndexByte(" \t\n-./(", text[end-1]) >= 0 {
		end--
	}
	for end > start && text[end-1] == ')' && strings.Count(text[start:end], ")") > strings.Count(text[start:end], "(") {
		end--
	}
	for start < end && text[start] == '(' && strings.Count(text[start:end], "(") > strings.Count(text[start:end], ")") {
		start++
	}
	return start, end
}

// phoneKey tells whether text[start:end] is a phone number, and gives its last digits, which are the same for all ways of writing it.
func (m *Masker) phoneKey(text string, start, end int) (string, bool) {
	written := strings.TrimSpace(text[start:end])
	core := extension.ReplaceAllString(written, "")
	if core == "" {
		return "", false
	}
	all := strings.TrimPrefix(digits(core), "00")
	if len(all) < shortestPhone || len(all) > longestPhone || !apart(text, start, end) {
		return "", false
	}
	key := all[max(0, len(all)-telling):]
	if strings.HasPrefix(strings.TrimPrefix(core, "("), "+") && all[0] != '0' && len(all) >= minInternational {
		return key, true
	}
	if _, known := m.known[KindPhone][key]; known && len(key) == telling {
		return key, true
	}
	const near = 60
	before := text[max(0, start-near):start]
	switch {
	case money.MatchString(text[end:]), dateShape.MatchString(core), ipv4.MatchString(core), numberWord.MatchString(before):
		return "", false
	case northAmerican.MatchString(core):
		return key, true
	case len(all) >= minTrunk && trunk.MatchString(core):
		return key, true
	case strings.HasPrefix(core, "00") && len(all) >= minTrunk && len(core) > len(digits(core)):
		return key, true
	}
	return key, phoneWord.MatchString(before) || strings.HasSuffix(before, "tel:")
}

// telling is how many of the last digits are a number's own, with or without the country and what is dialled in front.
const telling = 8

// minInternational and minTrunk are how many digits an international and many digits a national number have at least for their form to be believed.
const (
	minInternational = 7
	minTrunk         = 9
)

var extension = regexp.MustCompile(`(?i)[ \t]*[,;]?[ \t]*(?:ext(?:ension)?\.?|x|durchwahl|dw|poste)[ \t:]*[0-9]+$`)

// apart says that the number is not a part of something longer: an id, a path, a decimal.
func apart(text string, start, end int) bool {
	if start > 0 {
		switch c := text[start-1]; {
		case isDigit(c), isLetter(c), c == '_', c == '\\', c == '#':
			return false
		case strings.IndexByte("-.,/:=", c) >= 0 && start > 1 && (isDigit(text[start-2]) || c == '-' && isLetter(text[start-2])):
			return false
		}
	}
	if end < len(text) {
		switch c := text[end]; {
		case isDigit(c), isLetter(c), c == '_', c == '\\', c == '@':
			return false
		case strings.IndexByte("-.,/:", c) >= 0 && end+1 < len(text) && (isDigit(text[end+1]) || c == '-' && isLetter(text[end+1])):
			return false
		}
	}
	return true
}
