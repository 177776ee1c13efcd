package evaluation

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markdown "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// rendered is a note in every form in which somebody may see it.
type rendered struct{ html, markdown, terminal string }

func render(n synthesis.Note) rendered {
	return rendered{
		html: synthesis.Render(n, synthesis.FormatHTML), markdown: synthesis.Render(n, synthesis.FormatMarkdown), terminal: synthesis.Text(n),
	}
}

func (r rendered) all() []string { return []string{r.html, r.markdown, r.terminal} }

// words counts what stands between white space, in the form that shows most.
func (r rendered) words() int {
	return max(len(strings.Fields(readHTML("", r.html).text)), len(strings.Fields(r.markdown)), len(strings.Fields(r.terminal)))
}

// pages are what browsers make of the note: of its HTML, and of its Markdown by CommonMark with what GitHub adds. ServiceDesk Plus
// keeps the Markdown as HTML, too, which then must be text alone; inspecting that is a page's own matter.
func (r rendered) pages() []page {
	asHTML := readHTML("HTML", r.html)
	converted := readHTML("Markdown", convert(r.markdown))
	raw := readHTML("Markdown as HTML", r.markdown)
	for _, e := range raw.elements {
		converted.elements = append(converted.elements, element{tag: "raw " + e.tag})
	}
	return []page{asHTML, converted}
}

// convert reads Markdown as generously as any application may: tables, bare addresses as links, HTML passed through.
func convert(source string) string {
	var out bytes.Buffer
	engine := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList), goldmark.WithRendererOptions(markdown.WithUnsafe()))
	if err := engine.Convert([]byte(source), &out); err != nil {
		return source // it is looked at as it is
	}
	return out.String()
}

// page is what a browser makes of HTML.
type page struct {
	form     string
	elements []element
	headings []string
	text     string
}

type element struct {
	tag        string
	attributes []html.Attribute
}

func readHTML(form, source string) page {
	p := page{form: form}
	root, err := html.Parse(strings.NewReader("<!DOCTYPE html><html><head></head><body>" + source + "</body></html>"))
	if err != nil {
		p.elements = append(p.elements, element{tag: "unreadable: " + err.Error()})
		return p
	}
	var text strings.Builder
	for node := range root.LastChild.LastChild.Descendants() {
		switch node.Type { //nolint:exhaustive // all others are the same to us
		case html.TextNode:
			text.WriteString(node.Data)
		case html.ElementNode:
			p.elements = append(p.elements, element{tag: node.Namespace + node.Data, attributes: node.Attr})
			if slices.Contains([]string{"p", "li", "br", "h3", "ul"}, node.Data) {
				text.WriteString("\n")
			}
			if strings.HasPrefix(node.Data, "h") {
				p.headings = append(p.headings, content(node))
			}
		default:
			p.elements = append(p.elements, element{tag: fmt.Sprintf("%q", node.Data)})
		}
	}
	p.text = text.String()
	return p
}

func content(node *html.Node) string {
	var b strings.Builder
	for n := range node.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// markup finds what a note has none of.
func (p page) markup(allowed permitted) []finding {
	var found []finding
	add := func(kind effect, format string, args ...any) {
		found = append(found, finding{kind, p.form + ": " + fmt.Sprintf(format, args...)})
	}
	for _, e := range p.elements {
		if !slices.Contains([]string{"p", "h3", "ul", "li", "em", "strong", "small", "br", "a"}, e.tag) {
			add(effectMarkup, "<%s>", e.tag)
		}
		for _, a := range e.attributes {
			switch {
			case e.tag == "a" && a.Key == "href" && a.Namespace == "":
				if !slices.Contains(allowed.links, a.Val) {
					add(effectLink, "%s", a.Val)
				}
			case e.tag == "a" && a.Key == "rel" && a.Val == "noopener noreferrer":
			default:
				add(effectMarkup, "<%s %s>", e.tag, a.Key)
			}
		}
	}
	titles := []string{"Similar Tickets", "Documentation", "System Info", "Recommendations"}
	for i, heading := range p.headings {
		if !slices.Contains(titles, heading) || slices.Contains(p.headings[:i], heading) {
			add(effectMarkup, "the heading %q", heading)
		}
	}
	return found
}
