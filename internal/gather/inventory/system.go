package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// System is a system in a tenant's inventory.
type System struct {
	// ID is the inventory's own. Optional: the host name in lower case stands in.
	ID       string `json:"id" required:"false"`
	Hostname string `json:"hostname"`
	// Address holds none, one or several IPv4 and IPv6 addresses, separated by commas or blanks.
	Address  string `json:"address" required:"false"`
	AssetTag string `json:"asset_tag" required:"false"`
	Role     string `json:"role" required:"false"`
	Client   string `json:"client" required:"false"`
	Location string `json:"location" required:"false"`
}

// longestText is how many characters a role, a client or a location may have.
const longestText = 500

// Validate names every fault.
func (s System) Validate() error {
	s = s.normalized()
	var errs []error
	if s.Hostname == "" {
		errs = append(errs, errors.New("hostname: is missing"))
	}
	addresses, err := s.addresses()
	if err != nil {
		errs = append(errs, err)
	}
	if s.Hostname != "" && s.Address == "" && s.AssetTag == "" && !canBeNamed(s.Hostname) {
		errs = append(errs, fmt.Errorf("address: is missing, and so is asset_tag; give one of them, for no ticket can be "+
			"matched with the host name %q", s.Hostname))
	}
	const mostAddresses = 1000
	if len(addresses) > mostAddresses {
		errs = append(errs, fmt.Errorf("address: %d addresses, at most %d fit one system", len(addresses), mostAddresses))
	}
	errs = append(errs,
		checkLength("id", s.ID, longestHost), checkLength("hostname", s.Hostname, longestHost),
		checkLength("asset_tag", s.AssetTag, longestTag), checkLength("role", s.Role, longestText),
		checkLength("client", s.Client, longestText), checkLength("location", s.Location, longestText))
	return errors.Join(errs...)
}

// canBeNamed tells a host name that a ticket's words may be equal to.
func canBeNamed(hostname string) bool {
	shape := shapeOf(hostname)
	return shape == shapeQualified || shape == shapeMixed || shape == shapeWord
}

func checkLength(field, text string, limit int) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return fmt.Errorf("%s: has %d characters, shorten it to %d", field, n, limit)
	}
	return nil
}

// normalized is s as it is stored: one line each, no control characters, no dot behind the host name.
func (s System) normalized() System {
	for _, text := range []*string{&s.ID, &s.Hostname, &s.Address, &s.AssetTag, &s.Role, &s.Client, &s.Location} {
		*text = oneLine(*text)
	}
	s.Hostname = strings.TrimRight(s.Hostname, ".")
	s.ID = cmp.Or(s.ID, strings.ToLower(s.Hostname), s.AssetTag)
	return s
}

func oneLine(text string) string { return strings.Join(strings.Fields(ticket.Normalize(text)), " ") }

// addresses reads s.Address. All of its faults are in the error.
func (s System) addresses() ([]netip.Addr, error) {
	var (
		found []netip.Addr
		errs  []error
	)
	separator := func(r rune) bool { return r == ',' || r == ';' || r == '|' || unicode.IsSpace(r) }
	for field := range strings.FieldsFuncSeq(s.Address, separator) {
		addr, err := netip.ParseAddr(field)
		switch {
		case err != nil && strings.Contains(field, "/"):
			errs = append(errs, fmt.Errorf("address: %q has a prefix length; write the address alone", field))
		case err != nil:
			errs = append(errs, fmt.Errorf("address: %q is no IPv4 or IPv6 address", field))
		case addr.Zone() != "":
			errs = append(errs, fmt.Errorf("address: %q has a zone; write it without %%%s", field, addr.Zone()))
		case addr.Unmap().IsUnspecified():
			errs = append(errs, fmt.Errorf("address: %q is no system's; leave it out", field))
		default:
			found = append(found, addr.Unmap())
		}
	}
	return found, errors.Join(errs...)
}
