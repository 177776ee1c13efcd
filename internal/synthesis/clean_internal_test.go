package synthesis

import (
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"folds lines":              {"a\r\n\tb\u2028c", "a b c"},
		"bidirectional override":   {"abc\u202egpj.exe", "abcgpj.exe"},
		"zero width":               {"pay\u200bload\ufeff", "payload"},
		"tag characters":           {"hi\U000E0041\U000E0042", "hi"},
		"variation selectors":      {"a\ufe0f\U000E0100b", "ab"},
		"blank letters":            {"a\u3164\u115f\u2800b", "ab"},
		"escape sequence":          {"\x1b[31mred", "[31mred"},
		"invalid UTF-8":            {"a\xffb", "ab"},
		"stacked marks":            {"e" + strings.Repeat("\u0301", 9), "e\u0301\u0301\u0301"},
		"https":                    {"see https://evil.example/x?a=1 now", "see (link removed) now"},
		"scheme of any kind":       {"ms-msdt://x and FTP://y", "(link removed) and (link removed)"},
		"nested":                   {"hthttp://tp://evil.example", "(link removed)"},
		"hidden inside of scheme":  {"ht\u200btps://evil.example", "(link removed)"},
		"www":                      {"(www.evil.example)", "((link removed)"},
		"javascript":               {"JaVaScRiPt:alert(1)", "(link removed)"},
		"mailto":                   {"mailto:a@b.example", "(link removed)"},
		"data":                     {"data:text/html;base64,AAAA", "(link removed)"},
		"data is a word too":       {"data: 5 GB", "data: 5 GB"},
		"host with path":           {"evil.example/login", "(link removed)"},
		"host with port and path":  {"evil.example:8443/login", "(link removed)"},
		"protocol-relative":        {"//evil.example", "(link removed)"},
		"host name stays":          {"mx01.contoso.example failed", "mx01.contoso.example failed"},
		"host name before a ?":     {"is it mx01.contoso.example?", "is it mx01.contoso.example?"},
		"address and network stay": {"10.1.2.3 in 10.1.2.0/24", "10.1.2.3 in 10.1.2.0/24"},
		"share elsewhere":          {`open \\evil.example\a now`, "open (link removed) now"},
		"share stays":              {`\\fs01\finance`, `\\fs01\finance`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := plain(tc.in)
			if got != tc.want {
				t.Errorf("plain(%q) = %q, want %q", tc.in, got, tc.want)
			}
			if again := plain(got); again != got {
				t.Errorf("not stable: %q becomes %q", got, again)
			}
		})
	}
}

func TestModelText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"**Restart** `svc`":                          "Restart svc",
		"[click](https://evil.example/a) here":       "click here",
		"![x](https://evil.example/p.png \"title\")": "x",
		"ht`tps://evil.example":                      "(link removed)",
		"Solved before [T1, T2].":                    "Solved before.",
		"Solved (T1) and [A3]":                       "Solved and",
		"Restart (T-online) on S3":                   "Restart (T-online) on S3",
	} {
		if got := modelText(in); got != want {
			t.Errorf("modelText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in    string
		words int
		want  string
	}{
		{"one two three", 3, "one two three"},
		{"one two three four", 3, "one two three…"},
		{"one two, three", 2, "one two…"},
		{"Restart the service. Then wait for it.", 5, "Restart the service. Then wait…"},
		{strings.Repeat("x", 100), 2, strings.Repeat("x", 23) + "…"},
	} {
		if got := shorten(tc.in, tc.words); got != tc.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tc.in, tc.words, got, tc.want)
		}
	}
}

func TestWordCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, " a\u00a0b\nc ": 3, "10.1.2.3 - up": 3} {
		if got := WordCount(text); got != want {
			t.Errorf("WordCount(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestSafeURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://kb.example/a?b=c&d=1#e":     "https://kb.example/a?b=c&d=1#e",
		" http://kb.example/a b ":            "http://kb.example/a%20b", //nolint:gocritic // the white space is the case
		"https://kb.example/a(b)":            "https://kb.example/a%28b%29",
		"https://kb.example/ü":               "https://kb.example/%C3%BC",
		`https://kb.example/?q="><script>`:   "https://kb.example/?q=%22%3E%3Cscript%3E",
		"https://good.example@evil.example/": "",
		"javascript:alert(1)":                "",
		"//evil.example":                     "",
		"https:evil.example":                 "",
		"data:text/html,x":                   "",
		"https://kb.example/\nx":             "",
		"":                                   "",
		"https://kb.example/" + strings.Repeat("a", maxURL): "",
	} {
		got := safeURL(raw)
		if got != want {
			t.Errorf("safeURL(%q) = %q, want %q", raw, got, want)
		}
		if again := safeURL(got); again != got {
			t.Errorf("not stable: %q becomes %q", got, again)
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	if got := without("a x x y y b", "x y"); got != "a b" { //nolint:dupword // what is left must not join to a new one
		t.Errorf("got %q", got)
	}
}
