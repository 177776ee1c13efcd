package sensitive

import (
	"encoding/base64"
	"slices"
	"strings"
)

// secretEndings are what the names of secrets end in, in lower case, without hyphens and underscores. "tokens" is not
// among them: those are counted, not kept secret.
//
//nolint:gochecknoglobals // a table
var secretEndings = []string{
	"password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets", "token", "apikey", "apikeys", "accesskey",
	"secretkey", "privatekey", "signingkey", "sharedkey", "techniciankey", "authorization", "credential", "credentials",
	"signature", "keyset", "cookie", "sessionid", "jwt",
}

// schemes are words that a credential follows behind a blank.
//
//nolint:gochecknoglobals // a table
var schemes = []string{"bearer", "oauthtoken", "authtoken", "basic"}

// plainWords follow on a secret's name in messages about it ("api_key: is missing"), and are no secret.
//
//nolint:gochecknoglobals // a table
var plainWords = []string{
	"a", "all", "already", "an", "and", "are", "at", "cannot", "changed", "could", "does", "error", "expected", "expired", "failed",
	"for", "give", "has", "in", "invalid", "is", "it", "malformed", "missing", "must", "no", "none", "not", "of", "refused", "required",
	"should", "the", "this", "too", "unknown", "use", "was", "with", "wrong",
}

// longestName of a secret that is looked at, in bytes.
const longestName = 40

// SecretName says whether a value of this name is secret: by what the name ends in. Each attribute of each line is asked.
func SecretName(name string) bool {
	if name == "" || strings.IndexByte("delnstyDELNSTY", name[len(name)-1]) < 0 { // what the endings end in
		return false
	}
	for _, ending := range secretEndings {
		if endsIn(name, ending) {
			return true
		}
	}
	return false
}

// endsIn compares without regard to case, hyphens, underscores and blanks in name.
func endsIn(name, ending string) bool {
	i, want := len(name)-1, len(ending)-1
	for ; i >= 0 && want >= 0; i-- {
		c := name[i]
		if c == '_' || c == '-' || c == ' ' {
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != ending[want] {
			return false
		}
		want--
	}
	return want < 0
}

// SecretBefore says whether the separator at i follows on the name of a secret: password=, "api_key":, <token>.
func SecretBefore(text string, i int) bool {
	name := nameBefore(text, i)
	return name != "" && SecretName(name)
}

// nameBefore gives the name that ends before i, quotes and blanks left out. "api key" is one, too.
func nameBefore(text string, i int) string {
	end := i
	for end > 0 && strings.IndexByte(" \t\"'`\\]", text[end-1]) >= 0 {
		end--
	}
	start := end
	for start > 0 && end-start < longestName && isName(text[start-1]) {
		start--
	}
	if strings.EqualFold(text[start:end], "key") && start > 0 && text[start-1] == ' ' {
		for start--; start > 0 && end-start < longestName && isName(text[start-1]); {
			start--
		}
	}
	return text[start:end]
}

func isName(c byte) bool { return isWord(c) || c == '-' || c == '.' }

// SchemeBefore gives the scheme that ends at i, empty for none.
func SchemeBefore(text string, i int) string {
	if i == 0 || strings.IndexByte("rRnNcC", text[i-1]) < 0 {
		return ""
	}
	for _, scheme := range schemes {
		if start := i - len(scheme); start >= 0 && strings.EqualFold(text[start:i], scheme) {
			return scheme
		}
	}
	return ""
}

// named looks for what follows on names in a text. It keeps the end of the word it looked at last, because a word may hold
// many names, and text may be made to have us look for its end once for each.
type named struct {
	text            string
	word, raw, last int // the word begins at word and ends at raw, and at last without what closes a clause
}

// Named finds what follows on the name of a secret, or on a scheme. Values that read [Redacted] are left out.
func Named(text string) []Span {
	n := &named{text: text, word: -1}
	var found []Span
	for i := 0; i < len(text); i++ {
		start, end := 0, 0
		switch text[i] {
		case ':', '=', '>':
			if SecretBefore(text, i) {
				start, end = n.valueAfter(i)
			}
		case ' ', '\t':
			if scheme := SchemeBefore(text, i); scheme != "" {
				start, end = n.credentialAfter(i, scheme)
			}
		}
		end = extended(text, start, end)
		if start < end && text[start:end] != Redacted {
			found = append(found, Span{Start: start, End: end})
			i = end - 1
		}
	}
	return found
}

// extended moves the end of a value behind secrets that begin in it: a quote that was never closed "ends" where the next
// one opens, and what stands behind that is a secret still.
func extended(text string, start, end int) int {
	for i := start; i < end; i++ {
		if c := text[i]; c != ':' && c != '=' && c != '>' || !SecretBefore(text, i) {
			continue
		}
		inner := skip(text, i+1, " \t=:>")
		if quote := quoteAt(text, inner); quote != "" {
			end = max(end, quotedEnd(text, inner+len(quote), quote))
		}
	}
	return end
}

// credentialAfter gives where the credential stands that follows on a scheme.
func (n *named) credentialAfter(i int, scheme string) (start, end int) {
	const shortest = 6
	text := n.text
	start = skip(text, i, " \t")
	end = n.bareEnd(start)
	if end-start < shortest || isNext(text, start, end) || strings.HasPrefix(text[start:], Redacted) {
		return 0, 0
	}
	if scheme == "basic" {
		decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text[start:end], "="))
		if err != nil || !strings.Contains(string(decoded), ":") {
			return 0, 0 // "basic settings"
		}
	}
	return start, end
}

