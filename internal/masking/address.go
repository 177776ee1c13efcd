package masking

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	ipv4      = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?`)
	ipv6      = regexp.MustCompile(`[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}(?:%[0-9A-Za-z]{1,15})?(?:/[0-9]{1,3})?`)
	isVersion = regexp.MustCompile(`(?i)(?:\bv|version|build|release|firmware|rev)[.: \t]*$`)
)

// addresses finds IPv4 and IPv6 addresses and networks.
func addresses(text string) []finding {
	var found []finding
	for _, pattern := range []*regexp.Regexp{ipv4, ipv6} {
		for _, at := range pattern.FindAllStringIndex(text, -1) {
			if key, ok := addressKey(text, at[0], at[1]); ok {
				found = append(found, finding{start: at[0], end: at[1], kind: KindAddress, key: key})
			}
		}
	}
	return found
}

func addressKey(text string, start, end int) (string, bool) {
	if start > 0 && (isDigit(text[start-1]) || isLetter(text[start-1]) || strings.IndexByte(".:_", text[start-1]) >= 0 && isWordAt(text, start-2)) {
		return "", false
	}
	if end < len(text) && (isDigit(text[end]) || isLetter(text[end]) || text[end] == '_' || text[end] == '.' && end+1 < len(text) && isDigit(text[end+1])) {
		return "", false
	}
	const near = 20
	if isVersion.MatchString(text[max(0, start-near):start]) {
		return "", false
	}
	if network, err := netip.ParsePrefix(text[start:end]); err == nil {
		return network.String(), true
	}
	address, err := netip.ParseAddr(text[start:end])
	if err != nil || address == netip.IPv6Unspecified() {
		return "", false
	}
	return address.String(), true
}

func isWordAt(text string, i int) bool { return i >= 0 && (isDigit(text[i]) || isLetter(text[i])) }
