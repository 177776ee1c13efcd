package gathertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func findsWhatIsThere(t *testing.T, f Fixture) {
	t.Helper()
	if kind := f.Source.Kind(); kind != f.Kind {
		t.Errorf("Kind() = %q, want %q", kind, f.Kind)
	}
	n := min(2, f.MaxItems)
	want := slices.Sorted(slices.Values(f.Seed(t, f.Tenant, n)))
	if got := ids(find(t, f, f.Tenant)); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func findsAtMostItsMaximum(t *testing.T, f Fixture) {
	t.Helper()
	f.Seed(t, f.Tenant, f.MaxItems+2)
	if got := find(t, f, f.Tenant); len(got) != f.MaxItems {
		t.Errorf("found %d items, want the %d best", len(got), f.MaxItems)
	}
}

func findsNothingWhereNothingIs(t *testing.T, f Fixture) {
	t.Helper()
	if got := find(t, f, f.Tenant); len(got) != 0 {
		t.Errorf("found %q in an empty world", ids(got))
	}
}

func findsNothingForAnEmptyTicket(t *testing.T, f Fixture) {
	t.Helper()
	f.Seed(t, f.Tenant, 1)
	for _, blank := range []string{"", " \n\t ", "?! …", "the of and"} {
		f.Ticket = ticket.Ticket{ID: "1", Subject: blank, Description: blank}
		if got := find(t, f, f.Tenant); len(got) != 0 {
			t.Errorf("found %q for the ticket %q", ids(got), blank)
		}
	}
}

func findsNothingOfANeighbour(t *testing.T, f Fixture) {
	t.Helper()
	theirs := f.Seed(t, f.Neighbour, 1)
	if got := find(t, f, f.Tenant); len(got) != 0 {
		t.Errorf("found %q of another tenant", ids(got))
	}
	// The same question by both: an answer kept for one must not reach the other.
	ours := f.Seed(t, f.Tenant, f.MaxItems)
	if got := ids(find(t, f, f.Neighbour)); !slices.Equal(got, theirs) {
		t.Errorf("the neighbour found %q, want %q", got, theirs)
	}
	for _, id := range ids(find(t, f, f.Tenant)) {
		if !slices.Contains(ours, id) {
			t.Errorf("found %q of another tenant beside the own", id)
		}
	}
}

// findsNothingForAnUnknownTenant leaves it to the source whether that is an error.
func findsNothingForAnUnknownTenant(t *testing.T, f Fixture) {
	t.Helper()
	f.Seed(t, f.Tenant, 1)
	for _, tenantID := range []string{"nobody-by-that-name", "", "'; DROP TABLE systems; --"} {
		result, err := f.Source.Find(t.Context(), gather.Query{TenantID: tenantID, Ticket: f.Ticket})
		if len(result.Items) != 0 {
			t.Errorf("found %q for the tenant %q (error %v)", ids(result.Items), tenantID, err)
		}
	}
}

func survivesHostileText(t *testing.T, f Fixture) {
	t.Helper()
	f.Seed(t, f.Tenant, 1)
	for _, text := range hostileTexts() {
		for _, hostile := range []ticket.Ticket{
			{ID: "1", Subject: text},
			{ID: "1", Description: text},
			{ID: text, Subject: f.Ticket.Subject, Description: f.Ticket.Description + " " + text},
		} {
			result, err := f.Source.Find(t.Context(), gather.Query{TenantID: f.Tenant, Ticket: hostile})
			if err != nil {
				t.Errorf("text beginning %.40q: %v", text, err)
			}
			checkItems(t, f, result.Items)
		}
	}
}

func hostileTexts() []string {
	const size = 100_000
	var distinct strings.Builder
	for i := 0; distinct.Len() < size; i++ {
		fmt.Fprintf(&distinct, "word%d 2001:db8::%x 198.51.100.%d ", i, i, i%100)
	}
	return []string{
		"a\x00b\x00", "\xff\xfe\xc3\x28", "\u202eesrever\u200b\ufeff", "\U0001F525 \U0001F468\u200d\U0001F4BB",
		`printer & | ! <-> <2> ( ) : * :A :*B \ ' " ''`, `'; DROP TABLE ticket_history; --`, `\' OR 1=1 --`, `''\\'`,
		"%s%d%n $1 $2 {{.}} ${x} #{x}", "<script>alert(1)</script>&amp;&#0;", "http://[::1", "q=1&limit=1000000#x",
		strings.Repeat("x", size), strings.Repeat("word ", size/10), strings.Repeat("é ", size/2),
		strings.Repeat(":", size), strings.Repeat("1:", size/2), strings.Repeat("1.", size/2),
		strings.Repeat("'", size), strings.Repeat("(", size), strings.Repeat("\x00", size), distinct.String(),
	}
}

func stopsWhenItIsCancelled(t *testing.T, f Fixture) {
	t.Helper()
	f.Seed(t, f.Tenant, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := inTime(t, func() error { return findError(ctx, f) }); !errors.Is(err, context.Canceled) {
		t.Errorf("Find with a cancelled context: %v, want context.Canceled", err)
	}
}

func stopsAtTheDeadline(t *testing.T, f Fixture) {
	t.Helper()
	f.Seed(t, f.Tenant, 1)
	f.Stall(t)
	ctx, cancel := context.WithTimeout(t.Context(), stallPatience)
	defer cancel()
	if err := inTime(t, func() error { return findError(ctx, f) }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Find past its deadline: %v, want context.DeadlineExceeded", err)
	}
}

func servesManyAtOnce(t *testing.T, f Fixture) {
	t.Helper()
	const callers = 16
	want := map[string][]string{
		f.Tenant:    f.Seed(t, f.Tenant, 1),
		f.Neighbour: f.Seed(t, f.Neighbour, 1),
	}
	together(callers, func(i int) {
		tenantID := []string{f.Tenant, f.Neighbour}[i%2]
		result, err := f.Source.Find(t.Context(), gather.Query{TenantID: tenantID, Ticket: f.Ticket})
		if err != nil {
			t.Errorf("Find for %s: %v", tenantID, err)
			return
		}
		if got := ids(result.Items); !slices.Equal(got, want[tenantID]) {
			t.Errorf("%s found %q, want %q", tenantID, got, want[tenantID])
		}
		// The answer is the caller's own: writing to it must not reach the others.
		for j := range result.Items {
			result.Items[j].ID = "overwritten"
		}
	})
}
