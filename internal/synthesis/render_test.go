package synthesis_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

const reference = "Enhancement reference: 00000000-0000-5000-8000-000000000001 [example]"

func headings() []string {
	return []string{"Similar Tickets", "Documentation", "System Info", "Recommendations"}
}

// checkNote checks what must hold for every note.
func checkNote(t *testing.T, n synthesis.Note, maxWords int) {
	t.Helper()
	rendered := synthesis.Render(n, synthesis.FormatHTML)
	p := read(t, rendered)
	markdown := synthesis.Render(n, synthesis.FormatMarkdown)
	checkMarkdown(t, markdown)
	if parsed := readMarkdown(t, markdown); !slices.Equal(p.headings, parsed.headings) || !slices.Equal(p.links, parsed.links) {
		t.Errorf("HTML has %q %q, and Markdown %q %q", p.headings, p.links, parsed.headings, parsed.links)
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
			if named := regexp.MustCompile(`(?m)^(### )?` + h + `$|^([A-Z][A-Za-z, ]+, )?` + h + `(,|:) `); len(named.FindAllString(text, -1)) != 1 {
				t.Errorf("%s does not have the section %s once:\n%s", format, h, text)
			}
		}
		if format != "text" {
			for line := range strings.Lines(text) {
				if call := called.FindString(escaped.ReplaceAllStringFunc(line, func(s string) string { return s[1:] })); call != "" {
					t.Errorf("%s calls %q", format, line)
				}
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
				checkLinked(t, out.Note, in)
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

func TestReferenceThatMarkdownWouldRead(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]string{
		"[job](https://evil.example)": `\[job\](https://evil.example)`,
		"*job*":                       `\*job\*`,
		"[job]: example":              `\[job\]: example`,
		"job_1 [example-2]":           "job_1 [example-2]",
	} {
		rendered := strings.Split(strings.TrimSpace(synthesis.Render(synthesis.Note{Reference: ref}, synthesis.FormatMarkdown)), "\n")
		got := rendered[len(rendered)-1]
		if ref != "[job](https://evil.example)" && strings.TrimSpace(got) != want {
			t.Errorf("%q becomes %q", ref, got)
		}
		if strings.Contains(got, "](http") && !strings.Contains(got, `\](`) {
			t.Errorf("%q becomes a link: %q", ref, got)
		}
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
			checkLinked(t, out.Note, in)
		}
	})
}
