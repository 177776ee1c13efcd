package history_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestFindAsOfAnEarlierDayKnowsNothingLater(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	add(t, d, gathertest.Tenant,
		past{id: "before", subject: "Scanner shows error E-42", resolution: "Cleaned the glass.", resolved: resolvedOn(1)},
		past{id: "then", subject: "Scanner again shows error E-42 in the hall", resolution: "Replaced the lamp.", resolved: resolvedOn(10)},
		past{id: "after", subject: "Error E-42 on the scanner of the reception", resolution: "Replaced the scanner.", resolved: resolvedOn(11)},
	)
	source := history.New(d.DB, history.Options{})
	for _, c := range []struct {
		asOf time.Time
		want []string
	}{
		{resolvedOn(10), []string{"before"}}, {resolvedOn(1), []string{}}, {time.Time{}, []string{"before", "then", "after"}},
	} {
		found, err := source.Find(t.Context(), gather.Query{
			TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "x", Subject: "Scanner error E-42"}, AsOf: c.asOf,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(found.Items); len(got) != len(c.want) || len(c.want) == 1 && got[0] != c.want[0] {
			t.Errorf("as of %s: %v, want %v", c.asOf, got, c.want)
		}
	}
}

func TestPastListsResolvedTicketsPageByPage(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	add(t, d, gathertest.Tenant,
		past{id: "a", subject: "first", resolution: "r", resolved: resolvedOn(1)},
		past{id: "b", subject: "second", resolution: "r", resolved: resolvedOn(2)},
		past{id: "c", subject: "second, too", resolution: "", resolved: resolvedOn(2)},
		past{id: "d", subject: "open", resolution: ""},
		past{id: "e", subject: "third", resolution: "r", resolved: resolvedOn(3)},
	)
	add(t, d, gathertest.Neighbour, past{id: "n", subject: "of a neighbour", resolution: "r", resolved: resolvedOn(4)})
	store := history.NewStore(d.DB)
	list := func(page history.PastList) (ids []string, last history.PastPosition) {
		t.Helper()
		past, err := store.Past(t.Context(), gathertest.Tenant, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range past {
			ids, last = append(ids, p.ID), history.PastPosition{ResolvedAt: p.ResolvedAt, TicketID: p.ID}
		}
		return ids, last
	}
	all, _ := list(history.PastList{Limit: 10})
	if diff := cmp.Diff([]string{"e", "c", "b", "a"}, all); diff != "" {
		t.Error(diff)
	}
	recent, _ := list(history.PastList{Since: resolvedOn(2), Limit: 10})
	if diff := cmp.Diff([]string{"e", "c", "b"}, recent); diff != "" {
		t.Error(diff)
	}
	var paged []string
	for after := (history.PastPosition{}); ; {
		page, last := list(history.PastList{After: after, Limit: 1})
		if len(page) == 0 {
			break
		}
		paged, after = append(paged, page...), last
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("page by page: %s", diff)
	}
}

func TestTicketGivesOneOfTheTenantsOwn(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	full := history.PastTicket{
		ID: "17", Subject: "Scanner", Description: "shows E-42", Resolution: "The answer.", URL: "https://sdp.example.com/17",
		CreatedAt: resolvedOn(1), ResolvedAt: resolvedOn(2), Requester: "Example Requester", Technician: "Example Technician",
	}
	store := history.NewStore(d.DB)
	if _, err := store.Put(t.Context(), gathertest.Tenant, gather.OriginFile, []history.PastTicket{full, {ID: "18", Description: "still open"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []ticket.Ticket{
		{ID: "17", Subject: "Scanner", Description: "shows E-42", People: []string{"Example Requester", "Example Technician"}},
		{ID: "18", Description: "still open"},
	} {
		got, err := store.Ticket(t.Context(), gathertest.Tenant, want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	for _, c := range []struct{ tenant, id string }{{gathertest.Neighbour, "17"}, {gathertest.Tenant, "19"}} {
		if _, err := store.Ticket(t.Context(), c.tenant, c.id); !errors.Is(err, history.ErrNoTicket) {
			t.Errorf("%s %s: %v", c.tenant, c.id, err)
		}
	}
}
