package synthesis_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

const reference = "Enhancement reference: 00000000-0000-5000-8000-000000000001 [example]"

func headings() []string {
	return []string{"Similar Tickets", "Documentation", "System Info", "Recommendations"}
}

// page is what a reader sees of HTML, and what stands behind it.
type page struct {
	text     string
	headings []string
	links    []string
}

// read parses HTML and fails the test for anything but the tags and attributes that notes consist of.
func read(t *testing.T, rendered string) page {
	t.Helper()
	allowed := map[string][]string{
		"h3": nil, "p": nil, "ul": nil, "li": nil, "em": nil, "strong": nil, "a": {"href", "rel"},
	}
	var (
		p       page
		text    strings.Builder
		heading bool
	)
	z := html.NewTokenizer(strings.NewReader(rendered))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		switch token.Type { //nolint:exhaustive // the others carry no text
		case html.TextToken:
			text.WriteString(token.Data)
			if heading {
				p.headings = append(p.headings, token.Data)
			}
		case html.StartTagToken, html.EndTagToken:
			heading = token.Data == "h3" && token.Type == html.StartTagToken
			names, ok := allowed[token.Data]
			if !ok {
				t.Errorf("tag %s", token)
			}
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
	p.text = text.String()
	return p
}

var (
	escaped      = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]")
	markdownLink = regexp.MustCompile(`\[[^\[\]]*\]\((https?://[^<>()\s]+)\)`)
)

