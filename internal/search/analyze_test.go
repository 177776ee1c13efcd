package search

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func termsOf(text string) []string {
	var terms []string
	newAnalyzer().each(text, func(term string) { terms = append(terms, term) })
	return terms
}

func TestTerms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":                           {"", ""},
		"stemmed":                         {"printers printing Printer", "printer print printer"},
		"stop words":                      {"The printer is on the table, please", "printer tabl"},
		"stop words in capitals":          {"THE IT US and I", ""},
		"apostrophes":                     {"can't user's o'clock 'quoted' it''s", "cant user oclock quot s"},
		"curly apostrophes":               {"can’t user’s isn’t ’quoted’", "cant user quot"},
		"apostrophe before what is none":  {"users' 5' x'9", "user 5 x 9"},
		"accents composed":                {"Zürich café naïve", "zurich cafe naiv"},
		"accents decomposed":              {"Zu\u0308rich cafe\u0301 nai\u0308ve", "zurich cafe naiv"},
		"accented stop word":              {"thé", ""},
		"camel case":                      {"getUserName", "getusernam get user name"},
		"capitals before a word":          {"HTTPServer XMLHttpRequest", "httpserver http server xmlhttprequest xml http request"},
		"letters and digits":              {"HP4250 4250n win32k", "hp4250 hp 4250 4250n 4250 win32k win 32"},
		"one letter is no part":           {"B12 v2", "b12 12 v2"},
		"hexadecimal whole":               {"0x800CCC0F 0X80070005", "0x800ccc0f 0x80070005"},
		"a version":                       {"10.0.19045", "10 0 19045"},
		"mail address":                    {"jane.doe@example.com", "jane doe exampl com"},
		"URL":                             {"https://kb.example.com/a_b?q=vpn&x=1#top", "https kb exampl com b q vpn x 1 top"},
		"path":                            {`C:\Temp\log.txt`, "c temp log txt"},
		"hyphens and underscores":         {"log-in user_name e-mail", "log user name e mail"},
		"Chinese":                         {"无法打印", "无法 法打 打印"},
		"one Chinese character":           {"水", "水"},
		"Japanese":                        {"サーバー", "サー ーハ ハー"},
		"Japanese and Latin":              {"VPN接続 Outlookが起動", "vpn 接続 outlook か起 起動"},
		"full width":                      {"ＶＰＮ１２", "vpn12 vpn 12"},
		"half width katakana":             {"ｻｰﾊﾞｰ", "サー ーハ ハー"},
		"Thai":                            {"ไม่ได้", "ไม มไ ได"},
		"Korean":                          {"데이터베이스 한", "데이터베이스 한"},
		"Korean decomposed":               {"\u1112\u1161\u11ab", "한"},
		"Cyrillic":                        {"Принтер НЕ ёлка", "принтер не елка"},
		"Greek":                           {"Εκτυπωτής", "εκτυπωτης"},
		"German":                          {"Größe Straße", "große straße"},
		"emoji":                           {"printer 🖨 on 🔥fire", "printer fire"},
		"lone combining marks":            {"\u0301 \u0308\u0301 a\u0301", ""},
		"marks only, and an apostrophe":   {"\u0301’a", ""},
		"apostrophe between two scripts":  {"水’木", "水 木"},
		"invalid UTF-8":                   {"print\xffer \xc3\x28 disk", "print er disk"},
		"digits":                          {"007 42 ٤٢", "007 42 ٤٢"},
		"ligature and superscript":        {"ﬁle x²", "file x2"},
		"40 bytes":                        {strings.Repeat("x", 40), strings.Repeat("x", 40)},
		"more than 40 bytes":              {strings.Repeat("x", 41) + " " + strings.Repeat("é", 41) + " a1" + strings.Repeat("Ab", 20), ""},
		"more than 40 bytes with accents": {"é" + strings.Repeat("x", 39), "e" + strings.Repeat("x", 39)},
		"long run without spaces":         {strings.Repeat("水", 30), strings.TrimSpace(strings.Repeat("水水 ", 29))},
		"C++ and .NET":                    {"C++ .NET", "c net"},
		"joiners":                         {"می\u200cخواهم क्\u200dष x\u200d", "میخواهم कष x"},
		"soft hyphen":                     {"prin\u00adter", "prin ter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(termsOf(c.text), " "); got != c.want {
				t.Errorf("Terms(%q) = %q, want %q", c.text, got, c.want)
			}
		})
	}
}

// What is pasted behind the first 100 kB is not read, and a character that is cut in two does no harm.
func TestTermsOfLongText(t *testing.T) {
	t.Parallel()
	for _, filling := range []string{"x ", "é ", "水 ", "🖨 "} {
		for shift := range 5 {
			text := strings.Repeat("y", shift) + " " + strings.Repeat(filling, maxText) + " behind"
			terms := termsOf(text)
			if slices.Contains(terms, "behind") || len(terms) > maxText/2+1 {
				t.Errorf("%d terms of a text of %d bytes, the last %q", len(terms), len(text), terms[len(terms)-1])
			}
			for _, term := range terms {
				if !utf8.ValidString(term) {
					t.Fatalf("%q is no text", term)
				}
			}
		}
	}
	inFront := strings.Repeat("x ", maxText/2-3) + "front behind"
	if terms := termsOf(inFront); terms[len(terms)-1] != "front" {
		t.Errorf("the last term is %q, want the last that is whole within the limit", terms[len(terms)-1])
	}
}

// What an analyzer remembers must not show.
func TestAnalyzerForgets(t *testing.T) {
	t.Parallel()
	a := newAnalyzer()
	for n := range memoSize + 10 {
		a.term("printing"+string(rune('a'+n%26))+strings.Repeat("x", n/26%20)+string(rune(0x100+n)), func(string) {})
	}
	if len(a.stems) > memoSize {
		t.Errorf("%d stems are remembered, want at most %d", len(a.stems), memoSize)
	}
	for range 2 {
		var got string
		a.term("printing", func(term string) { got = term })
		if got != "print" {
			t.Errorf("stem %q, want print", got)
		}
	}
}

func FuzzTerms(f *testing.F) {
	for _, text := range []string{
		"The printers' HTTPServer 0x800CCC0F", "Zu\u0308rich 水’木 データ", "\xff\xc3\x28", "İstanbul ǅ ⱥȺ ẞ", "ﷺ½①", "데이터베이스", strings.Repeat("'a", 30), "ying yed ed s ly",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := termsOf(text)
		for _, term := range terms {
			if term == "" || len(term) > 2*longestTerm || !utf8.ValidString(term) {
				t.Errorf("Terms(%q) has %q", text, term)
			}
		}
		if again := termsOf(text); !slices.Equal(again, terms) {
			t.Errorf("Terms(%q) = %q, then %q", text, terms, again)
		}
		// Of words in one case: where the case changes within one, it is split, and "aLL" has other words than "ALL".
		if upper := termsOf(strings.ToUpper(text)); len(terms) > 0 && isASCII(text) && text == strings.ToLower(text) && len(upper) == 0 {
			t.Errorf("Terms(%q) = %q, in capitals nothing", text, terms)
		}
	})
}
