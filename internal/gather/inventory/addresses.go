package inventory

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// MaxAddresses is how many different addresses of one ticket are looked up.
const MaxAddresses = 50

// MaxNetworks is how many different networks of one ticket are looked up.
const MaxNetworks = 10

// Addresses are the IPv4 and IPv6 addresses written in text, each once, in order of appearance, at
// most MaxAddresses. They are without zone, and an IPv4 address written as IPv6 (::ffff:192.0.2.1)
// counts as IPv4. Ports, brackets, labels ("IP:192.0.2.1") and surrounding punctuation are no part of
// an address.
//
// The address of a network (192.0.2.0/24) names no system and is left out: see Networks. So is what
// only looks like an address: a version number, a dotted object id, a part of a longer word, a netmask,
// and any other address that no system can have. Numbers with leading zeros are left out because
// programs disagree on whether 010 is ten or eight.
func Addresses(text string) []netip.Addr {
	addresses, _ := addressesAndNetworks(text)
	var found []netip.Addr
	for _, m := range addresses {
		found = append(found, m.addr)
	}
	return found
}

// Networks are the networks written in text, as 192.0.2.0/24, 2001:db8::/48, 192.0.2.0/255.255.255.0 or
// 192.0.2.0 255.255.255.0, each once, in order of appearance, at most MaxNetworks. A host with the
// length of its prefix (192.0.2.17/24) is an address and no network, as are the two ends of a
// point-to-point link (/31, /127).
func Networks(text string) []netip.Prefix {
	_, networks := addressesAndNetworks(text)
	var found []netip.Prefix
	for _, m := range networks {
		found = append(found, m.network)
	}
	return found
}

func addressesAndNetworks(text string) (addresses, networks []mention) {
	seen := make(map[netip.Prefix]bool)
	for m := range mentions(text) {
		key, list, limit := m.network, &networks, MaxNetworks
		if !m.network.IsValid() {
			key, list, limit = netip.PrefixFrom(m.addr, m.addr.BitLen()), &addresses, MaxAddresses
		}
		if seen[key] || len(*list) == limit {
			continue
		}
		seen[key] = true
		*list = append(*list, m)
		if len(addresses) == MaxAddresses && len(networks) == MaxNetworks {
			break
		}
	}
	return addresses, networks
}

// mention is an address and the part of a text that it was read from.
type mention struct {
	part

	addr netip.Addr
	// network is what a prefix length or netmask behind addr makes of it; the zero value for a system.
	network netip.Prefix
}

// longestLiteral is the length of the longest notation of an address: IPv6 ending in dotted IPv4.
const longestLiteral = 45

// parse reads literal as an address that could name a system.
func parse(literal part) (mention, bool) {
	if len(literal.text) > longestLiteral {
		return mention{}, false
	}
	addr, err := netip.ParseAddr(literal.text)
	if err != nil {
		return mention{}, false
	}
	addr = addr.Unmap()
	if addr.Is4() && isReserved(addr) || addr.Is6() && (addr.IsUnspecified() || isScope(addr) || isHardwareName(addr)) {
		return mention{}, false
	}
	return mention{part: literal, addr: addr}, true
}

// isReserved tells what no system is reached by: "this network" (0.0.0.0/8, with it the wildcard masks of
// routers) and 240.0.0.0/4, with it netmasks and the broadcast address.
func isReserved(addr netip.Addr) bool {
	const reserved = 240
	first := addr.As4()[0]
	return first == 0 || first >= reserved
}

// isScope tells what is more often an operator of a programming language than an address: at most two
// groups and no digit (db::add, ::face). Decided by the shortest notation, so that it does not depend on
// the one in the text.
func isScope(addr netip.Addr) bool {
	groups, inGroup := 0, false
	for _, r := range addr.String() {
		if isDigit(r) {
			return false
		}
		if r != ':' && !inGroup {
			groups++
		}
		inGroup = r != ':'
	}
	return groups <= 2
}

// isHardwareName tells eight single bytes, which are the name of an adapter or of a disk port
// (50:06:01:60:3b:a0:12:34) and lie in no network that is in use.
func isHardwareName(addr netip.Addr) bool {
	octets := addr.As16()
	zeros := 0
	for i, octet := range octets {
		isHigh := i%2 == 0
		if isHigh && octet != 0 {
			return false
		}
		if !isHigh && octet == 0 {
			zeros++
		}
	}
	return zeros <= 1
}

// maskBits is the prefix length that a netmask stands for, 8 at least: shorter ones look like addresses.
func maskBits(mask netip.Addr) (int, bool) {
	if !mask.Is4() {
		return 0, false
	}
	octets := mask.As4()
	word := binary.BigEndian.Uint32(octets[:])
	ones := bits.LeadingZeros32(^word)
	return ones, ones >= 8 && word<<ones == 0
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
