// Package gathertest owns what every gather.Source promises, as one suite of tests that each
// implementation runs against its own fixture.
package gathertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Fixture is a source over an empty world of its own.
type Fixture struct {
	Source gather.Source
	// Kind and MaxItems are what the source documents.
	Kind     gather.Kind
	MaxItems int
	// Tenant and Neighbour exist and have nothing yet.
	Tenant, Neighbour string
	// Ticket is about what Seed puts there.
	Ticket ticket.Ticket
	// Seed gives tenantID n things that Ticket must find, with the same content for every tenant, and
	// returns the ids they are found under, which no other tenant's have.
	Seed func(t *testing.T, tenantID string, n int) []string
	// Stall makes whatever the source asks stop answering until the test ends.
	Stall func(t *testing.T)
}

// stallPatience is when a stalled search is given up; verdict is when the source counts as stuck.
const (
	stallPatience = 100 * time.Millisecond
	verdict       = 20 * time.Second
)

// Run checks the source that setup makes. Every check gets a fixture of its own.
func Run(t *testing.T, setup func(t *testing.T) Fixture) {
	t.Helper()
	checks := []struct {
		name  string
		check func(t *testing.T, f Fixture)
	}{
		{"finds what is there", findsWhatIsThere},
		{"finds at most its maximum", findsAtMostItsMaximum},
		{"finds nothing where nothing is", findsNothingWhereNothingIs},
		{"finds nothing for an empty ticket", findsNothingForAnEmptyTicket},
		{"finds nothing of a neighbour", findsNothingOfANeighbour},
		{"finds nothing for an unknown tenant", findsNothingForAnUnknownTenant},
		{"survives hostile text", survivesHostileText},
		{"stops when it is cancelled", stopsWhenItIsCancelled},
		{"stops at the deadline", stopsAtTheDeadline},
		{"serves many at once", servesManyAtOnce},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, setup(t))
		})
	}
}

// find asks for f's ticket and checks what holds for every answer.
func find(t *testing.T, f Fixture, tenantID string) []gather.Item {
	t.Helper()
	result, err := f.Source.Find(t.Context(), gather.Query{TenantID: tenantID, Ticket: f.Ticket})
	if err != nil {
		t.Fatalf("Find for %s: %v", tenantID, err)
	}
	if result.Note != "" {
		t.Errorf("a full answer has no note, got %q", result.Note)
	}
	checkItems(t, f, result.Items)
	return result.Items
}

func checkItems(t *testing.T, f Fixture, items []gather.Item) {
	t.Helper()
	if len(items) > f.MaxItems {
		t.Errorf("%d items, the maximum is %d", len(items), f.MaxItems)
	}
	for i, item := range items {
		if item.Kind != f.Kind {
			t.Errorf("item %q is of kind %q, want %q", item.ID, item.Kind, f.Kind)
		}
		if item.ID == "" || item.Title == "" {
			t.Errorf("item %+v has no id or no title", item)
		}
		if item.Relevance < 0 || item.Relevance > 1 || item.Relevance != item.Relevance {
			t.Errorf("item %q has relevance %v, want 0 to 1", item.ID, item.Relevance)
		}
		if i > 0 && item.Relevance > items[i-1].Relevance {
			t.Errorf("item %q stands behind a less relevant one", item.ID)
		}
	}
}

func ids(items []gather.Item) []string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = item.ID
	}
	slices.Sort(all)
	return all
}

// inTime runs fn and fails the test when it does not return. It gives fn's error.
func inTime(t *testing.T, fn func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-time.After(verdict):
		t.Fatal("Find did not return")
		return nil
	}
}

func findError(ctx context.Context, f Fixture) error {
	result, err := f.Source.Find(ctx, gather.Query{TenantID: f.Tenant, Ticket: f.Ticket})
	if err != nil && len(result.Items) > 0 {
		return errors.New("both items and an error")
	}
	return err
}

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}
