// Package sensitive owns what credentials and card numbers look like in a text, whoever looks for them: logs blank them out, and
// prompts are masked. It finds, and changes nothing.
package sensitive

import "regexp"

// Redacted stands in place of what must not be seen. It is not taken for a secret itself.
const Redacted = "[redacted]"

// Span is text[Start:End].
type Span struct{ Start, End int }

// Patterns of secrets that say by their own form what they are.
var (
	// PrivateKey is a block in PEM, also one whose end is missing.
	PrivateKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)`)
	// KnownToken finds tokens that say what they are: ours, those of Zoho, AWS, Google, GitHub, GitLab and Slack, and
	// signed JSON.
	KnownToken = regexp.MustCompile(`aia_[A-Za-z0-9-]+_[A-Za-z0-9_-]+|1000\.[0-9a-f]{16,}\.[0-9a-f]{16,}` +
		`|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}` +
		`|xox[a-z]-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*`)
	// ModelKey is the key of a model's provider, behind its first group. "sk-" is also in the middle of "risk-assessment"; behind
	// an escaped line break it counts.
	ModelKey = regexp.MustCompile(`(^|[^A-Za-z0-9]|\\[nrt])sk-[A-Za-z0-9_-]{16,}`)
	// URLPassword is a password in a URL, behind its first group, with the @. It ends at the last @ before the path, for a
	// password may have one.
	URLPassword = regexp.MustCompile(`(://[^/\s:@]*:)[^\s/]+@`)
	// KeyMaterial is the secret in a keyset of Tink's, behind its first group.
	KeyMaterial = regexp.MustCompile(`("value\\*"\s*:\s*\\*")[A-Za-z0-9+/=_-]{8,}`)
)
