package synthesis

import (
	"fmt"
	"html"
	"strings"
)

// Format is what a note is rendered as; a tenant's preference.
type Format string

// The formats.
const (
	FormatHTML     Format = "html"
	FormatMarkdown Format = "markdown"
)

// Valid says whether f is one of the formats.
func (f Format) Valid() bool { return f == FormatHTML || f == FormatMarkdown }

// Render writes n in format f; a format that is not valid gives HTML, which ServiceDesk Plus shows. Every
// text is escaped and the only links are those of the sources. The last line is the reference.
func Render(n Note, f Format) string {
	if f == FormatMarkdown {
		return renderMarkdown(n)
	}
	return renderHTML(n)
}

func renderHTML(n Note) string {
	var b strings.Builder
	paragraph := func(text string) {
		if text = plain(text); text != "" {
			fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(text))
		}
	}
	for _, notice := range n.Notices {
		fmt.Fprintf(&b, "<p><em>%s</em></p>\n", html.EscapeString(plain(notice)))
	}
	paragraph(n.Summary)
	if changed := plain(n.Changed); changed != "" {
		fmt.Fprintf(&b, "<p><strong>%s</strong></p>\n", html.EscapeString(changed))
	}
	for _, s := range n.Sections {
		fmt.Fprintf(&b, "<h3>%s</h3>\n", html.EscapeString(plain(s.Title)))
		if len(s.Items) > 0 {
			b.WriteString("<ul>\n")
			for _, item := range s.Items {
				fmt.Fprintf(&b, "<li>%s</li>\n", htmlItem(item))
			}
			b.WriteString("</ul>\n")
		}
		paragraph(s.Empty)
		paragraph(s.omission())
	}
	if ref := plainReference(n.Reference); ref != "" {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(ref))
	}
	return b.String()
}

// newMark stands before an item that names a source which the note before did not.
const newMark = "New:"

func htmlItem(item Item) string {
	parts := []string{html.EscapeString(plain(item.Text))}
	if item.New {
		parts = []string{"<strong>" + newMark + "</strong>", parts[0]}
	}
	for _, ref := range item.Sources {
		text := html.EscapeString(plain(ref.Text))
		if url := safeURL(ref.URL); url != "" {
			text = fmt.Sprintf(`<a href="%s" rel="noopener noreferrer">%s</a>`, html.EscapeString(url), text)
		}
		parts = append(parts, "["+text+"]")
	}
	return strings.Join(parts, " ")
}

// omission tells how many items the word limit left out.
func (s Section) omission() string {
	if s.Omitted == 0 {
		return ""
	}
	return fmt.Sprintf("%d more left out.", s.Omitted)
}

// lines are a note's blocks in a format that is made of lines. text and ref write one text and one
// citation in it.
func lines(n Note, heading string, text func(string) string, ref func(Ref) string) string {
	var blocks []string
	block := func(s string) {
		if s != "" {
			blocks = append(blocks, s)
		}
	}
	for _, notice := range n.Notices {
		block(text(notice))
	}
	block(text(n.Summary))
	block(text(n.Changed))
	for _, s := range n.Sections {
		block(heading + text(s.Title))
		var items []string
		for _, item := range s.Items {
			parts := []string{"-"}
			if item.New {
				parts = append(parts, newMark)
			}
			parts = append(parts, text(item.Text))
			for _, r := range item.Sources {
				parts = append(parts, ref(r))
			}
			items = append(items, strings.Join(parts, " "))
		}
		block(strings.Join(items, "\n"))
		block(text(s.Empty))
		block(text(s.omission()))
	}
	return strings.Join(blocks, "\n\n") + "\n"
}

// Text writes n for a terminal: no markup, no links, no control characters.
func Text(n Note) string {
	out := lines(n, "", plain, func(r Ref) string { return "[" + plain(r.Text) + "]" })
	if ref := plainReference(n.Reference); ref != "" {
		out += "\n" + ref + "\n"
	}
	return out
}
