package inventory

import "strings"

// shape is what a word looks like, which decides how readily it is taken for a name.
type shape int

const (
	shapeOther     shape = iota
	shapeQualified       // db01.example.com
	shapeMixed           // db01, print-srv
	shapeWord            // mail
	shapeNumber          // 00417
)

// shortestName is the length below which a word names nothing.
const shortestName = 2

func shapeOf(s string) shape {
	if len(s) < shortestName || len(s) > longestHost {
		return shapeOther
	}
	letters, digits, joints, dots := 0, 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c):
			letters++
		case isDigit(rune(c)):
			digits++
		case c == '-' || c == '_':
			joints++
		case c == '.':
			dots++
		default:
			return shapeOther
		}
	}
	switch {
	case dots > 0 && isQualified(s):
		return shapeQualified
	case dots > 0 || len(s) > longestLabel:
		return shapeOther
	case letters == 0 && joints == 0:
		return shapeNumber
	case letters == 0:
		return shapeOther // a date, a phone number
	case digits+joints > 0:
		return shapeMixed
	default:
		return shapeWord
	}
}

// isQualified tells a name with a domain from other words with dots in them, as far as its form can: no label
// is empty or too long, and the last one has letters alone, which version numbers have not.
func isQualified(s string) bool {
	last := ""
	for last = range strings.SplitSeq(s, ".") {
		if last == "" || len(last) > longestLabel {
			return false
		}
	}
	return len(last) >= shortestName && isWord(last)
}

func isWord(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// tagKey is the form in which asset tags are compared. The table's tag_key is made the same way.
func tagKey(tag string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(tag))
}
