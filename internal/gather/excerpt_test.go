package gather_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/masking"
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

// secrets are what stands before a value, the value, and what stands behind it.
func values() [][3]string {
	return [][3]string{
		{"paid with card ", "4111 1111 1111 1111", " and"},
		{"paid with ", "4111111111111111", ", and"},
		{"from IBAN ", "DE89 3704 0044 0532 0130 00", " and"},
		{"", "DE89370400440532013000", "; and"},
		{"call ", "+49 30 1234 5678", " and"},
		{"call ", "(212) 555-0123", " and"},
		{"write to ", "jane.doe@mail.example.com", " and"},
		{"write to ", "jane.doe (at) example (dot) com", " and"},
		{"the password: ", "Correct-Horse-77-Battery", " and"},
		{"its password is ", "\"correct horse 77 battery\"", " and"},
		{"mysql -u root -p ", "Correct-Horse-77", " and"},
		{"the key is sk-", "example0123456789abcdefgh", " and"},
		{"write to ", "j\u00adane.doe@mail.ex\u200bample.com", " and"},
		{"card ", "4111 1111\n1111 1111", " and"},
	}
}

// What is masked after it was cut has no part of a value that the cut went through, wherever that was.
func TestNoValueIsCutInTwo(t *testing.T) {
	t.Parallel()
	const limit, longest = 200, 60
	for _, v := range values() {
		for _, blank := range []string{" ", "x"} { // between words, and in a text without any
			for before := limit - longest; before <= limit+1; before++ {
				head := strings.Repeat(blank+"x", before/2) + strings.Repeat(".", before%2) + " " + v[0]
				text := head + v[1] + v[2] + strings.Repeat(" and so on", 2*gather.Overhang/10)
				cut := gather.WholeExcerpt(text, limit, nil)
				if n := utf8.RuneCountInString(cut); n > limit || !strings.HasSuffix(cut, "…") || !strings.HasPrefix(strings.TrimSpace(text), strings.TrimSuffix(cut, "…")) {
					t.Fatalf("%q is cut to %q, %d characters", text, cut, n)
				}
				hidden := masking.New(masking.Defaults(), nil).Hide(cut)
				if left := leftOf(hidden, v[1]); left != "" {
					t.Fatalf("%q is left of %q: %q", left, v[1], hidden)
				}
			}
		}
	}
}

// leftOf is a part of value that stands in text, of at least 5 characters.
func leftOf(text, value string) string {
	const shortest = 5
	all := []rune(value)
	for i := range len(all) - shortest + 1 {
		if part := string(all[i : i+shortest]); strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

func TestAWholeExcerptIsAnExcerptWhereNothingIsToBeMasked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " printer jam ", strings.Repeat("the printer is on fire. ", 100), strings.Repeat("ü", 900)} {
		for limit := range 60 {
			if got, want := gather.WholeExcerpt(text, limit, nil), gather.Excerpt(text, limit); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	if got := gather.WholeExcerpt("asked Jane Quimby to come and see", 16, []string{"Jane Quimby"}); got != "asked…" {
		t.Error(got)
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
