package knowledge

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// plainText is markup as a reader sees it, on one line: no tags, entities resolved, neither scripts
// nor styles, no control characters.
func plainText(markup string) string {
	var text strings.Builder
	hidden := atom.Atom(0)
	tokens := html.NewTokenizer(strings.NewReader(markup))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken { // the end: a string has no other
			return strings.Join(strings.Fields(ticket.Normalize(text.String())), " ")
		}
		token := tokens.Token()
		switch {
		case kind == html.TextToken && hidden == 0:
			text.WriteString(token.Data)
		case kind == html.StartTagToken && hidden == 0 && isHidden(token.DataAtom):
			hidden = token.DataAtom
		case kind == html.EndTagToken && hidden != 0 && token.DataAtom == hidden:
			hidden = 0
		case kind != html.TextToken && !isInline(token.DataAtom):
			text.WriteByte(' ')
		}
	}
}

func isHidden(tag atom.Atom) bool {
	return slices.Contains([]atom.Atom{
		atom.Script, atom.Style, atom.Template, atom.Title, atom.Iframe, atom.Noscript, atom.Textarea,
	}, tag)
}

// isInline tells which tags do not separate words.
func isInline(tag atom.Atom) bool {
	return slices.Contains([]atom.Atom{
		atom.A, atom.Abbr, atom.B, atom.Code, atom.Em, atom.Font, atom.I, atom.Kbd, atom.Mark, atom.S, atom.Small,
		atom.Span, atom.Strong, atom.Sub, atom.Sup, atom.Tt, atom.U, atom.Wbr,
	}, tag)
}
