package knowledge_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

// answering finds in a knowledge base that says body to everything.
func answering(t *testing.T, body string) (gather.Result, error) {
	t.Helper()
	w := newWorld()
	w.source = w.sourceWith(w.cache, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/vnd.example+json; charset=utf-8")
		_, _ = io.WriteString(rw, body)
	}))
	return w.find(t.Context(), "north")
}

func TestAnswersNotAsAgreed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":             ``,
		"null":              `null`,
		"a list":            `[]`,
		"no articles":       `{}`,
		"articles are null": `{"articles":null}`,
		"not a list":        `{"articles":{"id":"kb-1"}}`,
		"numeric id":        `{"articles":[{"id":7,"title":"VPN","score":1}]}`,
		"score is a string": `{"articles":[{"id":"kb-1","title":"VPN","score":"VPN"}]}`,
		"title is an array": `{"articles":[{"id":"kb-1","title":["VPN"],"score":1}]}`,
		"score too large":   `{"articles":[{"id":"kb-1","title":"VPN","score":1e999}]}`,
		"two answers":       `{"articles":[]}{"articles":[]}`,
		"cut off":           `{"articles":[{"id":"kb-1","title":"VPN`,
		"no JSON":           `VPN {"articles":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := answering(t, body)
			if err == nil || isPermanent(err) {
				t.Fatalf("%s: %+v, %v; want an error that may pass", body, result, err)
			}
			checkDiscreet(t, "the error", err.Error())
		})
	}
}

func TestAnswersAreSifted(t *testing.T) {
	t.Parallel()
	got, err := answering(t, `{"took":3,"articles":[
		{"id":"low","title":"Low","score":-3},
		{"id":"","title":"No id","score":1},
		{"id":"no-title","title":" <br> ","score":1},
		{"id":"`+strings.Repeat("x", 200)+`","title":"Endless id","score":1},
		{"id":"mid","title":"Mid","score":0.5,"author":"nobody"},
		{"id":"high","title":"High","score":42},
		{"id":"high","title":"High again","score":0.9},
		{"id":"fourth","title":"Fourth","score":0.1}
	]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []gather.Item{
		{Kind: gather.KindArticle, ID: "high", Title: "High", Relevance: 1},
		{Kind: gather.KindArticle, ID: "mid", Title: "Mid", Relevance: 0.5},
		{Kind: gather.KindArticle, ID: "fourth", Title: "Fourth", Relevance: 0.1},
	}
	if diff := cmp.Diff(want, got.Items, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://kb.example.com/a?b=c#d": "https://kb.example.com/a?b=c#d",
		"\\nhttp://192.0.2.1:8080/a\\n":  "http://192.0.2.1:8080/a",
		"HTTPS://kb.example.com/":        "https://kb.example.com/",
		"https://kb.example.com/<b>":     "https://kb.example.com/%3Cb%3E",
		"":                               "",
		"javascript:alert(1)":            "",
		"data:text/html,x":               "",
		"//kb.example.com/a":             "",
		"/a":                             "",
		"https:///a":                     "",
		"https://:443/a":                 "",
		"ftp://kb.example.com/":          "",
		"https://kb.example.com@attacker.example/":            "",
		"https://kb.example.com:port/":                        "",
		"https://kb.example.com/" + strings.Repeat("x", 3000): "",
	} {
		got, err := answering(t, `{"articles":[{"id":"kb-1","title":"x","url":"`+raw+`","score":1}]}`)
		if err != nil || len(got.Items) != 1 {
			t.Fatalf("%.60q: %+v, %v", raw, got, err)
		}
		if got.Items[0].URL != want {
			t.Errorf("link %.60q gives %q, want %q", raw, got.Items[0].URL, want)
		}
	}
}

func TestTextsArePlain(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"plain text":                                       "plain text",
		"a <b>b</b>old &amp; b&eacute;autiful":             "a bold & béautiful",
		"<p>one</p><p>two</p>three<br>four<x-y>five</x-y>": "one two three four five",
		"<script>alert(1)</script>after<style>p{}</style>": "after",
		"<title>hidden <b>x</title>seen":                   "seen",
		"<!-- comment -->text<img src=x onerror=y>":        "text",
		"  much \\n\\t white   space ":                     "much white space",
		"\\u0000nul \\u202eevil\\u200b":                    "nul evil",
		"unclosed <a href='x":                              "unclosed",
		"&lt;b&gt;":                                        "<b>",
	} {
		got, err := answering(t, `{"articles":[{"id":"kb-1","title":"x","summary":"`+raw+`","score":1}]}`)
		if err != nil || len(got.Items) != 1 {
			t.Fatalf("%q: %+v, %v", raw, got, err)
		}
		if got.Items[0].Text != want {
			t.Errorf("summary %q gives %q, want %q", raw, got.Items[0].Text, want)
		}
	}
}

func TestAnswersHoldNothingDeceptive(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(map[string]any{"articles": []map[string]any{
		{"id": "kb-1", "title": tickettest.DeceptiveUTF8(), "summary": tickettest.Deceptive, "score": 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := answering(t, string(body))
	if err != nil || len(got.Items) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	tickettest.CheckDeceptive(t, "a title", got.Items[0].Title)
	tickettest.CheckDeceptive(t, "a summary", got.Items[0].Text)
}

func TestTextsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("größe ", 10_000)
	got, err := answering(t, `{"articles":[{"id":"kb-1","title":"`+long+`","summary":"`+long+`","score":1}]}`)
	if err != nil || len(got.Items) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	item := got.Items[0]
	if n := utf8.RuneCountInString(item.Title); n > knowledge.MaxTitle || !strings.HasSuffix(item.Title, "größe…") {
		t.Errorf("title of %d characters: %q", n, item.Title)
	}
	if n := utf8.RuneCountInString(item.Text); n > knowledge.MaxSummary || !strings.HasSuffix(item.Text, "größe…") {
		t.Errorf("summary of %d characters: %q", n, item.Text)
	}
}
