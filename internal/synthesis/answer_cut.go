package synthesis

// parseCut reads an answer that breaks off: it is cut behind the last value that is whole, so that no half of a statement is taken for
// one. A library that repairs JSON would close the half one.
func parseCut(text string) (answer, bool) {
	best, found := answer{}, false
	for i, tries := 0, 0; i < len(text) && tries < maxAnswerTries; i++ {
		if text[i] != '{' {
			continue
		}
		tries++
		closed, ok := closeCut(text[i:])
		if !ok {
			continue
		}
		if object := findObject(closed); object != nil && (!found || knownKeys(object) > 1) {
			best, found = readAnswer(object), true
			best.truncated = true
			if knownKeys(object) > 1 {
				break
			}
		}
	}
	return best, found
}

// Depths at which values of an answer end: a member of the object, and an item of a section.
const (
	memberDepth = 1
	itemDepth   = 2
)

// closeCut gives text, which begins with a brace, up to the last value that ended at a member's or an item's depth, with what was open
// closed; false when text is whole, or nothing in it ended.
func closeCut(text string) (string, bool) {
	var (
		open               []byte
		inString, escaped  bool
		end                int
		openAtEnd, closing string
	)
	ended := func(at int) {
		if d := len(open); d == memberDepth || d == itemDepth && open[d-1] == '[' {
			end, openAtEnd = at, string(open)
		}
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			if inString = !inString; !inString && value(text, i) {
				ended(i + 1)
			}
		case inString:
		case c == '{' || c == '[':
			if len(open) > itemDepth+memberDepth+1 {
				return "", false // deeper than any answer
			}
			open = append(open, c)
		case c == '}' || c == ']':
			if len(open) == 0 {
				return "", false
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return "", false
			}
			ended(i + 1)
		}
	}
	if end == 0 {
		return "", false
	}
	for i := len(openAtEnd) - 1; i >= 0; i-- {
		if openAtEnd[i] == '{' {
			closing += "}"
		} else {
			closing += "]"
		}
	}
	return text[:end] + closing, true
}

// value says whether the string that ends at i is one of a member, and not its name: behind a name there is a colon, or nothing yet.
func value(text string, i int) bool {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case ' ', '\n', '\t', '\r':
		case ',', '}', ']':
			return true
		default:
			return false
		}
	}
	return false
}
