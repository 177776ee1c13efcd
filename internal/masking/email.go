package masking

import (
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

var (
	// emailAddress allows blanks or one line end beside the @, by which addresses are broken or hidden from machines, and addresses
	// in brackets for a domain.
	emailAddress = regexp.MustCompile(`(?:"[^"\n@]{1,64}"|[\pL\pM\pN._%+'=!#$*/?^{|}~-]+)[ \t]?\n?[ \t]?@[ \t]?\n?[ \t]?` +
		`(?:(?:[\pL\pM\pN](?:[\pL\pM\pN-]*[\pL\pM\pN])?\.)+(?:xn--[a-zA-Z0-9-]+|[\pL\pM]{2,})|\[[0-9a-fA-F:.IPv]{3,45}\])`)
	// spelledAddress is one with its @ and dots in words: jane.doe (at) example (dot) com.
	spelledAddress = regexp.MustCompile(`(?i)[\pL\pN_%+-]+(?:(?:\.|` + spelledDot + `)[\pL\pN_%+-]+)*` +
		`(?:[ \t]?[(\[{<][ \t]?(?:at|@|ät|arroba|chez)[ \t]?[)\]}>][ \t]?[\pL\pN-]+(?:(?:\.|` + spelledDot + `)[\pL\pN-]+)*(?:\.|` + spelledDot + `)\pL{2,}` +
		`|[ \t]+at[ \t]+[\pL\pN-]+(?:(?:[ \t]+dot[ \t]+)[\pL\pN-]+)*[ \t]+dot[ \t]+\pL{2,})`)
	spelledAt    = regexp.MustCompile(`(?i)[ \t]*(?:[(\[{<][ \t]?(?:at|@|ät|arroba|chez)[ \t]?[)\]}>]|[ \t]at[ \t])[ \t]*`)
	spelledDots  = regexp.MustCompile(`(?i)[ \t]*(?:[(\[{<][ \t]?(?:dot|punkt|point|punto|\.)[ \t]?[)\]}>]|[ \t]dot[ \t])[ \t]*`)
	mayBeSpelled = regexp.MustCompile(`(?i)(?:[(\[{<][ \t]?(?:at|@|ät|arroba|chez)[ \t]?[)\]}>])|[ \t]at[ \t][^\n]{1,120}?[ \t]dot[ \t]`)
)

// notInTheFront are signs that an address may have, and that do not begin one in practice.
const notInTheFront = ".'=!#$*/?^{|}~-"

const spelledDot = `[ \t]?[(\[{<][ \t]?(?:dot|punkt|point|punto|\.)[ \t]?[)\]}>][ \t]?`

// emails finds e-mail addresses.
func emails(text string) []finding {
	var found []finding
	if strings.IndexByte(text, '@') >= 0 {
		for _, at := range emailAddress.FindAllStringIndex(text, -1) {
			start := at[0]
			for start < at[1] && strings.IndexByte(notInTheFront, text[start]) >= 0 {
				start++
			}
			// Of the path in front of a file's or a link's address, the last part: tel/jane@example.com, ?to=jane@example.com.
			if local := text[start : start+strings.IndexByte(text[start:at[1]], '@')]; text[start] != '"' {
				start += strings.LastIndexAny(local, "/?=") + 1
			}
			if text[start] == '@' || text[start] == ' ' {
				continue
			}
			found = append(found, finding{start: start, end: at[1], kind: KindEmail, key: emailKey(text[start:at[1]])})
		}
	}
	if mayBeSpelled.MatchString(text) {
		for _, at := range spelledAddress.FindAllStringIndex(text, -1) {
			found = append(found, finding{start: at[0], end: at[1], kind: KindEmail, key: emailKey(text[at[0]:at[1]])})
		}
	}
	return found
}

// emailKey is the same for all ways of writing an address. That some servers tell case apart in front of the @ is theory.
func emailKey(address string) string {
	plain := spelledDots.ReplaceAllString(spelledAt.ReplaceAllString(address, "@"), ".")
	local, domain, _ := strings.Cut(strings.Join(strings.Fields(plain), ""), "@")
	domain = strings.ToLower(domain)
	if unicode, err := idna.ToUnicode(domain); err == nil {
		domain = unicode
	}
	return strings.ToLower(local) + "@" + domain
}
