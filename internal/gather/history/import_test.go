package history_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestPut(t *testing.T) {
	db := gathertest.NewDatabase(t)
	past := history.PastTicket{
		ID: "17", Subject: "Scanner shows error E-42", Description: "The scanner shows error E-42\x00.", Resolution: "Installed the firmware.",
		CreatedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), ResolvedAt: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), URL: "https://sdp.example.com/17",
	}
	opened := history.PastTicket{ID: "18", Subject: "Scanner shows error E-42 again", Description: "Still open."}
	for _, resolution := range []string{"Restarted it.", "Installed the firmware."} { // the second replaces the first
		past.Resolution = resolution
		if err := history.Put(t.Context(), db.DB, gathertest.Tenant, []history.PastTicket{past, opened}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := history.New(db.DB).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "99", Subject: "Scanner error E-42"}})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("found %+v, %v; want the resolved one alone", found, err)
	}
	if got := found.Items[0]; got.ID != "17" || got.Resolution != "Installed the firmware." || got.URL != past.URL || !got.ResolvedAt.Equal(past.ResolvedAt) {
		t.Errorf("found %+v", got)
	}
}

func TestPutIsAllOrNothing(t *testing.T) {
	db := gathertest.NewDatabase(t)
	good := history.PastTicket{ID: "1", Subject: "Printer on fire", Description: "d", Resolution: "r", ResolvedAt: time.Now()}
	for _, bad := range []history.PastTicket{{Subject: "no id"}, {ID: "2"}, {ID: "3", Subject: " \u200b"}, {ID: "4\x00", Subject: "s"}} {
		err := history.Put(t.Context(), db.DB, gathertest.Tenant, []history.PastTicket{good, bad})
		if err == nil || !strings.Contains(err.Error(), "past ticket") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	found, err := history.New(db.DB).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "9", Subject: "Printer on fire"}})
	if err != nil || len(found.Items) != 0 {
		t.Errorf("half a batch was kept: %+v, %v", found, err)
	}
	if err := history.Put(t.Context(), db.DB, "unknown-tenant", []history.PastTicket{good}); err == nil {
		t.Error("a tenant that does not exist got a ticket")
	}
}
