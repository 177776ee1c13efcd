package ticket

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Normalize brings text of unknown origin into the form in which it is stored, compared, logged and shown: valid
// UTF-8, "\n" line ends, no trailing white space, and none of the characters that hide text from a reader, reverse
// it, or carry a message that only a machine sees. All text from outside of this process goes through it: webhooks,
// ServiceDesk Plus, knowledge bases, imported files, answers of models.
//
//   - Bytes that are no UTF-8 become U+FFFD. Where text can be refused instead, the caller does that first.
//   - Line and paragraph separators, vertical tabs and form feeds are line ends.
//   - Dropped: control characters but "\n" and "\t"; bidirectional overrides, isolates and marks; tag characters;
//     zero-width spaces, word joiners, soft hyphens; fillers and noncharacters.
//   - A zero-width joiner or non-joiner stays where writing needs it: behind a letter of a script that joins (Persian,
//     Hindi), and a joiner between two pictographs. A variation selector stays, one, behind what can vary.
func Normalize(s string) string {
	if !isPlain(s) {
		s = visibleOnly(s)
	}
	if strings.IndexByte(s, '\n') < 0 {
		return strings.TrimRightFunc(s, unicode.IsSpace)
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(line, unicode.IsSpace)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// isPlain says that there is nothing in s to look at closely, as in most texts.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c == '\x7f' || (c < ' ' && c != '\n' && c != '\t') {
			return false
		}
	}
	return true
}

func visibleOnly(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	var (
		out strings.Builder
		at  position
	)
	out.Grow(len(s))
	for i, r := range s {
		if r == '\r' && strings.HasPrefix(s[i:], "\r\n") {
			continue
		}
		if breaksLine(r) {
			r = '\n'
		}
		if !hidden(r) && at.admits(r, s[i+utf8.RuneLen(r):]) {
			out.WriteRune(r)
			at.pass(r)
		}
	}
	return out.String()
}

func breaksLine(r rune) bool {
	switch r {
	case '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// hidden tells the characters that have no place in any text.
func hidden(r rune) bool {
	switch {
	case ' ' <= r && r < '\x7f': // most of them
		return false
	case r == '\n' || r == '\t' || isJoiner(r):
		return false
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // the Arabic number sign is seen
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// position is what the characters before the next one allow it to be.
type position struct {
	joining    bool // a letter of a script whose letters join, perhaps with marks
	pictograph bool // an emoji or another symbol, perhaps with a modifier
	varies     bool // a character of which there are variants
	ideograph  bool // one of the many that have
}

// admits says whether r may stand here, when rest follows.
func (p *position) admits(r rune, rest string) bool {
	switch {
	case r < utf8.RuneSelf:
		return true
	case r == zeroWidthNonJoiner:
		return p.joining
	case r == zeroWidthJoiner:
		next, size := utf8.DecodeRuneInString(rest)
		return p.joining || p.pictograph && size > 0 && isPictograph(next)
	case isSupplementarySelector(r):
		return p.ideograph
	case unicode.Is(unicode.Variation_Selector, r):
		return p.varies
	}
	return true
}

func (p *position) pass(r rune) {
	switch {
	case r < utf8.RuneSelf: // most of them, and none is in the tables below
		*p = position{varies: !unicode.IsSpace(r) && !unicode.IsLetter(r)}
	case isJoiner(r):
		*p = position{}
	case unicode.Is(unicode.Variation_Selector, r):
		p.varies, p.ideograph = false, false
	case unicode.Is(unicode.M, r):
		p.varies, p.ideograph = false, false
	default:
		letter := unicode.IsLetter(r)
		*p = position{
			joining:    (letter || unicode.IsNumber(r)) && unicode.In(r, joiningScripts...),
			pictograph: isPictograph(r),
			varies:     !unicode.IsSpace(r) && (!letter || unicode.In(r, unicode.Han, unicode.Mongolian, unicode.Myanmar, unicode.Phags_Pa)),
			ideograph:  unicode.Is(unicode.Han, r),
		}
	}
}

func isJoiner(r rune) bool { return r == zeroWidthJoiner || r == zeroWidthNonJoiner }

// isSupplementarySelector tells the selectors that vary ideographs.
func isSupplementarySelector(r rune) bool { return '\U000E0100' <= r && r <= '\U000E01EF' }

// isPictograph tells what a joiner makes one emoji of: symbols, skin tones, and the two arrows that are a nod.
func isPictograph(r rune) bool {
	const brailleBlank = '\u2800' // shows nothing, as little as the replacement for what was no character
	return unicode.Is(unicode.So, r) && r != brailleBlank && r != utf8.RuneError || isSkinTone(r) || r == '↔' || r == '↕'
}

func isSkinTone(r rune) bool { return '\U0001F3FB' <= r && r <= '\U0001F3FF' }

//nolint:gochecknoglobals // constants, which tables cannot be
var joiningScripts = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mandaic, unicode.Nko, unicode.Mongolian, unicode.Phags_Pa, unicode.Adlam,
	unicode.Hanifi_Rohingya, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya,
	unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
	unicode.Tibetan, unicode.Balinese, unicode.Javanese, unicode.Sundanese, unicode.Meetei_Mayek, unicode.Tai_Tham,
}
