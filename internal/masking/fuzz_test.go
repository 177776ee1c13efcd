package masking_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// checkRoundTrip says that what comes back is the text, but for secrets.
func checkRoundTrip(t *testing.T, m *masking.Masker, text string) {
	t.Helper()
	masked := m.Hide(text)
	shown := m.Show(masked)
	if m.Counts()[masking.KindCredential] == 0 {
		if shown != text {
			t.Fatalf("%q becomes %q and comes back as %q", text, masked, shown)
		}
		return
	}
	// What stands around the secrets is all there, and in order.
	rest := text
	for i, piece := range strings.Split(shown, masking.Removed) {
		at := strings.Index(rest, piece)
		if at < 0 || i == 0 && at > 0 {
			t.Fatalf("%q becomes %q and comes back as %q: %q is not in the text", text, masked, shown, piece)
		}
		rest = rest[at+len(piece):]
	}
}

func FuzzMasker(f *testing.F) {
	for _, cases := range hidden() {
		for _, c := range cases {
			f.Add(c.text, "Jane Quimby")
		}
	}
	for _, c := range secrets() {
		f.Add(c.text, "Mark Page")
	}
	for _, text := range harmless() {
		f.Add(text, "王小明")
	}
	for _, text := range []string{
		"[[EMAIL_1]] a@b.example [[EMAIL_", "[a@b.example]]1]]", `\[\[EMAIL\_1\]\]`, "[[TEXT_1]] EMAIL_1a@b.example", "\xff@b.example &#64;&#64 &amp;#64; &fjlig;", "&NotEqualTilde;&#x2115;@a.example",
		"EMAIL_+49 30 1234567", "NAME_Jane_2", "[[NAME_Jane1]]", "[[ CARD 4111111111111111 ]]", "a@b.example_1 [EMAIL_4111111111111111]", "\u0660\u0661@b.example 𝟘𝟙 ᴀ@ｂ.example",
	} {
		f.Add(text, "Anne-Marie (IT) | x")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		m := masking.New(everything(), []string{name, "Jane Quimby"})
		checkRoundTrip(t, m, text)
		// The second text meets what the first has taught, and its own tokens.
		checkRoundTrip(t, m, m.Hide(text)+" "+text)
		checkRoundTrip(t, m, ticket.Normalize(text))
		m.Show(text)
	})
}

// TestNoPlantedValueSurvivesAmongOthers puts the cases together at random, as tickets do.
func TestNoPlantedValueSurvivesAmongOthers(t *testing.T) {
	type planted struct {
		hard

		kind masking.Kind
	}
	var all []planted
	for kind, cases := range hidden() {
		for _, c := range cases {
			all = append(all, planted{c, kind})
		}
	}
	for _, c := range secrets() {
		all = append(all, planted{c, masking.KindCredential})
	}
	random := rand.New(rand.NewPCG(7, 11))
	joints := []string{"\n", "\n\n", ".\n", "\n- ", "\n> ", " \n\t"}
	plain := harmless()
	for range 2000 {
		var text strings.Builder
		var inside []planted
		for range 1 + random.IntN(5) {
			one := all[random.IntN(len(all))]
			inside = append(inside, one)
			text.WriteString(plain[random.IntN(len(plain))] + joints[random.IntN(len(joints))] + one.text + joints[random.IntN(len(joints))])
		}
		m := masking.New(everything(), names())
		masked := m.Hide(text.String())
		for _, one := range inside {
			// The number alone, without the word for it, is one like others.
			if len(one.planted) > 5 && one.planted != "12345678" && strings.Contains(masked, one.planted) {
				t.Errorf("%s: %q survives in %q", one.kind, one.planted, masked)
			}
		}
		checkRoundTrip(t, masking.New(everything(), names()), text.String())
	}
}
