// Package netlist owns how a setting lists networks and addresses.
package netlist

import (
	"fmt"
	"net/netip"
	"strings"
)

// Parse reads networks and addresses, separated by commas; an address is the network of itself alone. Networks keep the
// bits behind their length, so that the caller may refuse or mask them. Nothing listed gives nil.
func Parse(list string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		network, err := netip.ParsePrefix(item)
		if addr, addrErr := netip.ParseAddr(item); addrErr == nil && addr.Zone() == "" {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil || network.Addr().Is4In6() { // mapped IPv4 is compared as IPv4, and would never match
			return nil, fmt.Errorf("%q is neither an address nor a network such as 192.0.2.0/24", item)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// Contain tells whether addr is in one of the networks. It has to be Plain.
func Contain(networks []netip.Prefix, addr netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// Plain gives one address one form: IPv4 is not mapped into IPv6, and there is no zone.
func Plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
