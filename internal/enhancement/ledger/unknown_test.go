package ledger_test

import (
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestUnknown(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	store.Save(t, "beta")
	books := ledger.New(store.DB)
	accept := func(tenantID, ticketID string, e enhancement.Event) enhancement.Job {
		t.Helper()
		j := enhancement.New(tenantID, e, ticket.Ticket{ID: ticketID, Description: "d"}, "c")
		if _, err := books.Accept(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		return j
	}
	accept("alpha", "1", enhancement.EventCreated)
	accept("alpha", "2", enhancement.EventUpdated)
	failed := accept("alpha", "3", enhancement.EventCreated)
	if _, err := books.Fail(t.Context(), "alpha", failed.ID, 1, "example"); err != nil {
		t.Fatal(err)
	}
	accept("beta", "4", enhancement.EventCreated)
	for tenantID, want := range map[string][]string{"alpha": {"5", "4"}, "beta": {"5", "3", "2", "1"}} {
		got, err := books.Unknown(t.Context(), tenantID, []string{"5", "4", "3", "2", "1"})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s does not know %v, %v; want %v", tenantID, got, err, want)
		}
	}
	if got, err := books.Unknown(t.Context(), "alpha", nil); err != nil || len(got) != 0 {
		t.Errorf("of none, %v, %v", got, err)
	}
}

func TestBacklog(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	store.Save(t, "beta")
	books := ledger.New(store.DB)
	for _, id := range []string{"1", "2", "3"} {
		if made, err := books.AcceptQueued(t.Context(), enhancement.NewRefetch("alpha", enhancement.EventCreated, id, "c")); err != nil || !made {
			t.Fatal(err)
		}
	}
	if _, err := books.Admit(t.Context(), "alpha", 1, 10); err != nil {
		t.Fatal(err)
	}
	for tenantID, want := range map[string]map[int]int{"alpha": {100: 2, 1: 1}, "beta": {100: 0}} {
		for most, want := range want {
			if got, err := books.Backlog(t.Context(), tenantID, most); err != nil || got != want {
				t.Errorf("of %s, %d wait, %v; want %d, counting to %d", tenantID, got, err, want, most)
			}
		}
	}
}
