package telemetry

import (
	"regexp"
	"strings"
)

// redacted stands in place of what must not be seen.
const redacted = "[redacted]"

var (
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)`)
	// knownToken finds tokens that say what they are: ours, those of Zoho, AWS, Google, GitHub, GitLab and Slack, and
	// signed JSON.
	knownToken = regexp.MustCompile(`aia_[A-Za-z0-9-]+_[A-Za-z0-9_-]+|1000\.[0-9a-f]{16,}\.[0-9a-f]{16,}` +
		`|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}` +
		`|xox[a-z]-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*`)
	// modelKey begins with "sk-", which is also in the middle of "risk-assessment"; behind an escaped line break it counts.
	modelKey = regexp.MustCompile(`(^|[^A-Za-z0-9]|\\[nrt])sk-[A-Za-z0-9_-]{16,}`)
	// urlPassword ends at the last @ before the path, for a password may have one.
	urlPassword = regexp.MustCompile(`(://[^/\s:@]*:)[^\s/]+@`)
	// keyMaterial is the secret in a keyset of Tink's.
	keyMaterial = regexp.MustCompile(`("value\\*"\s*:\s*\\*")[A-Za-z0-9+/=_-]{8,}`)
	// email is redacted but for its domain, which tells whose user it was, and does not name them.
	email = regexp.MustCompile(`[\pL\pN._%+'-]+@([\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,})`)
)

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
			s.digits = s.digits || digits >= shortestCard
			s.token = s.token || c == '1' && strings.HasPrefix(text[i:], "1000.")
			continue
		}
		switch c {
		case ' ', '-':
			// May stand between the digits of a card.
			s.key = s.key || c == '-' && strings.HasPrefix(text[i:], "-----BEGIN ")
			s.named = s.named || c == ' ' && schemeBefore(text, i) != ""
			continue
		case ':', '=', '>':
			s.named = s.named || secretBefore(text, i)
		case '\t':
			s.named = s.named || schemeBefore(text, i) != ""
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

// tokenAt says whether one of knownToken may begin here.
func tokenAt(text string) bool {
	for _, prefix := range []string{"eyJ", "sk-", "aia_", "AKIA", "ASIA", "AIza", "gh", "github_pat_", "glpat-", "xox"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// RedactValue is Redact for a value with a name. The name may say that all of it is secret; and who did something is not
// hidden, since that is what the name is for.
func RedactValue(name, value string) string {
	switch {
	case secretName(name):
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
		text = privateKey.ReplaceAllString(text, redacted)
	}
	if s.at && strings.Contains(text, "://") {
		text = urlPassword.ReplaceAllString(text, "${1}"+redacted+"@")
	}
	if s.keyset {
		text = keyMaterial.ReplaceAllString(text, "${1}"+redacted)
	}
	if s.token {
		text = knownToken.ReplaceAllString(text, redacted)
		text = modelKey.ReplaceAllString(text, "${1}"+redacted)
	}
	if !all {
		return text
	}
	if s.named {
		text = redactNamed(text)
	}
	if s.at {
		text = email.ReplaceAllString(text, redacted+"@${1}")
	}
	if s.digits {
		text = redactCards(text)
	}
	return text
}
