package gathertest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// shelf is the least source that keeps every promise.
type shelf struct {
	mu      sync.Mutex
	items   map[string][]gather.Item
	stalled bool
}

const shelfSize = 4

func (s *shelf) Kind() gather.Kind { return gather.KindArticle }

func (s *shelf) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	s.mu.Lock()
	stalled, items := s.stalled, append([]gather.Item(nil), s.items[q.TenantID]...)
	s.mu.Unlock()
	if stalled {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return gather.Result{}, err
	}
	if !strings.Contains(q.Ticket.Text(), "lamp") {
		return gather.Result{}, nil
	}
	return gather.Result{Items: items[:min(len(items), shelfSize)]}, nil
}

func TestRun(t *testing.T) {
	t.Parallel()
	gathertest.Run(t, func(*testing.T) gathertest.Fixture {
		s := &shelf{items: map[string][]gather.Item{}}
		return gathertest.Fixture{
			Source: s, Kind: gather.KindArticle, MaxItems: shelfSize, Tenant: "north", Neighbour: "south",
			Ticket: ticket.Ticket{ID: "1", Subject: "lamp"},
			Seed: func(_ *testing.T, tenantID string, n int) []string {
				s.mu.Lock()
				defer s.mu.Unlock()
				ids := make([]string, n)
				for i := range ids {
					ids[i] = fmt.Sprintf("%s-%d", tenantID, i)
					s.items[tenantID] = append(s.items[tenantID], gather.Item{
						Kind: gather.KindArticle, ID: ids[i], Title: "Lamps", Relevance: 1,
					})
				}
				return ids
			},
			Stall: func(*testing.T) { s.stalled = true },
		}
	})
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	count := func(ctx context.Context, tenantID string) (int, error) {
		var n int
		err := d.DB.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM tenant_configs").Scan(&n)
		})
		return n, err
	}
	for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
		if n, err := count(t.Context(), tenantID); n != 1 || err != nil {
			t.Errorf("tenant %s sees %d tenants (%v), want itself", tenantID, n, err)
		}
	}
	d.Lock(t, "tenant_configs")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := count(ctx, gathertest.Tenant)
		done <- err
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("a locked table was read")
	}
}