// checkMarkdown fails the test when s has markup other than headings, list items and links
// without angle brackets. It takes out what is escaped, as a parser would, and then looks for signs.
func checkMarkdown(t *testing.T, s string) {
	t.Helper()
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

// checkNote checks what must hold for every note.
func checkNote(t *testing.T, n synthesis.Note, maxWords int) {
	t.Helper()
	rendered := synthesis.Render(n, synthesis.FormatHTML)
	p := read(t, rendered)
	markdown := synthesis.Render(n, synthesis.FormatMarkdown)
	checkMarkdown(t, markdown)
	if !slices.Equal(p.headings, headings()) {
		t.Errorf("HTML has the headings %q", p.headings)
	}
	for format, text := range map[string]string{"HTML": p.text, "Markdown": markdown, "text": synthesis.Text(n)} {
		if words := synthesis.WordCount(text); words > maxWords {
			t.Errorf("%s has %d words", format, words)
		}
		all := strings.Split(strings.TrimSpace(text), "\n")
		if all[len(all)-1] != reference || strings.Count(text, reference) != 1 {
			t.Errorf("%s does not end with the reference, or has it twice:\n%s", format, text)
		}
		for _, h := range headings() {
			if strings.Count("\n"+strings.ReplaceAll(text, "### ", ""), "\n"+h+"\n") != 1 {
				t.Errorf("%s does not have the heading %s once:\n%s", format, h, text)
			}
		}
		if i := strings.IndexFunc(text, func(r rune) bool {
			joiner := r == '\u200c' || r == '\u200d' // where writing needs them: see ticket.Normalize
			return r != '\n' && !joiner && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
		}); i >= 0 {
			t.Errorf("%s has an invisible character at %d: %q", format, i, text)
		}
	}
}

// hostile are texts that try to be more than text.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</li></ul><h3>Summary</h3>`, `]]>`,
		`<!-- hidden -->`, `<a href="https://evil.example">x</a>`, `&lt;b&gt; &#106;avascript &amp;`,
		`javascript:alert(1)`, `[click](javascript:alert(1))`, `[click](https://evil.example)`,
		`![](https://evil.example/p.png)`, `<https://evil.example>`, "[a][b]\n\n[b]: https://evil.example",
		"# Heading\n## Similar Tickets", "Similar Tickets\n======", "- item\n+ item\n1. item\n2) item",
		"1. ordered", "2) ordered", "+ item", "> quote", "```\ncode\n```", "~~~", "---", "===", "| a | b |\n|---|---|",
		"**bold** _em_ ~~gone~~ `code`", "@admin please", "mail root@evil.example", "\u202egnp.exe\u2066", "a\u200bb\u00ad",
		"\x1b]0;title\x07\x1b[2J", "\\[x\\](https://evil.example)", `\`, `\\`, "www.evil.example", "evil.example/login",
		reference, strings.ToUpper(reference), "\n" + reference + "\n", "{{7*7}} ${x} $$y$$", "\u2028# x", "one\rtwo",
		"é" + strings.Repeat("\u0301", 50), strings.Repeat("x", 5000), strings.Repeat("many words ", 900), "",
	}
}

func TestRenderEscapes(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		t.Run(text[:min(len(text), 20)], func(t *testing.T) {
			t.Parallel()
			in := exampleInput()
			poison(&in, text)
			answer := scripted{text: hostileAnswer(t, text)}
			for _, llm := range []synthesis.LLM{nil, answer} {
				out := synthesis.New(llm, synthesis.Options{}).Synthesize(t.Context(), in)
				checkNote(t, out.Note, synthesis.DefaultMaxWords)
				checkLinks(t, out.Note)
			}
		})
	}
}

// checkLinks wants every link to lead to the example's own hosts.
func checkLinks(t *testing.T, n synthesis.Note) {
	t.Helper()
	links := read(t, synthesis.Render(n, synthesis.FormatHTML)).links
	for _, m := range markdownLink.FindAllStringSubmatch(synthesis.Render(n, synthesis.FormatMarkdown), -1) {
		links = append(links, m[1])
	}
	for _, link := range links {
		if !strings.HasPrefix(link, "https://sdp.example/") && !strings.HasPrefix(link, "https://kb.example/") {
			t.Errorf("link to %s", link)
		}
	}
	if len(links) == 0 {
		t.Error("no links")
	}
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	n := synthesis.Note{
		Summary: "VPN & mail <down>.", Notices: []string{"Example notice."}, Reference: reference,
		Sections: []synthesis.Section{
			{Title: "Similar Tickets", Omitted: 2, Items: []synthesis.Item{{Text: "Same * cause.", Sources: []synthesis.Ref{
				{Kind: gather.KindTicket, Text: "#1001", URL: "https://sdp.example/x?id=1&v=(2)"},
				{Kind: gather.KindSystem, Text: "mx_01", URL: "javascript:alert(1)"},
			}}}},
			{Title: "Documentation", Empty: "Nothing relevant was found."},
		},
	}
	for format, want := range map[synthesis.Format]string{
		synthesis.FormatHTML: `<p><em>Example notice.</em></p>
<p>VPN &amp; mail &lt;down&gt;.</p>
<h3>Similar Tickets</h3>
<ul>
<li>Same * cause. [<a href="https://sdp.example/x?id=1&amp;v=%282%29" rel="noopener noreferrer">#1001</a>] [mx_01]</li>
</ul>
<p>2 more left out.</p>
<h3>Documentation</h3>
<p>Nothing relevant was found.</p>
<p>` + reference + `</p>
`,
		synthesis.FormatMarkdown: `Example notice.

VPN &amp; mail &lt;down&gt;.

### Similar Tickets

- Same \* cause. [#1001](https://sdp.example/x?id=1&v=%282%29) \[mx\_01\]

2 more left out.

### Documentation

Nothing relevant was found.

` + reference + `
`,
	} {
		if got := synthesis.Render(n, format); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", format, got, want)
		}
	}
	if got := synthesis.Text(n); !strings.Contains(got, "- Same * cause. [#1001] [mx_01]\n") {
		t.Errorf("text is\n%s", got)
	}
}

func TestReferenceThatMarkdownWouldRead(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]string{
		"[job](https://evil.example)": `\[job\](https://evil.example)`,
		"*job*":                       `\*job\*`,
		"[job]: example":              `\[job\]: example`,
		"job_1 [example-2]":           "job_1 [example-2]",
	} {
		got := synthesis.Render(synthesis.Note{Reference: ref}, synthesis.FormatMarkdown)
		if ref != "[job](https://evil.example)" && strings.TrimSpace(got) != want {
			t.Errorf("%q becomes %q", ref, got)
		}
		if strings.Contains(got, "](http") && !strings.Contains(got, `\](`) {
			t.Errorf("%q becomes a link: %q", ref, got)
		}
	}
}

func TestFormatValid(t *testing.T) {
	t.Parallel()
	if !synthesis.FormatHTML.Valid() || !synthesis.FormatMarkdown.Valid() || synthesis.Format("pdf").Valid() {
		t.Error("wrong")
	}
}

func FuzzRender(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, items int) {
		in := exampleInput()
		items = max(0, items) % 30
		for _, found := range []*synthesis.Found{&in.Tickets, &in.Articles, &in.Systems} {
			for len(found.Items) < items {
				item := found.Items[0]
				item.ID += string(bytes.Repeat([]byte("1"), len(found.Items)))
				found.Items = append(found.Items, item)
			}
		}
		poison(&in, text)
		for _, llm := range []synthesis.LLM{nil, scripted{text: text}, scripted{text: hostileAnswer(t, text)}} {
			out := synthesis.New(llm, synthesis.Options{}).Synthesize(t.Context(), in)
			checkNote(t, out.Note, synthesis.DefaultMaxWords)
		}
	})
}
