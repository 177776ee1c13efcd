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

func addSystem(t *testing.T, d *gathertest.Database, tenantID, hostname, address string) {
	t.Helper()
	_, err := d.Admin.Exec(t.Context(), `
		INSERT INTO systems (tenant_id, hostname, address, role, client, location)
		VALUES ($1, $2, $3::text::inet, 'database', 'Example Ltd', 'Rack 4')`, tenantID, hostname, address)
	if err != nil {
		t.Fatalf("insert system %s: %v", hostname, err)
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
					addSystem(t, d, tenantID, hostname, address)
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
	addSystem(t, d, gathertest.Tenant, "db02.example.com", "192.0.2.5")
	addSystem(t, d, gathertest.Tenant, "db01.example.com", "192.0.2.5")
	addSystem(t, d, gathertest.Tenant, "web.example.com", "2001:db8::7")
	addSystem(t, d, gathertest.Tenant, "idle.example.com", "192.0.2.99")

	got, err := inventory.New(d.DB).Find(t.Context(), gather.Query{
		TenantID: gathertest.Tenant,
		Ticket: ticket.Ticket{
			ID: "1", Subject: "[2001:db8::7]:443 refuses",
			Description: "from ::ffff:192.0.2.5, not from 203.0.113.1",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	system := func(hostname, address string) gather.Item {
		return gather.Item{
			Kind: gather.KindSystem, ID: hostname + "@" + address, Title: hostname, Address: address, Relevance: 1,
			Role: "database", Client: "Example Ltd", Location: "Rack 4",
		}
	}
	want := gather.Result{Items: []gather.Item{
		system("web.example.com", "2001:db8::7"),
		system("db01.example.com", "192.0.2.5"),
		system("db02.example.com", "192.0.2.5"),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Find (-want +got):\n%s", diff)
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
		t.Errorf("a ticket without an address needs no database, got %v", err)
	}
}
