package gather_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/gather"
)

func TestExcerpt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		limit int
		want  string
	}{
		"empty":                  {"", 10, ""},
		"fits":                   {"printer jam", 11, "printer jam"},
		"trimmed, then fits":     {"  printer jam \n", 11, "printer jam"},
		"cut at a word":          {"the printer is on fire", 16, "the printer is…"},
		"a word that just fits":  {"the printer is on fire", 12, "the printer…"},
		"no comma before the …":  {"drops often, then recovers", 14, "drops often…"},
		"one endless word":       {strings.Repeat("x", 20), 5, "xxxx…"},
		"long word at the end":   {"a " + strings.Repeat("x", 20), 10, "a xxxxxxx…"},
		"characters, not bytes":  {"äöü öäü üäö", 8, "äöü öäü…"},
		"no room":                {"anything", 0, ""},
		"room for the dots only": {"anything", 1, "…"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := gather.Excerpt(tc.text, tc.limit)
			if got != tc.want {
				t.Errorf("Excerpt(%q, %d) = %q, want %q", tc.text, tc.limit, got, tc.want)
			}
		})
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("the printer is on fire", 10)
	f.Add("äöü\xff…", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		got := gather.Excerpt(text, limit)
		if n := utf8.RuneCountInString(got); n > max(limit, 0) {
			t.Errorf("Excerpt(%q, %d) = %q has %d characters", text, limit, got, n)
		}
		if kept := strings.TrimSuffix(got, "…"); !strings.Contains(text, kept) {
			t.Errorf("Excerpt(%q, %d) = %q is not the text's", text, limit, got)
		}
	})
}

func TestPermanentError(t *testing.T) {
	t.Parallel()
	cause := errors.New("refused")
	var err error = &gather.PermanentError{Err: cause}
	if !errors.Is(err, cause) || err.Error() != "refused" {
		t.Errorf("a permanent error must show its cause, got %v", err)
	}
}
