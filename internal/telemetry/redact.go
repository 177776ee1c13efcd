package telemetry

import (
	"regexp"
	"strings"

	"github.com/ai-agents/ai-agents/internal/sensitive"
)

// redacted stands in place of what must not be seen.
const redacted = sensitive.Redacted

// email is redacted but for its domain, which tells whose user it was, and does not name them.
var email = regexp.MustCompile(`[\pL\pN._%+'-]+@([\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,})`)

// suspicions are the kinds of things that a text might hold, as a look at each of its bytes tells.
type suspicions struct {
	key, token, named, at, digits, keyset bool
}

func (s suspicions) any() bool { return s.key || s.token || s.named || s.at || s.digits || s.keyset }

// suspect is what most texts cost: none of the patterns is tried on a text without a reason.
func suspect(text string) suspicions {
	var s suspicions
	digits := 0
	for i := range len(text) {
		c := text[i]
		if '0' <= c && c <= '9' {
			digits++
			s.digits = s.digits || digits >= sensitive.ShortestCard
			s.token = s.token || c == '1' && strings.HasPrefix(text[i:], "1000.")
			continue
		}
		switch c {
		case ' ', '-':
			// May stand between the digits of a card.
			s.key = s.key || c == '-' && strings.HasPrefix(text[i:], "-----BEGIN ")
			s.named = s.named || c == ' ' && sensitive.SchemeBefore(text, i) != ""
			continue
		case ':', '=', '>':
			s.named = s.named || sensitive.SecretBefore(text, i)
		case '\t':
			s.named = s.named || sensitive.SchemeBefore(text, i) != ""
		case '@':
			s.at = true
		case 'a', 'A', 'e', 'g', 's', 'x':
			s.token = s.token || tokenAt(text[i:])
		case 't':
			s.keyset = s.keyset || strings.HasPrefix(text[i:], "type.googleapis.com")
		}
		digits = 0
	}
	return s
}

// tokenAt says whether a sensitive.KnownToken may begin here, of which suspect has seen the first letter.
func tokenAt(text string) bool {
	const shortest = len("aia_x_y")
	if len(text) < shortest {
		return false
	}
	switch text[:2] { // all ids and words have the first letters: this is what each of them costs
	case "ey":
		return text[2] == 'J'
	case "sk":
		return text[2] == '-'
	case "ai":
		return text[2:4] == "a_"
	case "AK", "AS":
		return text[2:4] == "IA"
	case "AI":
		return text[2:4] == "za"
	case "gh":
		return true
	case "gi":
		return strings.HasPrefix(text, "github_pat_")
	case "gl":
		return strings.HasPrefix(text, "glpat-")
	case "xo":
		return text[2] == 'x'
	}
	return false
}

// RedactValue is Redact for a value with a name. The name may say that all of it is secret; and who did something is not
// hidden, since that is what the name is for.
func RedactValue(name, value string) string {
	switch {
	case sensitive.SecretName(name):
		return redacted
	case name == KeyUser || name == keyActor:
		return RedactTokens(value)
	}
	return Redact(value)
}

// keyActor is how the audit log calls who did something.
const keyActor = "actor"

// Redact blanks out credentials, card numbers and the names in e-mail addresses inside of text.
func Redact(text string) string { return redact(text, true) }

// RedactTokens blanks out what is a credential by its own form. It is for names of people and tokens, which may look like
// more than that: an e-mail address, "token:" and an id.
func RedactTokens(text string) string { return redact(text, false) }

func redact(text string, all bool) string {
	// What is blanked out may bring to light what did not look like a secret before; twice is enough in practice, and the
	// bound keeps hostile text from costing more.
	const rounds = 4
	for range rounds {
		s := suspect(text)
		if !s.any() {
			return text
		}
		next := redactOnce(text, s, all)
		if next == text {
			return text
		}
		text = next
	}
	return text
}

func redactOnce(text string, s suspicions, all bool) string {
	if s.key {
		text = sensitive.PrivateKey.ReplaceAllString(text, redacted)
	}
	if s.at && strings.Contains(text, "://") {
		text = sensitive.URLPassword.ReplaceAllString(text, "${1}"+redacted+"@")
	}
	if s.keyset {
		text = sensitive.KeyMaterial.ReplaceAllString(text, "${1}"+redacted)
	}
	if s.token {
		text = sensitive.KnownToken.ReplaceAllString(text, redacted)
		text = sensitive.ModelKey.ReplaceAllString(text, "${1}"+redacted)
	}
	if !all {
		return text
	}
	if s.named {
		text = blank(text, sensitive.Named(text))
	}
	if s.at {
		text = email.ReplaceAllString(text, redacted+"@${1}")
	}
	if s.digits {
		text = blank(text, sensitive.Cards(text))
	}
	return text
}

// blank writes redacted in place of spans, which are in order and apart.
func blank(text string, spans []sensitive.Span) string {
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	done := 0
	for _, span := range spans {
		b.WriteString(text[done:span.Start])
		b.WriteString(redacted)
		done = span.End
	}
	b.WriteString(text[done:])
	return b.String()
}
