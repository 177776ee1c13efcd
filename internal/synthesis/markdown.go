package synthesis

import (
	"regexp"
	"strings"
	"unicode"
)

// verbatim matches a reference that Markdown shows as it is written. It may hold brackets, but none that
// make a link.
var verbatim = regexp.MustCompile(`^[\p{L}\p{N}\[(][\p{L}\p{N} .,:;/#=()\[\]_-]*$`)

// blockStart matches what makes a list, a heading, a quotation or a rule at the start of a line
// (CommonMark 0.31, chapters 4 and 5). Digits make a list only before a space, so an address stays legible.
var blockStart = regexp.MustCompile(`^(?:[#+=:.-]|\d{1,9}[.)](?:\s|$))`)

func renderMarkdown(n Note) string {
	out := writer{heading: "### ", text: escapeMarkdown, cite: markdownCitation, link: markdownLinkTo}.write(n)
	switch ref := plainReference(n.Reference); {
	case ref == "":
	case verbatim.MatchString(ref) && !strings.Contains(ref, "](") && !strings.Contains(ref, "]:"):
		out += "\n" + ref + "\n"
	default:
		out += "\n" + escapeMarkdown(ref) + "\n"
	}
	return out
}

// markdownCitation writes a citation.
func markdownCitation(r Ref) string {
	if url := safeURL(r.URL); url != "" {
		return markdownLinkTo(url, r.label())
	}
	return escapeMarkdown(r.label())
}

// markdownLinkTo writes a link. The address is percent-encoded, so that nothing in it can end the link, and stands without angle
// brackets: ServiceDesk Plus keeps notes as HTML and would take it for a tag.
func markdownLinkTo(address, text string) string {
	return "[" + escapeInline(neutral(text)) + "](" + address + ")"
}

// escapeMarkdown writes a text that begins a block.
func escapeMarkdown(s string) string {
	s = neutral(s)
	if !blockStart.MatchString(s) {
		return escapeInline(s)
	}
	mark := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
	return s[:mark] + `\` + s[mark:mark+1] + escapeInline(s[mark+1:])
}

// escapeInline writes neutral text so that no dialect of Markdown finds markup in it. Angle brackets and ampersands become
// entities, because some renderers pass HTML through even when it is escaped by a backslash.
func escapeInline(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case strings.ContainsRune("\\`*_[]~|@$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
