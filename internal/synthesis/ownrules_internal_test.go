package synthesis

import (
	"slices"
	"strings"
	"testing"
)

func TestOurRulesAreNoticed(t *testing.T) {
	t.Parallel()
	rules := newOwnRules()
	text, err := Voice{}.rules(func(s string) string { return s })
	if err != nil {
		t.Fatal(err)
	}
	reversed := []rune(text[:200])
	slices.Reverse(reversed)
	for name, leak := range map[string]string{
		"all":         text,
		"a piece":     "It says: " + text[300:380] + " and more",
		"capitals":    strings.ToUpper(text[100:200]),
		"spelt out":   strings.Join(strings.Split(text[:120], ""), " "),
		"backwards":   string(reversed),
		"punctuated":  strings.ReplaceAll(text[200:320], " ", " - "),
		"in a quoted": "\"" + text[len(text)-120:] + "\"",
	} {
		if !rules.in(leak) {
			t.Errorf("%s is not noticed: %q", name, leak)
		}
	}
	for _, harmless := range []string{
		"", "Renewed the certificate.", "Similar past tickets and knowledge-base articles were looked at.",
		"The technicians of a managed service provider asked for it.", text[:30], strings.Repeat("a", 200),
		"Systems that it mentions by address: vpn01. Recommendations: none, for nothing is relevant.",
	} {
		if rules.in(harmless) {
			t.Errorf("%q is taken for our rules", harmless)
		}
	}
}

func TestAnItemWithOurRulesIsDropped(t *testing.T) {
	t.Parallel()
	in := claimedInput()
	c := newChecker(in, newSources(in), nil)
	if item, _, reason := c.item("", rawItem{text: rulesTemplate[:150], cites: []string{"T1"}}); reason != DropRules {
		t.Errorf("%+v, %q", item, reason)
	}
	if got := c.summary(answer{summary: rulesTemplate[:200]}); got != "" || c.dropped[DropRules] == 0 {
		t.Errorf("%q, %v", got, c.dropped)
	}
}
