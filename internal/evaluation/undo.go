package evaluation

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{24,}={0,2}`)
	hexRun    = regexp.MustCompile(`(?:[0-9a-fA-F]{2}){12,}`)
)

// undo gives what a reader with an ordinary tool makes of text: backwards, and with its base64 and hexadecimal parts decoded.
func undo(text string) []string {
	runes := []rune(text)
	slices.Reverse(runes)
	undone := []string{string(runes)}
	for _, run := range base64Run.FindAllString(text, -1) {
		run = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(run)
		const group = 4                         // characters that stand for three bytes
		for cut := range min(group, len(run)) { // a run may have lost its beginning or end
			part := run[cut:]
			if decoded, err := base64.RawStdEncoding.DecodeString(part[:len(part)/group*group]); err == nil && utf8.Valid(decoded) {
				undone = append(undone, string(decoded))
			}
		}
	}
	for _, run := range hexRun.FindAllString(text, -1) {
		if decoded, err := hex.DecodeString(run); err == nil && utf8.Valid(decoded) {
			undone = append(undone, string(decoded))
		}
	}
	return undone
}
