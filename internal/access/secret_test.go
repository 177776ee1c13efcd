package access_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
)

// A scanner's pattern, as docs/access.md gives it.
var pattern = regexp.MustCompile(`^aia_[a-z2-7]{16}_[a-z2-7]{47}$`)

func TestTokenHasTheFormThatScannersLookFor(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		id, secret, hash := access.NewSecret()
		text := secret.Reveal()
		if !pattern.MatchString(text) {
			t.Fatalf("%q is not of the form", text)
		}
		parsed, reason := access.ParseSecret(text)
		if parsed != id || reason != "" || !access.ValidTokenID(id) {
			t.Fatalf("%q is taken apart into %q, %q; want %q", text, parsed, reason, id)
		}
		if hash != access.HashOf(text) {
			t.Fatal("the hash is not that of the whole token")
		}
		if seen[id] || seen[text[21:]] {
			t.Fatal("it is not random")
		}
		seen[id], seen[text[21:]] = true, true
	}
}

func TestTokenDoesNotPrint(t *testing.T) {
	_, secret, _ := access.NewSecret()
	if shown := fmt.Sprintf("%s %v %#v %q", secret, secret, secret, secret); strings.Contains(shown, secret.Reveal()[21:30]) {
		t.Errorf("it prints: %s", shown)
	}
}

// Whatever one character is changed to, it is noticed without asking the database.
func TestTokenWithAnyCharacterChangedIsRefused(t *testing.T) {
	_, secret, _ := access.NewSecret()
	text := secret.Reveal()
	for i := range len(text) {
		for _, other := range []byte("a7zA0_.%'\x00") {
			if other == text[i] {
				continue
			}
			changed := text[:i] + string(rune(other)) + text[i+1:]
			if id, reason := access.ParseSecret(changed); reason == "" || id != "" {
				t.Errorf("%q for %q at %d is taken: %q", other, text[i], i, id)
			}
		}
	}
}

func TestTokenOfAnotherFormIsRefused(t *testing.T) {
	_, secret, _ := access.NewSecret()
	good := secret.Reveal()
	changedChecksum := good[:len(good)-1] + "a"
	if strings.HasSuffix(good, "a") {
		changedChecksum = good[:len(good)-1] + "b"
	}
	for _, c := range []struct {
		text string
		want access.Reason
	}{
		{"", access.ReasonMalformed},
		{"aia_", access.ReasonMalformed},
		{good[:len(good)-1], access.ReasonMalformed},
		{good + "a", access.ReasonMalformed},
		{strings.ToUpper(good), access.ReasonMalformed},
		{"ghp" + good[3:], access.ReasonMalformed},
		{strings.Replace(good[4:], "_", "-", 1), access.ReasonMalformed},
		{"aia_" + strings.Repeat("_", len(good)-4), access.ReasonMalformed},
		{"aia_' OR '1'='1' --x_" + good[21:], access.ReasonMalformed},
		{changedChecksum, access.ReasonChecksum},
	} {
		if _, reason := access.ParseSecret(c.text); reason != c.want {
			t.Errorf("%q: %q, want %q", c.text, reason, c.want)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	_, secret, _ := access.NewSecret()
	f.Add(secret.Reveal())
	f.Add("aia_aaaaaaaaaaaaaaaa_")
	f.Fuzz(func(t *testing.T, text string) {
		id, reason := access.ParseSecret(text)
		if (reason == "") != access.ValidTokenID(id) {
			t.Errorf("%q: id %q with reason %q", text, id, reason)
		}
		if reason == "" && !pattern.MatchString(text) {
			t.Errorf("%q is taken and has not the form", text)
		}
	})
}
