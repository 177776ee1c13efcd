package masking

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/sensitive"
)

// What an expression matches is never spared it: texts are made of the expressions themselves, of each alternative many.
func TestSignsMissNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pattern *regexp.Regexp
		sign    func(text string) bool
	}{
		"known token":   {sensitive.KnownToken, func(text string) bool { return shapeOf(text).knownToken() }},
		"model key":     {sensitive.ModelKey, func(text string) bool { return shapeOf(text).modelKey() }},
		"key shapes":    {keyShapes, func(text string) bool { return shapeOf(text).keyShape() }},
		"blob":          {blob, func(text string) bool { return shapeOf(text).random() }},
		"mangled token": {mangledToken, mayHaveToken},
		"exact token":   {exactToken, mayHaveToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const tries, enough = 4000, 2000 // word boundaries are left to chance
			parsed, err := syntax.Parse(tc.pattern.String(), syntax.Perl)
			if err != nil {
				t.Fatal(err)
			}
			random, matched := rand.New(rand.NewPCG(1, 2)), 0
			for range tries {
				var b strings.Builder
				example(&b, parsed, random)
				text := "of " + b.String() + " it"
				if !tc.pattern.MatchString(text) {
					continue
				}
				if matched++; !tc.sign(text) {
					t.Fatalf("%q would not be looked at", text)
				}
			}
			if matched < enough {
				t.Errorf("only %d of %d texts matched", matched, tries)
			}
			if ordinary := "Outlook asks for the password again."; tc.sign(ordinary) {
				t.Errorf("%q is not spared", ordinary)
			}
		})
	}
}

// example writes what re matches, as short as it can be or a little longer.
func example(b *strings.Builder, re *syntax.Regexp, random *rand.Rand) {
	repeat := func(least, most int) {
		n := least + random.IntN(3)
		if most >= 0 {
			n = min(n, most)
		}
		for range n {
			example(b, re.Sub[0], random)
		}
	}
	switch re.Op { //nolint:exhaustive // places in a text have no width
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		pair := 2 * random.IntN(len(re.Rune)/2)
		from, to := re.Rune[pair], re.Rune[pair+1]
		b.WriteRune(from + random.Int32N(min(to-from+1, 'z')))
	case syntax.OpStar:
		repeat(0, -1)
	case syntax.OpPlus:
		repeat(1, -1)
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpRepeat:
		repeat(re.Min, re.Max)
	case syntax.OpAlternate:
		example(b, re.Sub[random.IntN(len(re.Sub))], random)
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			example(b, sub, random)
		}
	}
}
