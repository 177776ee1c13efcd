package inventory

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// collectSubnets finds the networks that the ticket names, those around them, and the network of each address
// that no system has.
func (a *answer) collectSubnets(ctx context.Context, tx postgres.Tx, asked question) error {
	unknown := slices.DeleteFunc(slices.Clone(asked.addresses), func(m mention) bool { return a.known[m.addr] })
	var wanted []netip.Prefix
	for _, m := range unknown {
		wanted = append(wanted, enclosing(m.addr, m.addr.BitLen())...)
	}
	for _, m := range asked.networks {
		wanted = append(wanted, enclosing(m.addr, m.network.Bits())...)
	}
	if len(wanted) == 0 {
		return nil
	}
	slices.SortFunc(wanted, netip.Prefix.Compare)
	known, err := querySubnets(ctx, tx, slices.Compact(wanted))
	if err != nil {
		return err
	}
	a.addNamedNetworks(asked.networks, known)
	a.addUnknown(unknown, known)
	return nil
}

func (a *answer) addNamedNetworks(asked []mention, known []subnet) {
	for _, m := range asked {
		for _, s := range known {
			switch {
			case s.network == m.network:
				a.addSubnet(s, m.at, relevanceNetwork, "named as "+m.network.String())
			case s.network.Bits() < m.network.Bits() && s.network.Contains(m.addr):
				a.addSubnet(s, m.at, relevanceUnknown, "contains "+m.network.String())
			}
		}
	}
}

// addUnknown adds the smallest known network of each address, once for all of its addresses.
func (a *answer) addUnknown(unknown []mention, known []subnet) {
	inside := map[netip.Prefix][]mention{}
	for _, m := range unknown {
		longest := -1
		for i, s := range known {
			if s.network.Contains(m.addr) && (longest < 0 || s.network.Bits() > known[longest].network.Bits()) {
				longest = i
			}
		}
		if longest >= 0 {
			inside[known[longest].network] = append(inside[known[longest].network], m)
		}
	}
	for _, s := range known {
		if m := inside[s.network]; len(m) > 0 {
			a.addSubnet(s, m[0].at, relevanceUnknown, notInInventory(m, s.network))
		}
	}
}

func notInInventory(unknown []mention, network netip.Prefix) string {
	listed := make([]string, 0, shownAddresses)
	for _, m := range unknown[:min(shownAddresses, len(unknown))] {
		listed = append(listed, m.addr.String())
	}
	switch {
	case len(unknown) == 1:
		return listed[0] + " is not in the inventory; its network is " + network.String()
	case len(unknown) > shownAddresses:
		listed = append(listed, "others")
	}
	last := len(listed) - 1
	return strings.Join(listed[:last], ", ") + " and " + listed[last] + " are not in the inventory; their network is " +
		network.String()
}

// addSubnet adds s once, for the surest reason.
func (a *answer) addSubnet(s subnet, at int, relevance float64, reason string) {
	id := s.network.String()
	if i := slices.IndexFunc(a.found, func(f *finding) bool { return f.systemID == "" && f.ID == id }); i >= 0 {
		f := a.found[i]
		f.at = min(f.at, at)
		if relevance > f.Relevance {
			f.Relevance, f.Text = relevance, reason
		}
		return
	}
	title := id
	if s.Name != "" {
		title = s.Name + " (" + id + ")"
	}
	a.found = append(a.found, &finding{at: at, Item: gather.Item{
		Kind: gather.KindSystem, ID: id, Title: title, Text: reason, Relevance: relevance,
		Role: s.Role, Client: s.Client, Location: s.Location,
	}})
}

func addrs(mentions []mention) []netip.Addr {
	all := make([]netip.Addr, len(mentions))
	for i, m := range mentions {
		all[i] = m.addr
	}
	return all
}

func bounds(networks []mention) (first, last []netip.Addr) {
	for _, m := range networks {
		low, high := firstAndLast(m.network)
		first, last = append(first, low), append(last, high)
	}
	return first, last
}
