package ticket_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestNormalize(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":                  {"disk full", "disk full"},
		"line ends":              {"a\r\nb\rc\n", "a\nb\nc"},
		"white space at ends":    {"\n\n  a  \t\nb   \n\n", "  a\nb"},
		"tab kept":               {"a\tb", "a\tb"},
		"control characters":     {"a\x00b\x1b[31mc\x7f", "ab[31mc"},
		"C1 control characters":  {"a\u0080b\u009bc", "abc"},
		"separators":             {"a\u2028b\u2029c\u0085d\ve\ff", "a\nb\nc\nd\ne\nf"},
		"right-to-left":          {"user\u202Egpj.exe", "usergpj.exe"},
		"all directions":         {"a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061cb", "ab"},
		"zero width":             {"pass\u200Bwo\u2060rd\uFEFF", "password"},
		"invisible operators":    {"a\u2061\u2062\u2063\u2064b\u00adc", "abc"},
		"tag characters":         {"hi\U000E0001\U000E0069\U000E0067\U000E006E\U000E007F!", "hi!"},
		"unassigned tags":        {"hi\U000E0000\U000E0002!", "hi!"},
		"fillers":                {"a\u3164\u115f\uffa0\u034fb", "ab"},
		"noncharacters":          {"a\ufffe\U0001FFFFb", "ab"},
		"joiners in Latin":       {"ur\u200dgent pay\u200cment", "urgent payment"},
		"joiners alone":          {"\u200d\u200c \u200d", ""},
		"Persian":                {"می\u200cخواهم ۵\u200cساله", "می\u200cخواهم ۵\u200cساله"},
		"Persian, doubled":       {"می\u200c\u200c\u200dخواهم", "می\u200cخواهم"},
		"Hindi":                  {"क्\u200dष क्\u200cष", "क्\u200dष क्\u200cष"},
		"Malayalam at the end":   {"അവന്\u200d.", "അവന്\u200d."},
		"a family":               {"👩\u200d👩\u200d👧 👩🏽\u200d⚕\ufe0f ❤\ufe0f\u200d🔥 🙂\u200d↔\ufe0f", "👩\u200d👩\u200d👧 👩🏽\u200d⚕\ufe0f ❤\ufe0f\u200d🔥 🙂\u200d↔\ufe0f"},
		"joiner behind an emoji": {"👩\u200dx 👩\u200d", "👩x 👩"},
		"keycap":                 {"1\ufe0f\u20e3", "1\ufe0f\u20e3"},
		"message in selectors":   {"a\ufe00\ufe01b\U000E0100\U000E0101 😀\ufe00\ufe01\U000E0101", "ab 😀\ufe00"},
		"ideographic variants":   {"葛\U000E0100飾", "葛\U000E0100飾"},
		"Arabic number sign":     {"\u0600123", "\u0600123"},
		"broken UTF-8":           {"a\xffb", "a\uFFFDb"},
		"surrogates":             {"a\xed\xa0\x80b", "a\uFFFDb"},
		"other scripts intact":   {"プリンター 🖨 é", "プリンター 🖨 é"},
		"empty":                  {"", ""},
	} {
		if got := ticket.Normalize(c.in); got != c.want {
			t.Errorf("%s: %+q, want %+q", name, got, c.want)
		}
		if got := ticket.Normalize(c.want); got != c.want {
			t.Errorf("%s, again: %+q, want %+q", name, got, c.want)
		}
	}
}

func check(t *testing.T, in, out string) {
	t.Helper()
	tickettest.Check(t, strconv.QuoteToASCII(in), out)
	if again := ticket.Normalize(out); again != out {
		t.Errorf("%+q is not stable: %+q, then %+q", in, out, again)
	}
}

func TestNormalizeKeepsWhatIsText(t *testing.T) {
	tickettest.CheckDeceptive(t, "the text", ticket.Normalize(tickettest.Deceptive))
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{tickettest.Deceptive, "a\r\n\u202eb\xff\x00", "👩\u200d\u200b👩", "क्\u200d\ufe00\U000E0101 \n", "\u2028\u0085 x\r", "葛\U000E0100\u200c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		check(t, in, ticket.Normalize(in))
	})
}

func TestTruncate(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		want  string
	}{
		"fits":               {strings.Repeat("é", 50), 50, strings.Repeat("é", 50)},
		"one too many":       {strings.Repeat("é", 51), 49, strings.Repeat("é", 21) + "\n[… cut: 30 more characters]"},
		"a letter's accent":  {strings.Repeat("x", 20) + "e\u0301" + strings.Repeat("x", 29), 49, strings.Repeat("x", 20) + "\n[… cut: 31 more characters]"},
		"an emoji":           {strings.Repeat("x", 19) + "👩\u200d👩" + strings.Repeat("x", 29), 49, strings.Repeat("x", 19) + "\n[… cut: 32 more characters]"},
		"a flag":             {strings.Repeat("x", 18) + "🇩🇪🇨🇭" + strings.Repeat("x", 29), 49, strings.Repeat("x", 18) + "🇩🇪\n[… cut: 31 more characters]"},
		"a skin tone":        {strings.Repeat("x", 20) + "👍🏽" + strings.Repeat("x", 29), 49, strings.Repeat("x", 20) + "\n[… cut: 31 more characters]"},
		"white space":        {strings.Repeat("x", 18) + "  \n" + strings.Repeat("x", 30), 49, strings.Repeat("x", 18) + "\n[… cut: 33 more characters]"},
		"marks without end":  {"x" + strings.Repeat("\u0301", 60), 49, "x" + strings.Repeat("\u0301", 20) + "\n[… cut: 40 more characters]"},
		"no room for a mark": {"abcdefgh", 3, "abc"},
		"no room":            {"abc", 0, ""},
	} {
		if got := ticket.Truncate(c.in, c.limit); got != c.want {
			t.Errorf("%s: %+q, want %+q", name, got, c.want)
		}
	}
}

func FuzzTruncate(f *testing.F) {
	f.Add(strings.Repeat("a\u0301", 40), 50)
	f.Add(strings.Repeat("👩\u200d👩\u200d👧", 20), 41)
	f.Add(strings.Repeat("🇩🇪", 40), 47)
	f.Add("각\u11a8한글 \n", 4)
	f.Add("abc", -1)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		limit = min(limit, 100_000)
		text := ticket.Normalize(in)
		out := ticket.Truncate(text, limit)
		if n := utf8.RuneCountInString(out); n > max(limit, 0) {
			t.Errorf("%d characters, at most %d are allowed: %+q", n, limit, out)
		}
		if again := ticket.Truncate(out, limit); again != out {
			t.Errorf("not stable: %+q, then %+q", out, again)
		}
		kept, _, cut := strings.Cut(out, "\n[… cut:")
		if !cut {
			kept = out
		}
		if !strings.HasPrefix(text, strings.TrimRightFunc(kept, unicode.IsSpace)) {
			t.Errorf("%+q is not the beginning of %+q", kept, text)
		}
		check(t, in, ticket.Normalize(out))
	})
}
