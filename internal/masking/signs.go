package masking

import "strings"

// Expressions over a whole text are slow, and most texts have nothing for them: what has none of the signs that every match of an expression has
// is spared it. TestSignsMissNothing holds the signs against the expressions.

// shape is what a text is made of, as far as credentials have something of it.
type shape struct {
	text   string
	run    int // the longest run of letters, digits, "_" and "-"
	blob   int // the longest run of these, "+" and "/"
	digits int
}

func shapeOf(text string) shape {
	s := shape{text: text}
	run, blob := 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case isDigit(c):
			s.digits++
			fallthrough
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '-':
			run, blob = run+1, blob+1
			s.run, s.blob = max(s.run, run), max(s.blob, blob)
		case c == '+', c == '/':
			run, blob = 0, blob+1
			s.blob = max(s.blob, blob)
		default:
			run, blob = 0, 0
		}
	}
	return s
}

// has says whether any of the signs stands in the text.
func (s shape) has(signs ...string) bool {
	for _, sign := range signs {
		if strings.Contains(s.text, sign) {
			return true
		}
	}
	return false
}

// knownToken is for sensitive.KnownToken.
func (s shape) knownToken() bool {
	return s.has("aia_", "1000.", "AKIA", "ASIA", "AIza", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "eyJ")
}

// modelKey is for sensitive.ModelKey.
func (s shape) modelKey() bool { return s.has("sk-") }

// keyShape is for keyShapes. Most of them are long in one piece, and BitLocker's keys have 48 digits in groups.
func (s shape) keyShape() bool {
	const longKey, bitLocker = 24, 48
	return s.run >= longKey || s.digits >= bitLocker ||
		s.has("8Q~", "k_", "whsec_", "ya29.", "SG.", "hooks.slack.com/", "webhook.office.com/", ":AA", "AccountKey=", "SharedAccessSignature", "$", "{")
}

// random is for blob.
func (s shape) random() bool { return s.blob >= shortestBlob }

// mayHaveToken is for mangledToken: there is a bracket, or the label's "_".
func mayHaveToken(text string) bool { return strings.ContainsAny(text, "[_") }
