package knowledge_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestKeywords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		subject, description, want string
	}{
		"empty":                   {"", "", ""},
		"nothing but courtesy":    {"Hello team", "Please help, thank you. Kind regards", ""},
		"subject first":           {"VPN drops", "The tunnel of the office", "vpn drops tunnel office"},
		"each once":               {"VPN vpn Vpn", "VPN!", "vpn"},
		"stop words":              {"I can't print since it was moved", "", "print moved"},
		"codes and versions":      {"Error 0x800CCC0F in Outlook 16.0.1", "", "error 0x800ccc0f outlook 16.0.1"},
		"host names, compounds":   {"db01.example.com: log-in fails.", "", "db01.example.com log-in fails"},
		"letters alone":           {"a b c x1", "", "x1"},
		"quotes and brackets":     {`"Access denied" (share) [HR]`, "", "access denied share hr"},
		"other scripts":           {"Drucker läuft über", "принтер 打印机", "drucker läuft über принтер 打印机"},
		"checksums are no words":  {strings.Repeat("ab1", 30) + " checksum", "", "checksum"},
		"operators":               {"NOT (vpn AND drops) OR *", "", "vpn drops"},
		"joiners":                 {"می\u200cخواهم", "", "می\u200cخواهم"},
		"NUL and broken encoding": {"vp\x00n \xff drops", "", "vpn drops"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := knowledge.Keywords(ticket.Ticket{Subject: tc.subject, Description: tc.description})
			if got != tc.want {
				t.Errorf("Keywords(%q, %q) = %q, want %q", tc.subject, tc.description, got, tc.want)
			}
		})
	}
}

func FuzzKeywords(f *testing.F) {
	f.Add("VPN drops", "the tunnel of the office")
	f.Add(strings.Repeat("wörter ohne ende ", 100), "\xff\x00")
	f.Fuzz(func(t *testing.T, subject, description string) {
		got := knowledge.Keywords(ticket.Ticket{Subject: subject, Description: description})
		if n := utf8.RuneCountInString(got); n > knowledge.MaxKeywords || !utf8.ValidString(got) {
			t.Errorf("%d characters: %q", n, got)
		}
		if strings.TrimSpace(got) != got {
			t.Errorf("white space around %q", got)
		}
	})
}
