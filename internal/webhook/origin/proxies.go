// Package origin owns where a webhook comes from: the address of its sender, behind proxies or not, and which
// addresses have sent so many wrong signatures that they are no longer listened to.
package origin

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/ai-agents/ai-agents/internal/netlist"
)

// headerForwarded is the list of addresses that a request came by; each proxy adds the one it got it from on the right.
const headerForwarded = "X-Forwarded-For"

// Proxies are the networks whose word on the sender's address is taken. The zero value trusts nobody.
//
//nolint:recvcheck // envconfig fills it by a pointer; otherwise it is a value
type Proxies []netip.Prefix

// Decode reads networks and addresses, separated by commas. It implements envconfig.Decoder.
func (p *Proxies) Decode(list string) error {
	networks, err := netlist.Parse(list)
	if err != nil {
		return err
	}
	for i, network := range networks {
		networks[i] = network.Masked()
	}
	*p = networks
	return nil
}

// Client is the address that r comes from: the peer's own, or, if the peer is a trusted proxy, the right-most of
// X-Forwarded-For that is none. What stands further left was written by whom we do not trust. A list that cannot be
// read counts as the last proxy's own. It is the invalid zero value only when the server does not know the peer.
func (p Proxies) Client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := netlist.Plain(peer.Addr())
	hops := strings.Split(strings.Join(r.Header.Values(headerForwarded), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trust(client); i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			break
		}
		client = hop
	}
	return client
}

func (p Proxies) trust(addr netip.Addr) bool { return netlist.Contain(p, addr) }

// parseHop takes an address with or without a port, as some proxies write it.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netlist.Plain(addr), true
	}
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return netlist.Plain(withPort.Addr()), true
	}
	return netip.Addr{}, false
}
