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
	var c cut
	for i := range len(text) {
		if !c.read(text, i) {
			return "", false
		}
	}
	if c.end == 0 {
		return "", false
	}
	closed := []byte(text[:c.end])
	for i := len(c.openAtEnd) - 1; i >= 0; i-- {
		closed = append(closed, c.openAtEnd[i]+'}'-'{') // brackets and braces are as far from what closes them
	}
	return string(closed), true
}

// cut follows JSON to where it breaks off.
type cut struct {
	open              []byte // brackets
	inString, escaped bool
	end               int    // behind the last whole value
	openAtEnd         string // what was open there
}

// read takes the byte at i; false when text is not what breaks off.
func (c *cut) read(text string, i int) bool {
	switch b := text[i]; {
	case c.escaped:
		c.escaped = false
	case c.inString && b == '\\':
		c.escaped = true
	case b == '"':
		if c.inString = !c.inString; !c.inString && value(text, i) {
			c.ended(i + 1)
		}
	case c.inString:
	case b == '{' || b == '[':
		c.open = append(c.open, b)
		return len(c.open) <= maxRepairDepth
	case b == '}' || b == ']':
		if len(c.open) <= 1 {
			return false // text is whole
		}
		c.open = c.open[:len(c.open)-1]
		c.ended(i + 1)
	}
	return true
}

func (c *cut) ended(at int) {
	if d := len(c.open); d == memberDepth || d == itemDepth && c.open[d-1] == '[' {
		c.end, c.openAtEnd = at, string(c.open)
	}
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
