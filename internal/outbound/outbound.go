// Package outbound owns which addresses a request may reach whose URL a tenant chose: its ServiceDesk Plus, the token
// endpoint of its cloud account, its knowledge base, and wherever their servers send us on to.
//
// What counts is the address that is dialled, after the name was resolved. A name that has another address the second
// time, a redirect, or an odd spelling of an address make no difference therefore. URLs of the operator's, such as the language
// model's, are not its business.
package outbound

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"github.com/ai-agents/ai-agents/internal/netlist"
)

const (
	dialTimeout         = 10 * time.Second
	keepAlive           = 30 * time.Second
	tlsHandshakeTimeout = 10 * time.Second

	// An answer's header is read before anybody can limit it; net/http would take 10 MiB.
	maxHeader = 256 << 10

	// Sized for a handful of tickets at a time on one server.
	idleOfAHost = 10
	idleConns   = 100
	idleTimeout = time.Minute
)

// Config says what may be reached besides the public Internet.
type Config struct {
	AllowedNetworks Networks `envconfig:"OUTBOUND_ALLOWED_NETWORKS"`
}

// Guard refuses connections to addresses that a tenant's URL must not lead to. It is safe for concurrent use.
type Guard struct {
	guardian *ssrf.Guardian
	closed   []netip.Prefix
	dialer   net.Dialer
	logger   *slog.Logger
}

// New makes a Guard, and warns of a list that opens more than its author may know. The logger also gets each refusal,
// with the address, which the error keeps to itself.
func New(cfg Config, logger *slog.Logger) *Guard {
	var v4, v6 []netip.Prefix
	for _, network := range cfg.AllowedNetworks {
		if network.Addr().Is4() {
			v4 = append(v4, network)
		} else {
			v6 = append(v6, network)
		}
	}
	g := &Guard{
		closed: closed(),
		logger: logger,
		// Any port: ServiceDesk Plus is installed on 8080 and 8443, and moved to others.
		guardian: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)),
	}
	g.dialer = net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive, Control: g.control}
	cfg.AllowedNetworks.warn(logger, g.closed)
	return g
}

// Client gives a client of its own, with a pool of connections of its own: the guard, and the policy for Redirects. It
// keeps no cookies. How long a request may take, and how much of an answer is read, its user has to limit.
func (g *Guard) Client() *http.Client {
	return &http.Client{Transport: g.Transport(), CheckRedirect: Redirects}
}

// Transport gives a transport of its own, for clients that follow redirects by Redirects.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{
		// Through a proxy, the address that is dialled is the proxy's, and the guard would see no other.
		Proxy:                  nil,
		DialContext:            g.dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    tlsHandshakeTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleOfAHost,
		IdleConnTimeout:        idleTimeout,
	}
}

// Check gives a *RefusedError, without a host, for an address that must not be reached. An answer of today says nothing about
// the address that a name has tomorrow: what sends requests uses the Transport.
func (g *Guard) Check(addr netip.Addr) error {
	addr = netlist.Plain(addr)
	inner, isTunnel := embedded(addr)
	switch {
	case !addr.IsValid():
		return &RefusedError{Addr: addr, Never: true}
	case netlist.Contain(g.closed, addr), isTunnel && netlist.Contain(g.closed, inner):
		return &RefusedError{Addr: addr, Never: true}
	case g.guardian.SafeAddr(addr) != nil, isTunnel && g.guardian.SafeAddr(inner) != nil:
		return &RefusedError{Addr: addr}
	}
	return nil
}

// control runs for each address of a name, between the choice of the address and the connection.
func (g *Guard) control(network, address string, conn syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return &RefusedError{Never: true} // nothing that a URL can lead to
	}
	if err := g.Check(target.Addr()); err != nil {
		return err
	}
	// The same once more, and that it is TCP.
	return g.guardian.Safe(network, netip.AddrPortFrom(netlist.Plain(target.Addr()), target.Port()).String(), conn)
}

// dial returns a bare *RefusedError for a refusal: what net makes of it names the address.
func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := g.dialer.DialContext(ctx, network, address)
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok {
		return conn, err
	}
	host, _, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		host = address
	}
	g.logger.WarnContext(ctx, "a request to a tenant's URL was refused", "security_event", true,
		"reason", "outbound_address", "host", host, "address", refused.Addr.String(), "never_allowed", refused.Never)
	return nil, &RefusedError{Host: host, Addr: refused.Addr, Never: refused.Never}
}
