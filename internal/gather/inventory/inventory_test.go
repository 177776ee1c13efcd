package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func put(t *testing.T, d *gathertest.Database, tenantID string, systems ...inventory.System) gather.Change {
	t.Helper()
	change, err := inventory.NewStore(d.DB).Put(t.Context(), tenantID, gather.OriginFile, systems)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func putSubnets(t *testing.T, d *gathertest.Database, tenantID string, subnets ...inventory.Subnet) {
	t.Helper()
	_, err := inventory.NewStore(d.DB).PutSubnets(t.Context(), tenantID, gather.OriginFile, subnets)
	if err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, d *gathertest.Database, text string) []gather.Item {
	t.Helper()
	result, err := inventory.New(d.DB).Find(t.Context(), gather.Query{
		TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "1", Subject: text},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.Items
}

// summaries are what decides which items there are: id, relevance and reason.
func summaries(items []gather.Item) []string {
	var all []string
	for _, item := range items {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %.1f %s", item.ID, item.Relevance, item.Text)))
	}
	return all
}

// findingTest is a text and the summaries of what it finds.
type findingTest struct {
	name, text string
	want       []string
}

func checkFindings(t *testing.T, d *gathertest.Database, tests []findingTest) {
	t.Helper()
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, summaries(find(t, d, tc.text))); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	gathertest.Run(t, func(t *testing.T) gathertest.Fixture {
		t.Helper()
		d := gathertest.NewDatabase(t)
		return gathertest.Fixture{
			Source: inventory.New(d.DB), Kind: gather.KindSystem, MaxItems: inventory.MaxSystems,
			Tenant: gathertest.Tenant, Neighbour: gathertest.Neighbour,
			Ticket: ticket.Ticket{ID: "1", Subject: "192.0.2.1 is down", Description: "also 2001:db8::1"},
			Seed: func(t *testing.T, tenantID string, n int) []string {
				t.Helper()
				ids := make([]string, n)
				for i := range n {
					address := []string{"192.0.2.1", "2001:db8::1"}[i%2]
					hostname := fmt.Sprintf("%s-%02d.example.com", tenantID, i)
					put(t, d, tenantID, inventory.System{Hostname: hostname, Address: address})
					ids[i] = hostname + "@" + address
				}
				return ids
			},
			Stall: func(t *testing.T) {
				t.Helper()
				d.Lock(t, "systems")
			},
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	known := func(hostname, address string) inventory.System {
		return inventory.System{
			Hostname: hostname, Address: address, AssetTag: "", Role: "database", Client: "Example Ltd", Location: "Rack 4",
		}
	}
	put(t, d, gathertest.Tenant, known("db02.example.com", "192.0.2.5"), known("db01.example.com", "192.0.2.5"),
		known("web.example.com", "2001:db8::7"), known("idle.example.com", "192.0.2.99"))

	got := find(t, d, "[2001:db8::7]:443 refuses from ::ffff:192.0.2.5, not from 203.0.113.1")
	system := func(hostname, address string) gather.Item {
		return gather.Item{
			Kind: gather.KindSystem, ID: hostname + "@" + address, Title: hostname, Address: address, Relevance: 1,
			Role: "database", Client: "Example Ltd", Location: "Rack 4",
		}
	}
	want := []gather.Item{
		system("web.example.com", "2001:db8::7"),
		system("db01.example.com", "192.0.2.5"),
		system("db02.example.com", "192.0.2.5"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Find (-want +got):\n%s", diff)
	}
}

func TestFindByAddress(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	put(t, d, gathertest.Tenant,
		inventory.System{Hostname: "vpn01.example.com", Address: "192.0.2.10, 2001:db8::10"},
		inventory.System{ID: "a", Hostname: "dc01", Address: "198.51.100.1", Client: "Example North"},
		inventory.System{ID: "b", Hostname: "dc01", Address: "198.51.100.1", Client: "Example South"},
		inventory.System{ID: "c", Hostname: "twice", Address: "198.51.100.2", Client: "Example South"},
		inventory.System{ID: "d", Hostname: "twice", Address: "198.51.100.2", Client: "Example South"},
		inventory.System{Hostname: "pc-1", Address: "127.0.0.1"})
	checkFindings(t, d, []findingTest{
		{"a system by two addresses is one", "2001:db8::10 and 192.0.2.10", []string{"vpn01.example.com@2001:db8::10 1.0"}},
		{"by address and name", "vpn01 (192.0.2.10)", []string{"vpn01.example.com@192.0.2.10 1.0"}},
		{"two clients' systems of one name and address", "198.51.100.1", []string{"dc01@198.51.100.1 1.0", "dc01@198.51.100.1 (b) 1.0"}},
		{"in the inventory twice", "198.51.100.2", []string{"twice@198.51.100.2 1.0"}},
		{"everybody's address", "127.0.0.1 answers", nil},
		{"unknown", "203.0.113.1", nil},
	})
	if items := find(t, d, "2001:db8::10 and 192.0.2.10"); items[0].Address != "2001:db8::10, 192.0.2.10" {
		t.Errorf("Address = %q, want both, as they are mentioned", items[0].Address)
	}
}

type brokenDatabase struct{ err error }

func (b brokenDatabase) InTenant(context.Context, string, func(postgres.Tx) error) error {
	return b.err
}

func TestFindTellsWhatFailed(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	source := inventory.New(brokenDatabase{down})
	mentioning := func(text string) gather.Query {
		return gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{Subject: text}}
	}
	_, err := source.Find(t.Context(), mentioning("192.0.2.1 is down"))
	if !errors.Is(err, down) || !strings.Contains(err.Error(), "inventory") {
		t.Errorf("Find = %v, want the cause and where it happened", err)
	}
	if _, err := source.Find(t.Context(), mentioning("no address")); err != nil {
		t.Errorf("a ticket that mentions nothing needs no database, got %v", err)
	}
}
