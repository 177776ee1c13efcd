package synthesis

import (
	"fmt"
	"html"
	"strings"
)

// renderHTML uses few elements, and no attributes but of links: ServiceDesk Plus takes most others out, and where it takes out
// one of these, too, what is left still reads well. Colours and sizes are the reader's, in the light and in the dark.
func renderHTML(n Note) string {
	v := newView(n)
	var b strings.Builder
	paragraph := func(before string, lines []string, after string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "<p>%s%s%s</p>\n", before, strings.Join(lines, "<br>\n"), after)
		}
	}
	paragraph("", texts(htmlText, v.summary), "")
	paragraph("", v.htmlStatus(), "")
	paragraph("", texts(htmlChanged, v.changed), "")
	for _, s := range v.sections {
		v.htmlSection(&b, s)
	}
	var empty []string
	for _, a := range v.empty {
		empty = append(empty, "<strong>"+htmlText(a.titles)+":</strong> "+htmlText(a.text))
	}
	paragraph("", empty, "")
	var footer []string
	if v.feedback != "" {
		footer = append(footer, htmlLink(v.feedback, feedbackText))
	}
	footer = append(footer, texts(htmlText, v.footer...)...)
	paragraph("<small>", footer, "</small>")
	paragraph("<small>", texts(html.EscapeString, plainReference(n.Reference)), "</small>")
	return b.String()
}

// htmlStatus tells how far to rely on the note.
func (v view) htmlStatus() []string {
	var lines []string
	if v.confidence != "" {
		lines = append(lines, strings.TrimSpace("<strong>"+htmlText(v.confidence)+"</strong> "+htmlText(v.because)))
	}
	for _, notice := range texts(htmlText, v.notices...) {
		lines = append(lines, "<em>"+notice+"</em>")
	}
	return lines
}

// htmlChanged makes the date stand out, by which a reader who comes back sees that there is something new.
func htmlChanged(s string) string {
	const dateEnds = "UTC. "
	date, what, found := strings.Cut(s, dateEnds)
	if !found {
		return "<strong>" + htmlText(s) + "</strong>"
	}
	return "<strong>" + htmlText(date+dateEnds) + "</strong> " + htmlText(what)
}

func (v view) htmlSection(b *strings.Builder, s Section) {
	fmt.Fprintf(b, "<h3>%s</h3>\n<ul>\n", htmlText(s.Title))
	for _, item := range s.Items {
		b.WriteString("<li>")
		if item.New {
			b.WriteString("<strong>" + newMark + "</strong> ")
		}
		b.WriteString(v.htmlItem(item, s.advises()) + "</li>\n")
	}
	if left := s.omission(); left != "" {
		fmt.Fprintf(b, "<li><em>%s</em></li>\n", left)
	}
	b.WriteString("</ul>\n")
}

func (v view) htmlItem(item Item, advice bool) string {
	cite := htmlHeadword
	if advice {
		cite = htmlCitation
	}
	text, cited := htmlText(item.Text), v.citations(item.Sources, advice, cite, htmlText)
	switch {
	case cited == "":
		return text
	case advice:
		return text + "<br>\n[" + cited + "]"
	default:
		return cited + "<br>\n" + text
	}
}

// htmlHeadword is a citation at the beginning of an item. A link stands out as it is.
func htmlHeadword(r Ref) string {
	cited := htmlCitation(r)
	if cited == "" || safeURL(r.URL) != "" {
		return cited
	}
	return "<strong>" + cited + "</strong>"
}

func htmlCitation(r Ref) string {
	if url := safeURL(r.URL); url != "" {
		return htmlLink(url, r.label())
	}
	return htmlText(r.label())
}

func htmlLink(url, text string) string {
	return fmt.Sprintf(`<a href="%s" rel="noopener noreferrer">%s</a>`, html.EscapeString(url), htmlText(text))
}

func htmlText(s string) string { return html.EscapeString(neutral(s)) }

// texts writes those of all that are not empty.
func texts(write func(string) string, all ...string) []string {
	var written []string
	for _, s := range all {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if s = write(s); s != "" {
			written = append(written, s)
		}
	}
	return written
}
