package netlist_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/netlist"
)

func TestParse(t *testing.T) {
	got, err := netlist.Parse(" 192.0.2.7/24, 198.51.100.1 ,, 2001:db8::/32, 2001:db8::1 ")
	want := []netip.Prefix{
		netip.MustParsePrefix("192.0.2.7/24"), netip.MustParsePrefix("198.51.100.1/32"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2001:db8::1/128"),
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if got, err := netlist.Parse(" , "); got != nil || err != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
}

func TestWhatIsNoNetwork(t *testing.T) {
	for _, list := range []string{"example.com", "192.0.2.0/33", "192.0.2.1, x", "::1%lo/128", "::1%lo", "::ffff:192.0.2.0/120", "192.0.2.1:80", "010.0.0.1"} {
		if got, err := netlist.Parse(list); err == nil {
			t.Errorf("%q is taken for %v", list, got)
		}
	}
}

func TestContain(t *testing.T) {
	networks, err := netlist.Parse("192.0.2.0/24, 2001:db8::/32")
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]bool{
		"192.0.2.255": true, "::ffff:192.0.2.1": true, "2001:db8::1%eth0": true, "192.0.3.0": false, "2001:db9::": false,
	} {
		if got := netlist.Contain(networks, netlist.Plain(netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %t, want %t", addr, got, want)
		}
	}
}