// valueAfter gives where the value stands that follows on the separator at i.
func (n *named) valueAfter(i int) (start, end int) {
	text := n.text
	start = skip(text, i+1, " \t=:>") // := and =>
	if strings.HasPrefix(text[start:], Redacted) {
		return 0, 0
	}
	if quote := quoteAt(text, start); quote != "" {
		start += len(quote)
		return start, quotedEnd(text, start, quote)
	}
	spaced := start > i+1 && text[start-1] == ' '
	if name := strings.ToLower(nameBefore(text, i)); strings.HasSuffix(name, "cookie") {
		line, _, _ := strings.Cut(text[start:], "\n")
		return start, start + len(line)
	}
	if opened := skip(text, start, "[({"); opened > start && !strings.HasPrefix(text[opened-1:], Redacted) {
		start = opened
	}
	end = n.bareEnd(start)
	if SchemeBefore(text, end) != "" { // Authorization: Bearer …
		start = skip(text, end, " \t")
		end = n.bareEnd(start)
		return start, end
	}
	if isNext(text, start, end) {
		return 0, 0
	}
	if spaced && slices.Contains(plainWords, strings.ToLower(text[start:end])) {
		return 0, 0
	}
	return start, end
}

// isNext says that what looks like a value is the name of the next secret: "token: password: …".
func isNext(text string, start, end int) bool {
	return end > start && strings.IndexByte(":=>", text[end-1]) >= 0 && SecretBefore(text, end-1)
}

// quoteAt gives the quote that opens at i, with the backslashes before it if the text was quoted itself.
func quoteAt(text string, i int) string {
	end := skip(text, i, `\`)
	if end < len(text) && strings.IndexByte("\"'`", text[end]) >= 0 {
		return text[i : end+1]
	}
	return ""
}

// quotedEnd gives where the text ends that quote opened before start. A quote behind more backslashes is part of it.
func quotedEnd(text string, start int, quote string) int {
	escapes := 0
	for i := start; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			escapes++
			continue
		case text[i] == quote[len(quote)-1] && escapes%2 == (len(quote)-1)%2 && escapes <= len(quote)-1:
			return i - escapes
		}
		escapes = 0
	}
	return len(text)
}

// bareEnd gives where an unquoted value ends.
func (n *named) bareEnd(start int) int {
	if n.word < 0 || start < n.word || start >= n.raw {
		n.word, n.raw = start, start
		for n.raw < len(n.text) && strings.IndexByte(" \t\r\n\"'`&<>", n.text[n.raw]) < 0 {
			n.raw++
		}
		for n.last = n.raw; n.last > start && strings.IndexByte(",;)}\\", n.text[n.last-1]) >= 0; {
			n.last--
		}
	}
	return max(start, n.last)
}

func skip(text string, i int, what string) int {
	for i < len(text) && strings.IndexByte(what, text[i]) >= 0 {
		i++
	}
	return i
}
