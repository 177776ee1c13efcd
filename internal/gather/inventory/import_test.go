package inventory_test

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestPut(t *testing.T) {
	db := gathertest.NewDatabase(t)
	systems := []inventory.System{
		{Hostname: "a.example.com", Address: "192.0.2.1", Role: "Database", Client: "Example", Location: "Rack 1"},
		{Hostname: "b.example.com", Address: "2001:db8::1", Role: "Old role"},
	}
	for _, role := range []string{"Old role", "Web server"} { // the second replaces the first
		systems[1].Role = role
		if err := inventory.Put(t.Context(), db.DB, gathertest.Tenant, systems); err != nil {
			t.Fatal(err)
		}
	}
	found, err := inventory.New(db.DB).Find(t.Context(), gather.Query{
		TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "1", Description: "2001:db8:0::1 and 192.0.2.1 are slow"},
	})
	if err != nil || len(found.Items) != 2 {
		t.Fatalf("found %+v, %v", found, err)
	}
	for _, item := range found.Items {
		if item.Title == "b.example.com" && item.Role != "Web server" {
			t.Errorf("role %q", item.Role)
		}
	}
}

func TestPutRefuses(t *testing.T) {
	db := gathertest.NewDatabase(t)
	for _, bad := range []inventory.System{{Address: "192.0.2.1"}, {Hostname: "x"}, {Hostname: "x", Address: "192.0.2"}, {Hostname: "x", Address: "fe80::1%eth0"}} {
		if err := inventory.Put(t.Context(), db.DB, gathertest.Tenant, []inventory.System{bad}); err == nil || !strings.Contains(err.Error(), "system") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := inventory.Put(t.Context(), db.DB, "unknown-tenant", []inventory.System{{Hostname: "x", Address: "192.0.2.9"}}); err == nil {
		t.Error("a tenant that does not exist got a system")
	}
}
