package retrieval

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	warmUp   = 50
	searches = 300
)

// latency is how long searches took.
type latency struct{ p50, p95 time.Duration }

// speed searches histories of growing size by whole tickets, and the first of them again when the others share its
// tables.
func speed(ctx context.Context, w *world, opts Options, r *report) error {
	if len(opts.Sizes) == 0 {
		return nil
	}
	floor, err := w.floor(ctx, fmt.Sprintf("size-%d", opts.Sizes[0]))
	if err != nil {
		return err
	}
	r.add("floor", "p50 / p95", floor.String(), "", "a tenant's transaction that reads nothing")
	var alone latency
	for i, size := range opts.Sizes {
		tenantID := fmt.Sprintf("size-%d", size)
		took, err := w.fill(ctx, tenantID, size)
		if err != nil {
			return err
		}
		measured, err := w.measure(ctx, tenantID, size)
		if err != nil {
			return err
		}
		if i == 0 {
			alone = measured
		}
		bytes, err := w.indexSize(ctx, tenantID)
		if err != nil {
			return err
		}
		r.add(fmt.Sprintf("%d tickets", size), "search p50 / p95", measured.String(), "",
			fmt.Sprintf("p50 %.0f times the floor; index %d bytes a ticket, built with the rows at %.0f tickets/s", ratio(measured.p50, floor.p50),
				bytes/int64(size), float64(size)/took.Seconds()))
	}
	if len(opts.Sizes) < 2 {
		return nil
	}
	tenantID := fmt.Sprintf("size-%d", opts.Sizes[0])
	among, err := w.measure(ctx, tenantID, opts.Sizes[0])
	if err != nil {
		return err
	}
	r.add(fmt.Sprintf("%d among all", opts.Sizes[0]), "search p50 / p95", among.String(), "",
		fmt.Sprintf("p50 %.2f times, p95 %.2f times what it was alone", ratio(among.p50, alone.p50), ratio(among.p95, alone.p95)))
	return nil
}

// floor times what every search has to pay.
func (w *world) floor(ctx context.Context, tenantID string) (latency, error) {
	var took []time.Duration
	for i := range warmUp + searches {
		started := time.Now()
		err := w.db.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
			_, err := tx.Exec(ctx, "SELECT 1")
			return err
		})
		if err != nil {
			return latency{}, err
		}
		if i >= warmUp {
			took = append(took, time.Since(started))
		}
	}
	return latencyOf(took), nil
}

func latencyOf(took []time.Duration) latency {
	slices.Sort(took)
	return latency{p50: took[len(took)/2], p95: took[len(took)*95/100]}
}

func ratio(x, y time.Duration) float64 { return float64(x) / float64(y) }

func (l latency) String() string {
	return fmt.Sprintf("%.1f / %.1f ms", ratio(l.p50, time.Millisecond), ratio(l.p95, time.Millisecond))
}

// fill makes a tenant with so many tickets and says how long storing and indexing them took.
func (w *world) fill(ctx context.Context, tenantID string, size int) (time.Duration, error) {
	w.sayf("%s: storing", tenantID)
	if err := w.addTenant(ctx, tenantID); err != nil {
		return 0, err
	}
	words := newGenerator(uint64(size)) //nolint:gosec // a count
	var took time.Duration
	for first := 0; first < size; first += history.MaxBatch {
		batch := words.tickets(first, min(history.MaxBatch, size-first))
		started := time.Now()
		if err := w.put(ctx, tenantID, batch); err != nil {
			return 0, err
		}
		took += time.Since(started)
	}
	return took, w.settle(ctx)
}

// measure times the product's search.
func (w *world) measure(ctx context.Context, tenantID string, size int) (latency, error) {
	w.sayf("%s: searching", tenantID)
	source := history.New(w.db, history.Options{})
	words := newGenerator(uint64(size) + 1) //nolint:gosec // a count
	took := make([]time.Duration, 0, searches)
	for i := range warmUp + searches {
		asked := ticket.Ticket{ID: "asked", Subject: words.text(subjectWords), Description: words.text(descriptionWords)}
		started := time.Now()
		if _, err := source.Find(ctx, gather.Query{TenantID: tenantID, Ticket: asked}); err != nil {
			return latency{}, err
		}
		if i >= warmUp {
			took = append(took, time.Since(started))
		}
	}
	return latencyOf(took), nil
}

// indexSize is about how many bytes of the search index are the tenant's: its share of the tables' rows by content.
func (w *world) indexSize(ctx context.Context, tenantID string) (int64, error) {
	const query = `
		WITH content AS (
			SELECT tenant_id, sum(octet_length(postings) + 60) AS bytes FROM search_postings GROUP BY tenant_id
		)
		SELECT (pg_total_relation_size('search_postings') * (SELECT sum(bytes) FROM content WHERE tenant_id = $1)
		        / (SELECT sum(bytes) FROM content))::bigint + (SELECT coalesce(sum(octet_length(lengths)), 0) FROM search_segments WHERE tenant_id = $1)`
	var bytes int64
	if err := w.admin.QueryRow(ctx, query, tenantID).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("read the size of the index: %w", err)
	}
	return bytes, nil
}
