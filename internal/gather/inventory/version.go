package inventory

import (
	"slices"
	"strings"
)

// preceding is what stands in front of a token and decides whether numbers with dots are a version, or a
// number of another kind, and no address.
type preceding struct {
	previous  part
	announced bool
	// version is the last token that was taken for a version, and since how many tokens came behind it.
	version string
	since   int
}

func (p *preceding) pass(token part, announced bool) {
	p.since++
	if announced && strings.Contains(token.text, ".") {
		p.version, p.since = token.text, 0
	}
	p.previous, p.announced = token, announced
}

// announcesVersion tells that token, which follows in text, is no address if it is four numbers with dots.
func (p *preceding) announcesVersion(text string, token part) bool {
	gap := text[p.previous.end():token.at]
	if strings.HasSuffix(gap, "+") || strings.HasSuffix(strings.TrimRight(gap, " "), "§") { // +49.30.12.34, § 4.2.1.3
		return true
	}
	word := strings.ToLower(strings.Trim(p.previous.text, ":"))
	blank := strings.Trim(gap, " \t=\"'") == ""
	switch {
	case blank && isVersionWord(word):
		return true
	case gap == "/" && isProduct(word), blank && isPlainProduct(word):
		return true
	case blank && p.announced && slices.Contains([]string{"is", "was", "no", "no.", "number"}, word):
		return true
	default:
		return p.continuesVersion(gap, word, token.text)
	}
}

// continuesVersion tells the second of two versions ("from version 1.2.3.4 to 1.2.5.0"): joined by one word
// or a comma, and with the first number of the other.
func (p *preceding) continuesVersion(gap, word, token string) bool {
	if p.version == "" {
		return false
	}
	first, _, _ := strings.Cut(p.version, ".")
	if rest, ok := strings.CutPrefix(token, first+"."); !ok || rest == "" {
		return false
	}
	joined := p.since == 0 && strings.Trim(gap, " ,/&>") == ""
	return joined || p.since == 1 && strings.TrimSpace(gap) == "" && slices.Contains([]string{"to", "and", "or"}, word)
}

// isVersionWord tells after what four numbers with dots are no address. A dot after an abbreviation is
// part of it; after "version", it ends a sentence. Words that a system may be called after ("client",
// "gateway", "update") are no such words.
func isVersionWord(word string) bool {
	word = strings.ToLower(strings.Trim(word, ":"))
	return slices.Contains([]string{
		"v", "v.", "ver", "ver.", "rev", "rev.", "revision", "build", "release", "firmware", "bios", "kernel",
		"driver", "hotfix", "patch", "oid", "mib", "section", "chapter", "clause", "tel", "tel.", "phone", "fax",
		"serial", "sn",
	}, word) || strings.HasSuffix(word, "version") || strings.HasSuffix(word, "versions")
}

// isProduct tells programs that write their version behind a slash (Chrome/119.0.0.0). Others are left
// out: db01/192.0.2.5 is how Java writes an address.
func isProduct(word string) bool {
	return isPlainProduct(word) || slices.Contains([]string{
		"edg", "edge", "opr", "opera", "crios", "fxios", "applewebkit", "version", "mobile", "dalvik", "curl", "wget",
	}, word)
}

// isPlainProduct tells programs that are named with a version and hardly ever with an address.
func isPlainProduct(word string) bool {
	return slices.Contains([]string{
		"chrome", "chromium", "firefox", "safari", "electron", "java", "jre", "jdk", "acrobat", "openssl", "openvpn",
	}, word)
}
