package inventory

import (
	"strings"
	"unicode"
)

// addressesIn looks between the hyphens of a token, which join the ends of a range
// (192.0.2.1-192.0.2.9) but also the parts of a name (nginx-1.2.3.4): what touches a word that way is
// no address. announced says that the token follows a word such as "version".
func addressesIn(token part, announced bool) []mention {
	if zone := strings.IndexByte(token.text, '%'); zone >= 0 {
		token = token.slice(0, zone)
	}
	var (
		all        []mention
		wordBefore bool
	)
	for segment := range split(token, '-') {
		found := addressesBetweenHyphens(segment, announced)
		isWord := len(found) == 0 && strings.ContainsFunc(segment.text, unicode.IsLetter)
		if last := len(all) - 1; isWord && last >= 0 && all[last].end()+1 == segment.at {
			all = all[:last]
		}
		if wordBefore && len(found) > 0 && found[0].at == segment.at {
			found = found[1:]
		}
		all = append(all, found...)
		wordBefore = isWord
	}
	return all
}

// addressesBetweenHyphens looks between the colons, which separate the groups of an IPv6 address but
// also a label from an address, and an address from a port. Neighbouring parts that may be groups are
// tried as one address, whatever else ends them.
func addressesBetweenHyphens(segment part, announced bool) []mention {
	segment.text = strings.TrimRight(segment.text, ".")
	var found []mention
	groups, label := part{at: segment.at}, ""
	for piece := range split(segment, ':') {
		if mayBeGroup(piece.text) {
			groups.text = segment.text[groups.at-segment.at : piece.end()-segment.at]
			continue
		}
		found = append(found, addressesInGroups(label, groups, announced)...)
		groups, label = part{at: min(piece.end()+1, segment.end())}, piece.text
		announced = announced || isVersionWord(label)
	}
	return append(found, addressesInGroups(label, groups, announced)...)
}

// addressesInGroups reads groups as one IPv6 address or else every dotted one on its own. A label with
// a digit could be the first group of what is no address (x2001:db8::1).
func addressesInGroups(label string, groups part, announced bool) []mention {
	v6 := withoutStrayColons(groups)
	if strings.Contains(v6.text, ":") && !strings.ContainsFunc(label, isDigit) {
		if m, ok := parse(v6); ok {
			return []mention{m}
		}
	}
	if announced {
		return nil
	}
	var found []mention
	for piece := range split(groups, ':') {
		if m, ok := parse(piece); ok {
			found = append(found, m)
		}
	}
	return found
}

// mayBeGroup tells what can stand between the colons of an IPv6 address: nothing, up to four
// hexadecimal digits, or, at its end, an IPv4 address.
func mayBeGroup(s string) bool {
	if strings.IndexByte(s, '.') >= 0 {
		return !strings.ContainsFunc(s, func(r rune) bool { return r != '.' && !isDigit(r) })
	}
	const longestGroup = 4
	return len(s) <= longestGroup && !strings.ContainsFunc(s, func(r rune) bool {
		return !isDigit(r) && (r|0x20 < 'a' || 'f' < r|0x20)
	})
}

// withoutStrayColons takes off the colons that belong to the sentence ("on 2001:db8::1: timeout") and
// leaves those that stand for zeros ("2001:db8::").
func withoutStrayColons(p part) part {
	if lead := len(p.text) - len(strings.TrimLeft(p.text, ":")); lead == 1 || lead == 3 {
		p = p.slice(1, len(p.text))
	}
	if trail := len(p.text) - len(strings.TrimRight(p.text, ":")); trail == 1 || trail == 3 {
		p = p.slice(0, len(p.text)-1)
	}
	return p
}
