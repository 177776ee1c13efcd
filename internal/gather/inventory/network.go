package inventory

import (
	"net/netip"
	"strings"
)

// networkBehind is the network whose address addr is, going by what follows it in the text: a prefix
// length or a netmask. It fails for the address of a system.
func networkBehind(addr netip.Addr, rest string) (netip.Prefix, bool) {
	length, ok := prefixLength(rest)
	if !ok {
		length, ok = netmaskLength(rest)
		ok = ok && addr.Is4()
	}
	if !ok {
		return netip.Prefix{}, false
	}
	prefix, err := addr.Prefix(length)
	// The two addresses of a point-to-point link are both systems.
	if err != nil || length == 0 || length >= addr.BitLen()-1 || prefix.Addr() != addr {
		return netip.Prefix{}, false
	}
	return prefix, true
}

// prefixLength reads "/24".
func prefixLength(rest string) (int, bool) {
	digits, ok := strings.CutPrefix(rest, "/")
	if !ok {
		return 0, false
	}
	length, n := 0, 0
	for n < len(digits) && n <= len("128") && isDigit(rune(digits[n])) {
		length = length*10 + int(digits[n]-'0')
		n++
	}
	isMask := n+1 < len(digits) && digits[n] == '.' && isDigit(rune(digits[n+1]))
	return length, n > 0 && !isMask
}

// netmaskLength reads "/255.255.255.0", " 255.255.255.0" and " netmask 255.255.255.0".
func netmaskLength(rest string) (int, bool) {
	rest, slash := strings.CutPrefix(rest, "/")
	if !slash {
		trimmed := strings.TrimLeft(rest, " \t")
		if trimmed == rest {
			return 0, false
		}
		rest = trimmed
		for _, word := range []string{"netmask", "mask"} {
			if after, ok := strings.CutPrefix(rest, word); ok {
				rest = strings.TrimLeft(after, " \t:")
				break
			}
		}
	}
	end := 0
	for end < len(rest) && end <= len("255.255.255.255") && (rest[end] == '.' || isDigit(rune(rest[end]))) {
		end++
	}
	mask, err := netip.ParseAddr(strings.TrimRight(rest[:end], "."))
	if err != nil {
		return 0, false
	}
	return maskBits(mask)
}
