package ticket_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestNormalize(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":                {"disk full", "disk full"},
		"line ends":            {"a\r\nb\rc\n", "a\nb\nc"},
		"white space at ends":  {"\n\n  a  \t\nb   \n\n", "  a\nb"},
		"tab kept":             {"a\tb", "a\tb"},
		"control characters":   {"a\x00b\x1b[31mc\x7f", "ab[31mc"},
		"right-to-left":        {"user\u202Egpj.exe", "usergpj.exe"},
		"zero width":           {"pass\u200Bword\uFEFF", "password"},
		"broken UTF-8":         {"a\xffb", "a\uFFFDb"},
		"other scripts intact": {"プリンター 🖨 é", "プリンター 🖨 é"},
		"empty":                {"", ""},
	} {
		if got := ticket.Normalize(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("a\r\n\u202eb\xff\x00")
	f.Fuzz(func(t *testing.T, in string) {
		out := ticket.Normalize(in)
		if !utf8.ValidString(out) || strings.ContainsAny(out, "\x00\r\u202e\u200b") {
			t.Errorf("%q became %q", in, out)
		}
		if again := ticket.Normalize(out); again != out {
			t.Errorf("not stable: %q, then %q", out, again)
		}
	})
}

func TestText(t *testing.T) {
	if got := (ticket.Ticket{Subject: "s", Description: "d"}).Text(); got != "s\nd" {
		t.Errorf("got %q", got)
	}
	if got := (ticket.Ticket{}).Text(); got != "" {
		t.Errorf("an empty ticket has text %q", got)
	}
}
