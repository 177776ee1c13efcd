package synthesis

import "regexp"

// What an application behind the note may act on although it is no markup: mentions, which call somebody, and variables, which
// are filled in. ServiceDesk Plus writes variables as $name, ${name} and $NAME$.
var (
	atSign   = regexp.MustCompile(`[@＠](\S)`)
	tilde    = regexp.MustCompile(`\[~+`)
	variable = regexp.MustCompile(`([$＄])([\p{L}_{])`)
	braces   = regexp.MustCompile(`([{#<])([{%])`) // {{x}}, {% x %}, <% x %>, #{x}, of template languages
)

// neutral is plain, and means nothing to such an application. It stays legible: an @ is spelt out, and a $ stands apart.
func neutral(s string) string {
	s = plain(s)
	s = tilde.ReplaceAllString(s, "[")
	s = atSign.ReplaceAllString(s, "(at)$1")
	s = variable.ReplaceAllString(s, "$1 $2")
	return braces.ReplaceAllString(braces.ReplaceAllString(s, "$1 $2"), "$1 $2") // twice for {{{
}
