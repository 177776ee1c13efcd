// Package ticket owns what a ticket is to us: its fields, its limits and its text in normal form.
// It does no I/O.
package ticket

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the fields, in characters (Unicode code points).
const (
	MaxSubject     = 250
	MaxDescription = 10_000
	MaxPriority    = 50
)

// Ticket is a request in ServiceDesk Plus, as far as enhancing it needs.
type Ticket struct {
	// ID is ServiceDesk Plus's own: decimal digits, more than 18 of them in the cloud.
	ID          string
	Subject     string
	Description string // plain text
	Priority    string
}

// Text is what the sources search by: subject and description as one text.
func (t Ticket) Text() string {
	return strings.TrimSpace(t.Subject + "\n" + t.Description)
}

// Normalize brings text of unknown origin into the form in which it is stored and compared: valid
// UTF-8, "\n" line ends, no control or invisible formatting characters (which hide text from a reader or
// reverse it), no trailing white space.
func Normalize(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(line, unicode.IsSpace)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
