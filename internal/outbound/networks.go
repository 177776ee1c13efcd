package outbound

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/ai-agents/ai-agents/internal/netlist"
)

// Networks may be reached although they are not public. The zero value opens none.
type Networks []netip.Prefix

// Decode reads networks and addresses, separated by commas. It implements envconfig.Decoder. A network with bits behind
// its length is refused: the length is probably wrong, and more would be open than is meant.
func (n *Networks) Decode(list string) error {
	networks, err := netlist.Parse(list)
	if err != nil {
		return fmt.Errorf("the list of networks: %w", err)
	}
	for _, network := range networks {
		if whole := network.Masked(); whole != network {
			return fmt.Errorf("the list of networks: %q is not the beginning of a network: write %q for the address, or %q for the network",
				network, network.Addr(), whole)
		}
	}
	*n = networks
	return nil
}

// warn tells what a list does that is easily overlooked.
func (n *Networks) warn(logger *slog.Logger, closed []netip.Prefix) {
	for _, network := range *n {
		switch {
		case network.Bits() == 0:
			logger.Warn("OUTBOUND_ALLOWED_NETWORKS lets tenants' URLs reach every address that this process reaches", "network", network.String())
		case slices.ContainsFunc(closed, func(c netip.Prefix) bool { return c.Bits() <= network.Bits() && c.Overlaps(network) }):
			logger.Warn("a network in OUTBOUND_ALLOWED_NETWORKS has no effect: it is never opened", "network", network.String())
		case network.Overlaps(netip.MustParsePrefix("127.0.0.0/8")), network.Contains(netip.IPv6Loopback()):
			logger.Warn("OUTBOUND_ALLOWED_NETWORKS lets tenants' URLs reach this machine itself, the sidecar included", "network", network.String())
		}
	}
}

// closed is never opened by a setting. No client's server is there, and what answers there gives out credentials of the
// platform's own machine, or is that machine.
func closed() []netip.Prefix {
	var networks []netip.Prefix
	for _, network := range []string{
		"0.0.0.0/8", "::/128", // taken for this machine by Linux
		"169.254.0.0/16", "fe80::/10", // link-local: the metadata of nearly all clouds
		"100.100.100.200/32",                            // metadata of Alibaba Cloud
		"168.63.129.16/32",                              // Azure's wire server, at an address that is public by its number
		"192.0.0.192/32",                                // metadata of Oracle Cloud, of old
		"fd00:ec2::/32",                                 // the services of an AWS instance
		"fd20:ce::254/128",                              // metadata of Google Cloud
		"fd00:c1::a9fe:a9fe/128",                        // metadata of Oracle Cloud
		"fd00:42::42/128",                               // metadata of Scaleway
		"224.0.0.0/4", "255.255.255.255/32", "ff00::/8", // not one server
	} {
		networks = append(networks, netip.MustParsePrefix(network))
	}
	return networks
}

// embedded gives the IPv4 address that stands inside of an IPv6 address, where something on the way sends to that one:
// NAT64 (of the local prefix only the form of 96 bits), 6to4, Teredo, and addresses "compatible with IPv4".
func embedded(addr netip.Addr) (netip.Addr, bool) {
	const last = 12 // where the last four of 16 bytes begin
	for _, form := range []struct {
		prefix   string
		at       int
		inverted bool
	}{
		{"64:ff9b::/96", last, false},
		{"64:ff9b:1::/48", last, false},
		{"2002::/16", 2, false},
		{"2001::/32", last, true},
		{"::/96", last, false},
	} {
		if !netip.MustParsePrefix(form.prefix).Contains(addr) || addr.IsLoopback() || addr.IsUnspecified() {
			continue
		}
		all := addr.As16()
		var inner [4]byte
		copy(inner[:], all[form.at:])
		if form.inverted {
			for i := range inner {
				inner[i] = ^inner[i]
			}
		}
		return netip.AddrFrom4(inner), true
	}
	return netip.Addr{}, false
}
