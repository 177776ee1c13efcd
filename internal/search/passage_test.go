package search

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPassage(t *testing.T) {
	t.Parallel()
	terms := Weights{"scanner": 2, "hang": 1, "toner": 0.5}
	filler := strings.Repeat("Nothing of note is said in here. ", 10)
	for name, c := range map[string]struct {
		text  string
		limit int
		want  string
	}{
		"empty":                    {"", 100, ""},
		"only white space":         {" \n\t\n ", 100, ""},
		"no room":                  {"Scanner hangs.", 0, ""},
		"less than none":           {"Scanner hangs.", -5, ""},
		"room for the dots only":   {"Scanner hangs.", 1, "…"},
		"all of a short text":      {"Scanner hangs.\nRestart it.", 100, "Scanner hangs. Restart it."},
		"white space":              {"  Scanner\t\thangs. \r\n\n  Restart  it. ", 100, "Scanner hangs. Restart it."},
		"no match, the beginning":  {"First line.\nSecond line.\n" + filler, 30, "First line. …"},
		"in the middle":            {filler + "The scanner hangs. " + filler, 30, "… The scanner hangs. …"},
		"at the end":               {filler + "The scanner hangs.", 30, "… The scanner hangs."},
		"at the beginning":         {"The scanner hangs. " + filler, 30, "The scanner hangs. …"},
		"more beats earlier":       {"The toner. " + filler + "The scanner. " + filler + "The scanner hangs.", 30, "… The scanner hangs."},
		"of equals the first":      {"Scanner one. " + filler + "Scanner two.", 25, "Scanner one. …"},
		"said twice is said once":  {strings.Repeat("Toner ", 4) + "stays. " + filler + "Hang.", 30, "… Hang."},
		"a line that is too long":  {strings.Repeat("the scanner ", 100), 20, "the scanner the sca…"},
		"too long behind others":   {"One. " + strings.Repeat("the scanner ", 100), 20, "… the scanner the s…"},
		"a full stop in a version": {"Use 10.0.19045 of the scanner.", 100, "Use 10.0.19045 of the scanner."},
		"other scripts":            {"これは長い文章です。" + strings.Repeat("水", 50), 10, "これは長い文章です…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Passage(c.text, terms, c.limit, inWord); got != c.want {
				t.Errorf("Passage(%.60q, %d) = %q, want %q", c.text, c.limit, got, c.want)
			}
		})
	}
}

// inWord cuts wherever the limit is.
func inWord(text string, limit int) string { return string([]rune(text)[:limit-1]) + "…" }

func FuzzPassage(f *testing.F) {
	f.Add("The scanner hangs. Restart it.\nNow!", 12)
	f.Add("水\xff。水? 水! "+strings.Repeat("scanner", 9), 5)
	f.Add("a. b. c. scanner. d. e.", 9)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit %= 1000
		got := Passage(text, Weights{"scanner": 2, "水": 1}, limit, inWord)
		if n := utf8.RuneCountInString(got); n > max(limit, 0) {
			t.Errorf("Passage(%q, %d) = %q, %d characters", text, limit, got, n)
		}
		if got == "" && limit > 0 && strings.TrimSpace(text) != "" {
			t.Errorf("Passage(%q, %d) is empty", text, limit)
		}
		kept := strings.Fields(strings.Trim(strings.TrimSuffix(strings.TrimPrefix(got, "… "), "…"), " "))
		if all := strings.Join(strings.Fields(text), " "); utf8.ValidString(text) && !strings.Contains(all, strings.Join(kept, " ")) {
			t.Errorf("Passage(%q, %d) = %q, which the text does not say", text, limit, got)
		}
	})
}
