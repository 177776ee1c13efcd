package synthesis_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// page is what a reader sees of a note, and what stands behind it.
type page struct {
	text     string
	headings []string
	links    []string
}

// read parses HTML and fails the test for anything but the tags and attributes that notes consist of.
func read(t *testing.T, rendered string) page {
	t.Helper()
	allowed := map[string][]string{
		"h3": nil, "p": nil, "ul": nil, "li": nil, "br": nil, "em": nil, "strong": nil, "small": nil, "a": {"href", "rel"},
	}
	var (
		p       page
		shown   strings.Builder
		heading bool
		open    []string
	)
	z := html.NewTokenizer(strings.NewReader(rendered))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		switch token.Type { //nolint:exhaustive // the others carry no text
		case html.TextToken:
			shown.WriteString(token.Data)
			if heading {
				p.headings = append(p.headings, token.Data)
			}
		case html.StartTagToken, html.EndTagToken:
			heading = token.Data == "h3" && token.Type == html.StartTagToken
			names, ok := allowed[token.Data]
			if !ok {
				t.Errorf("tag %s", token)
			}
			open = nest(t, open, token)
			for _, a := range token.Attr {
				if !slices.Contains(names, a.Key) {
					t.Errorf("attribute %s", token)
				}
				if a.Key == "href" {
					p.links = append(p.links, a.Val)
				}
			}
		default:
			t.Errorf("unexpected %s", token)
		}
	}
	if len(open) > 0 {
		t.Errorf("never closed: %v", open)
	}
	p.text = shown.String()
	return p
}

// nest wants tags to be closed in the order in which they were opened.
func nest(t *testing.T, open []string, token html.Token) []string {
	t.Helper()
	switch {
	case token.Data == "br":
		return open
	case token.Type == html.StartTagToken:
		return append(open, token.Data)
	case len(open) == 0 || open[len(open)-1] != token.Data:
		t.Errorf("%s closes %v", token, open)
		return open
	default:
		return open[:len(open)-1]
	}
}

// readMarkdown parses Markdown as GitHub does, which makes links of addresses by itself, and fails the test for any node but
// those that notes consist of.
func readMarkdown(t *testing.T, source string) page {
	t.Helper()
	p, foreign := parseMarkdown(source)
	if len(foreign) > 0 {
		t.Errorf("Markdown has %q in\n%s", foreign, source)
	}
	return p
}

// parseMarkdown names, besides what a reader gets, all nodes that notes do not consist of.
func parseMarkdown(source string) (p page, foreign []string) {
	allowed := []ast.NodeKind{
		ast.KindDocument, ast.KindHeading, ast.KindParagraph, ast.KindTextBlock, ast.KindList, ast.KindListItem, ast.KindText,
		ast.KindString, ast.KindLink,
	}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	root := md.Parser().Parse(text.NewReader([]byte(source)))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if !slices.Contains(allowed, n.Kind()) {
			foreign = append(foreign, n.Kind().String())
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.headings = append(p.headings, string(n.Lines().Value([]byte(source))))
			if n.Level != 3 {
				foreign = append(foreign, fmt.Sprint("heading of level ", n.Level))
			}
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
			if len(n.Title) > 0 {
				foreign = append(foreign, "title of a link")
			}
		}
		return ast.WalkContinue, nil
	})
	return p, foreign
}

var (
	escaped      = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]")
	markdownLink = regexp.MustCompile(`\[[^\[\]]*\]\((https?://[^<>()\s]+)\)`)
)

// checkMarkdown fails the test when s has markup other than headings, list items and links
// without angle brackets. It takes out what is escaped, as a parser would, and then looks for signs, so that it holds for
// dialects that no parser here knows.
func checkMarkdown(t *testing.T, s string) {
	t.Helper()
	readMarkdown(t, s)
	body, _, _ := strings.Cut(s, reference)
	bare := markdownLink.ReplaceAllString(escaped.ReplaceAllString(body, "e"), "")
	for line := range strings.Lines(bare) {
		line = strings.TrimSuffix(line, "\n")
		if slices.Contains(headings(), strings.TrimPrefix(line, "### ")) {
			continue
		}
		line = strings.TrimPrefix(line, "- ")
		if strings.ContainsAny(line, "<>[]*`_~|@") {
			t.Errorf("markup in %q", line)
		}
		if regexp.MustCompile(`^\s*([#+=-]|\d+[.)](\s|$))`).MatchString(line) {
			t.Errorf("line starts a block: %q", line)
		}
		if regexp.MustCompile(`&(?:$|[^alg])`).MatchString(line) {
			t.Errorf("entity in %q", line)
		}
	}
}

// called matches what calls somebody, or is filled in, by the application that shows a note.
var called = regexp.MustCompile(`[@＠][^\s]|\[~|[$＄][\p{L}_{]`)

// checkLinked wants every link of n to lead to an address that the input names: that of a source, or that for feedback.
func checkLinked(t *testing.T, n synthesis.Note, in synthesis.Input) {
	t.Helper()
	known := []string{in.Footer.FeedbackURL}
	for _, found := range []synthesis.Found{in.Tickets, in.Articles, in.Systems} {
		for _, item := range found.Items {
			known = append(known, item.URL)
		}
	}
	for format, p := range map[string]page{
		"HTML":     read(t, synthesis.Render(n, synthesis.FormatHTML)),
		"Markdown": readMarkdown(t, synthesis.Render(n, synthesis.FormatMarkdown)),
	} {
		for _, link := range p.links {
			if !slices.Contains(known, link) {
				t.Errorf("%s links to %s", format, link)
			}
		}
		if len(p.links) == 0 {
			t.Errorf("%s has no links", format)
		}
	}
}

// The checks themselves must notice what is not harmless.
func TestStructureIsNoticed(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"<b>x</b>", "a www.evil.example b", "root@evil.example", "`x`", "![x](https://sdp.example/x.png)", "*x*", "~~x~~", "# x", "> x",
		"| a |\n|---|", "1. x\n\n   ```\n   x\n   ```", "https://evil.example/", "<https://evil.example/>", "- [ ] x", "---",
	} {
		if _, foreign := parseMarkdown(source); len(foreign) == 0 {
			t.Errorf("%q passes", source)
		}
	}
	for _, call := range []string{"@admin", "[~admin]", "$Subject", "${x}", "a@b", "＄x"} {
		if !called.MatchString(call) {
			t.Errorf("%q passes", call)
		}
	}
}
