package inventory

import (
	"net/netip"
	"strings"
)

// MaxAddresses is how many different addresses of one ticket are looked up.
const MaxAddresses = 50

// Addresses are the IPv4 and IPv6 addresses written in text, each once, in order of appearance, at
// most MaxAddresses. They are without zone, and an IPv4 address written as IPv6 (::ffff:192.0.2.1)
// counts as IPv4. Ports, brackets, labels ("IP:192.0.2.1") and surrounding punctuation are no part of
// an address; the address of a network (192.0.2.0/24) names no system and is left out, as is what
// only looks like an address: a version number, a dotted object id, a part of a longer word.
func Addresses(text string) []netip.Addr {
	var found []netip.Addr
	seen := make(map[netip.Addr]bool)
	for m := range mentions(text) {
		if seen[m.addr] {
			continue
		}
		seen[m.addr] = true
		if found = append(found, m.addr); len(found) == MaxAddresses {
			break
		}
	}
	return found
}

// mention is an address and the part of a text that it was read from.
type mention struct {
	part

	addr netip.Addr
}

// longestLiteral is the length of the longest notation of an address: IPv6 ending in dotted IPv4.
const longestLiteral = 45

// parse reads literal as an address that could name a system. The unspecified address cannot, and "::"
// is more often an operator of a programming language.
func parse(literal part) (mention, bool) {
	if len(literal.text) > longestLiteral {
		return mention{}, false
	}
	addr, err := netip.ParseAddr(literal.text)
	if err != nil || addr.IsUnspecified() {
		return mention{}, false
	}
	return mention{part: literal, addr: addr.Unmap()}, true
}

// isNetwork tells whether addr, followed by rest in the text, is the address of a network and not of
// a system in it.
func isNetwork(addr netip.Addr, rest string) bool {
	digits, ok := strings.CutPrefix(rest, "/")
	if !ok {
		return false
	}
	bits, n := 0, 0
	for n < len(digits) && n <= len("128") && isDigit(rune(digits[n])) {
		bits = bits*10 + int(digits[n]-'0')
		n++
	}
	prefix, err := addr.Prefix(bits)
	if n == 0 || err != nil {
		return false
	}
	// The two addresses of a point-to-point link are both systems.
	return bits < addr.BitLen()-1 && prefix.Addr() == addr
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
