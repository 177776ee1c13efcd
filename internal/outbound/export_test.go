package outbound

import "net"

// UseResolver has the guard ask another resolver for names.
func (g *Guard) UseResolver(r *net.Resolver) { g.dialer.Resolver = r }

// Control is what the dialer calls before each connection.
func (g *Guard) Control(network, address string) error { return g.control(network, address, nil) }
