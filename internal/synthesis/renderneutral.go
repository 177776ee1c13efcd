package synthesis

import (
	"regexp"
	"strings"
)

// What an application behind the note may act on although it is no markup: mentions, which call somebody, and variables, which
// are filled in. ServiceDesk Plus writes variables as $name, ${name} and $NAME$.
var (
	atSign   = regexp.MustCompile(`[@＠](\S)`)
	tilde    = regexp.MustCompile(`\[~+`)
	variable = regexp.MustCompile(`([$＄])([\p{L}_{])`)
	// expression is what opens an expression in the languages of templates: {{, {%, <%, #{.
	expression = regexp.MustCompile(`([{<#])([{%])`)
	// imitation is what reads like one of our citations. They stand in brackets; in a text they do not.
	imitation = regexp.MustCompile(`\[\s*((?:(?:Ticket\s+)?#\d+|[TAS]\d{1,3})(?:\s*[,;]\s*(?:(?:Ticket\s+)?#\d+|[TAS]\d{1,3}))*)\s*\]`)
)

// neutral is plain, and means nothing to such an application. It stays legible: an @ is spelt out, and a $ stands apart.
func neutral(s string) string {
	s = plain(s)
	if !strings.ContainsAny(s, "[@＠$＄{<#%") { // most texts are spared the expressions, which are slow
		return s
	}
	s = tilde.ReplaceAllString(s, "[")
	s = atSign.ReplaceAllString(s, "(at)$1")
	s = imitation.ReplaceAllString(s, "$1")
	s = expression.ReplaceAllString(s, "$1 $2")
	s = expression.ReplaceAllString(s, "$1 $2") // of three in a row, two are left
	return variable.ReplaceAllString(s, "$1 $2")
}
