package outbound

import "net/netip"

// RefusedError says that a request was not sent, because its host leads to an address that a tenant's URL must not reach. The same
// request will be refused again until somebody changes the URL, the name's address or the setting.
//
// Its text may be shown to the tenant. It names the host, which is the tenant's own word, and not the address: that would
// let tenants ask our name servers about the inside of our network. The Guard's log has it.
type RefusedError struct {
	// Host is the host of the URL, without the port, empty when an address was checked without one.
	Host string
	// Addr is what the host has led to.
	Addr netip.Addr
	// Never: no setting opens this address.
	Never bool
}

// Error says what to do.
func (e *RefusedError) Error() string {
	host := e.Host
	if host == "" {
		host = "the host"
	}
	if e.Never {
		return host + " leads to an address that is never called, such as a cloud's metadata: correct the URL"
	}
	return host + " leads to an address that is not public: correct the URL, or have the operator list the server's network in " +
		"OUTBOUND_ALLOWED_NETWORKS"
}
