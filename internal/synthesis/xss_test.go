package synthesis_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// vectors are texts and addresses with which somebody would run a script in the reader's browser, or show it something
// that is not ours.
func vectors() []string {
	return []string{
		// Elements that run, load or frame.
		`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
		`<script/x>alert(1)</script >`, `<img src=x onerror=alert(1)>`, `<IMG """><SCRIPT>alert(1)</SCRIPT>">`,
		`<img src="x` + "`" + `onerror=alert(1)">`, `<body onload=alert(1)>`, `<input autofocus onfocus=alert(1)>`, `<video><source onerror=alert(1)></video>`,
		`<details open ontoggle=alert(1)>`, `<marquee onstart=alert(1)>`, `<iframe src="javascript:alert(1)"></iframe>`,
		`<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;">`, `<object data="data:text/html,<script>alert(1)</script>">`,
		`<embed src=//evil.example/x.swf>`, `<base href="https://evil.example/">`, `<meta http-equiv=refresh content="0;url=//evil.example">`,
		`<link rel=stylesheet href=//evil.example/x.css>`, `<style>@import "//evil.example/x.css";</style>`, `<form action=//evil.example><input name=p></form>`,
		`<button formaction="javascript:alert(1)">x</button>`, `<template><script>alert(1)</script></template>`,
		// SVG and MathML.
		`<svg onload=alert(1)>`, `<svg><script>alert&#40;1&#41;</script></svg>`, `<svg><animate onbegin=alert(1) attributeName=x dur=1s>`,
		`<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`, `<svg><use href="data:image/svg+xml,<svg id='x'><script>alert(1)</script></svg>#x"/></svg>`,
		`<math href="javascript:alert(1)">x</math>`, `<svg/onload=alert(1)//`,
		// Out of an attribute, an element, a comment, another language.
		`"><script>alert(1)</script>`, `' onmouseover='alert(1)`, `" onmouseover="alert(1)`, `" style="background:url(javascript:alert(1))`,
		`</a><script>alert(1)</script>`, `</li></ul><script>alert(1)</script>`, `--><script>alert(1)</script><!--`, `]]><script>alert(1)</script>`,
		`</textarea><script>alert(1)</script>`, `</title><script>alert(1)</script>`, `*/alert(1)/*`, `';alert(1);//`, `\";alert(1);//`,
		`<![CDATA[<script>alert(1)</script>]]>`, `<?xml version="1.0"?><x/>`, `<%= 7*7 %>`,
		// What a parser changes when it reads it a second time.
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
		`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, `<listing>&lt;img onerror=alert(1) src&gt;</listing>`,
		`<xmp><p title="</xmp><svg/onload=alert(1)>">`, `<plaintext>`, `<select><iframe></select><img src=x onerror=alert(1)>`,
		// Encodings.
		`&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;alert(1)&#60;/script&#62;`, `&#x3C;img src=x onerror=alert(1)&#x3E;`,
		`%3Cscript%3Ealert(1)%3C/script%3E`, `\u003cscript\u003ealert(1)\u003c/script\u003e`, "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
		"<scr\x00ipt>alert(1)</scr\x00ipt>", "<\u200bscript>alert(1)</script>", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "\u00abscript\u00bb", "\xc0\xbcscript\xc0\xbe",
		// Addresses.
		`javascript:alert(1)`, `JaVaScRiPt:alert(1)`, "java\tscript:alert(1)", "java\nscript:alert(1)", `&#106;avascript:alert(1)`, " \x01javascript:alert(1)",
		`javascript://sdp.example/%0aalert(1)`, `vbscript:msgbox(1)`, `data:text/html,<script>alert(1)</script>`, `data:text/html;base64,PHNjcmlwdD4=`,
		`blob:https://evil.example/x`, `file:///etc/passwd`, `//evil.example/x`, `\\evil.example\share`, `https://sdp.example@evil.example/`,
		`https://sdp.example" onclick="alert(1)`, `https://sdp.example/'onclick='alert(1)`, `https://sdp.example/><script>alert(1)</script>`, `https:evil.example`,
		// Markdown.
		`[x](javascript:alert(1))`, `[x](data:text/html,<script>alert(1)</script>)`, `![x](https://evil.example/pixel.png)`, `![x](x "onerror=alert(1)")`,
		"[x][y]\n\n[y]: javascript:alert(1)", `<javascript:alert(1)>`, `[x](<javascript:alert(1)>)`, "[x](java\nscript:alert(1))", "```\n</code><script>alert(1)</script>\n```",
		`[<img src=x onerror=alert(1)>](https://evil.example)`, "[x]: <javascript:alert(1)> \"t\"\n[x]", `https://evil.example/<script>`, `[x](https://sdp.example/)<svg onload=alert(1)>`,
		// Templates.
		`{{constructor.constructor('alert(1)')()}}`, `${alert(1)}`, `#{7*7}`, `<%- include('x') %>`, `{% raw %}<script>{% endraw %}`, `[[${7*7}]]`, `@(7*7)`, `$CURRENT_USER$`,
	}
}

// Whatever stands in the ticket, in a source or in the model's answer, a note consists of a handful of elements, and its
// links lead to web pages.
func TestNotesAreInert(t *testing.T) {
	t.Parallel()
	if n := len(vectors()); n < 40 {
		t.Fatalf("only %d vectors", n)
	}
	for i, vector := range vectors() {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			in := exampleInput()
			poison(&in, vector)
			for _, found := range []*synthesis.Found{&in.Tickets, &in.Articles, &in.Systems} {
				for k := range found.Items {
					found.Items[k].ID, found.Items[k].URL = vector+strconv.Itoa(k), vector
				}
			}
			for _, llm := range []synthesis.LLM{nil, scripted{text: hostileAnswer(t, vector)}, scripted{text: vector}} {
				note := synthesis.New(llm, synthesis.Options{}).Synthesize(t.Context(), in).Note
				rendered, markdown := synthesis.Render(note, synthesis.FormatHTML), synthesis.Render(note, synthesis.FormatMarkdown)
				// ServiceDesk Plus keeps the Markdown, too, as HTML.
				active := slices.Concat(harm(t, rendered, true), harm(t, markdown, false))
				checkMarkdown(t, markdown)
				for _, m := range markdownLink.FindAllStringSubmatch(markdown, -1) {
					if !leadsToAPage(m[1]) {
						active = append(active, m[0])
					}
				}
				if len(active) > 0 {
					t.Errorf("%q becomes %q", vector, active)
				}
			}
		})
	}
}

// harm parses text as a browser does, and once more what that gives, since a browser and a sanitiser may not agree. It
// returns what is more than text and, with markup, more than the elements of a note.
func harm(t *testing.T, text string, withMarkup bool) []string {
	t.Helper()
	var found []string
	for range 2 {
		root, err := html.Parse(strings.NewReader("<!DOCTYPE html><html><head></head><body>" + text + "</body></html>"))
		if err != nil {
			t.Fatal(err)
		}
		body := root.LastChild.LastChild
		for node := range body.Descendants() {
			if node.Type != html.TextNode && (node.Type != html.ElementNode || !withMarkup || !harmless(node)) {
				found = append(found, fmt.Sprint(node.Data, node.Attr))
			}
		}
		var again strings.Builder
		for child := range body.ChildNodes() {
			if err := html.Render(&again, child); err != nil {
				t.Fatal(err)
			}
		}
		text = again.String()
	}
	return found
}

func harmless(node *html.Node) bool {
	if node.Namespace != "" || !slices.Contains([]string{"h3", "p", "ul", "li", "br", "em", "strong", "small", "a"}, node.Data) {
		return false
	}
	return !slices.ContainsFunc(node.Attr, func(a html.Attribute) bool {
		switch {
		case node.Data == "a" && a.Key == "href" && a.Namespace == "":
			return !leadsToAPage(a.Val)
		case node.Data == "a" && a.Key == "rel":
			return a.Val != "noopener noreferrer"
		default:
			return true
		}
	})
}

func leadsToAPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(address, "\"'<> `")
}

// The check itself must notice what is not harmless.
func TestHarmIsNoticed(t *testing.T) {
	t.Parallel()
	for _, breach := range []string{
		`<script>x</script>`, `<p onclick="x">y</p>`, `<a href="javascript:x">y</a>`, `<svg></svg>`, `<!-- x -->`, `<p style="x">y</p>`,
		`<a href="https://a@b.example/">y</a>`, `<noscript><p title="</noscript><img src=x onerror=x>"></noscript>`,
	} {
		if len(harm(t, breach, true)) == 0 {
			t.Errorf("%q passes for harmless", breach)
		}
	}
}
