package inventory_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
)

func TestFindInsideANetwork(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	put(t, d, gathertest.Tenant,
		inventory.System{Hostname: "first", Address: "192.0.2.0"},
		inventory.System{Hostname: "last", Address: "192.0.2.127"},
		inventory.System{Hostname: "behind", Address: "192.0.2.128"},
		inventory.System{Hostname: "before", Address: "192.0.1.255"},
		inventory.System{Hostname: "six", Address: "2001:db8::ffff"},
		inventory.System{Hostname: "other-six", Address: "2001:db8:1::"})
	put(t, d, gathertest.Neighbour, inventory.System{Hostname: "theirs", Address: "192.0.2.1"})
	checkFindings(t, d, []findingTest{
		{"both ends", "192.0.2.0/25", []string{"first@192.0.2.0 0.7 inside 192.0.2.0/25", "last@192.0.2.127 0.7 inside 192.0.2.0/25"}},
		{"IPv6", "2001:db8::/48", []string{"six@2001:db8::ffff 0.7 inside 2001:db8::/48"}},
		{"netmask", "192.0.2.128 255.255.255.128", []string{"behind@192.0.2.128 0.7 inside 192.0.2.128/25"}},
		{"a host with the length of its prefix", "192.0.2.127/25", []string{"last@192.0.2.127 1.0"}},
		{"one of them by address", "192.0.2.0/25, above all 192.0.2.127", []string{"last@192.0.2.127 1.0", "first@192.0.2.0 0.7 inside 192.0.2.0/25"}},
		{"an empty one", "198.51.100.0/24", nil},
	})
}

func TestFindInsideALargeNetwork(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	var systems []inventory.System
	for i := range 200 {
		systems = append(systems, inventory.System{Hostname: fmt.Sprintf("h-%03d", i), Address: fmt.Sprintf("192.0.2.%d", i+1)})
	}
	put(t, d, gathertest.Tenant, systems...)
	const bound = 20
	items := find(t, d, "192.0.2.0/24")
	if len(items) != bound || items[0].Title != "h-000" || items[bound-1].Title != "h-019" {
		t.Errorf("%d items, want the first %d: %q", len(items), bound, summaries(items))
	}
}

func TestFindSubnets(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	put(t, d, gathertest.Tenant, inventory.System{Hostname: "known", Address: "192.0.2.70"})
	putSubnets(t, d, gathertest.Tenant,
		inventory.Subnet{Network: "192.0.2.0/24", Name: "Site", Client: "Example Ltd"},
		inventory.Subnet{Network: "192.0.2.64/26", Name: "Clinic LAN", Role: "Clients", Client: "Example Ltd", Location: "Floor 2"},
		inventory.Subnet{Network: "2001:db8:a::/48", Location: "Annex"})
	putSubnets(t, d, gathertest.Neighbour, inventory.Subnet{Network: "203.0.113.0/24", Name: "Theirs"})
	checkFindings(t, d, []findingTest{
		{"longest prefix", "192.0.2.77 is down", []string{"192.0.2.64/26 0.5 192.0.2.77 is not in the inventory; its network is 192.0.2.64/26"}},
		{"another", "192.0.2.7 is down", []string{"192.0.2.0/24 0.5 192.0.2.7 is not in the inventory; its network is 192.0.2.0/24"}},
		{"IPv6", "2001:db8:a::9", []string{"2001:db8:a::/48 0.5 2001:db8:a::9 is not in the inventory; its network is 2001:db8:a::/48"}},
		{"several in one", "192.0.2.77, 192.0.2.78", []string{
			"192.0.2.64/26 0.5 192.0.2.77 and 192.0.2.78 are not in the inventory; their network is 192.0.2.64/26",
		}},
		{"many in one", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5", []string{
			"192.0.2.0/24 0.5 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 and others are not in the inventory; their network is 192.0.2.0/24",
		}},
		{"a known system", "192.0.2.70", []string{"known@192.0.2.70 1.0"}},
		{"known and unknown", "192.0.2.77 192.0.2.70", []string{
			"known@192.0.2.70 1.0", "192.0.2.64/26 0.5 192.0.2.77 is not in the inventory; its network is 192.0.2.64/26",
		}},
		{"the network itself", "192.0.2.64/26 is flooded", []string{
			"known@192.0.2.70 0.7 inside 192.0.2.64/26", "192.0.2.64/26 0.6 named as 192.0.2.64/26", "192.0.2.0/24 0.5 contains 192.0.2.64/26",
		}},
		{"the neighbour's", "203.0.113.7", nil},
		{"in none", "198.51.100.1", nil},
	})
	want := []gather.Item{{
		Kind: gather.KindSystem, ID: "192.0.2.64/26", Title: "Clinic LAN (192.0.2.64/26)", Relevance: 0.5,
		Text: "192.0.2.77 is not in the inventory; its network is 192.0.2.64/26",
		Role: "Clients", Client: "Example Ltd", Location: "Floor 2",
	}}
	if diff := cmp.Diff(want, find(t, d, "192.0.2.77")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if items := find(t, d, "2001:db8:a::9"); items[0].Title != "2001:db8:a::/48" {
		t.Errorf("Title = %q, want the network, for it has no name", items[0].Title)
	}
}
