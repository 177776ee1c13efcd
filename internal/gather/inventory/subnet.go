package inventory

import (
	"errors"
	"fmt"
	"net/netip"
)

// Subnet is a network of a tenant: what is known of an address in it that no system has.
type Subnet struct {
	Network  string `json:"network"` // with its prefix length: 192.0.2.0/24
	Name     string `json:"name" required:"false"`
	Role     string `json:"role" required:"false"`
	Client   string `json:"client" required:"false"`
	Location string `json:"location" required:"false"`
}

// Validate names every fault.
func (s Subnet) Validate() error {
	s = s.normalized()
	_, err := s.prefix()
	errs := []error{err}
	if s.Name == "" && s.Role == "" && s.Client == "" && s.Location == "" {
		errs = append(errs, errors.New("name: is missing; give a name, role, client or location, else there is nothing to tell"))
	}
	errs = append(errs,
		checkLength("name", s.Name, longestText), checkLength("role", s.Role, longestText),
		checkLength("client", s.Client, longestText), checkLength("location", s.Location, longestText))
	return errors.Join(errs...)
}

func (s Subnet) normalized() Subnet {
	for _, text := range []*string{&s.Network, &s.Name, &s.Role, &s.Client, &s.Location} {
		*text = oneLine(*text)
	}
	return s
}

func (s Subnet) prefix() (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(s.Network)
	switch {
	case s.Network == "":
		return netip.Prefix{}, errors.New("network: is missing")
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("network: %q is no network; write it like 192.0.2.0/24 or 2001:db8::/48", s.Network)
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("network: %q is IPv4 written as IPv6; write it like 192.0.2.0/24", s.Network)
	case prefix.Masked() != prefix:
		return netip.Prefix{}, fmt.Errorf("network: %q is an address in the network %s; write that", s.Network, prefix.Masked())
	case prefix.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("network: %q holds every address; leave it out", s.Network)
	default:
		return prefix, nil
	}
}
