package reconcile

import (
	"context"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// BenchmarkNothingMissed polls a thousand tenants, each with a page of twenty tickets that the ledger knows, and compares it
// with as many plain calls of the same list.
func BenchmarkNothingMissed(b *testing.B) {
	const tenants, tickets = 1000, 20
	w := newBench(b, servicedesktest.Options{})
	w.clock.move(time.Hour)
	ids := w.open(tickets, 9*time.Minute)
	w.exec(`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		SELECT 'tenant-' || n, 'example', 'https://sdp.example.com/api/v3', 'onprem', 'x', 'x' FROM generate_series(1, $1::int) n`, tenants)
	w.exec(`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id)
		SELECT 'tenant-' || n, gen_random_uuid(), id, 'created', 'd', '', 'c' FROM generate_series(1, $1::int) n, unnest($2::text[]) id`, tenants, ids)
	w.exec(`INSERT INTO reconcile_polls (tenant_id, since, next_due)
		SELECT 'tenant-' || n, $2, $2 FROM generate_series(1, $1::int) n`, tenants, began())
	w.exec("UPDATE tenant_configs SET enabled_since = $1", began())
	w.exec("ANALYZE")
	desk, err := w.desks.Polled(b.Context(), alpha)
	if err != nil {
		b.Fatal(err)
	}
	names := make([]string, tenants)
	for i := range names {
		names[i] = "tenant-" + strconv.Itoa(i+1)
		w.desks.set(names[i], desk)
	}
	each := func(do func(ctx context.Context, tenantID string)) time.Duration {
		began := time.Now()
		group, ctx := errgroup.WithContext(b.Context())
		group.SetLimit(4) // the fake and the database are on this machine, too
		for _, id := range names {
			group.Go(func() error {
				do(ctx, id)
				return nil
			})
		}
		_ = group.Wait()
		return time.Since(began)
	}
	var polling, listing time.Duration
	for b.Loop() {
		w.exec("UPDATE reconcile_polls SET next_due = $1", w.clock.now())
		polling += each(func(ctx context.Context, id string) { w.Reconciler.poll(ctx, id, w.clock.sleep) })
		listing += each(func(ctx context.Context, _ string) {
			if _, err := desk.ListRequests(ctx, servicedesk.ListQuery{CreatedAfter: began()}); err != nil {
				b.Error(err)
			}
		})
	}
	var polls int
	if w.scan("SELECT count(*) FROM reconcile_polls WHERE last_succeeded IS NOT NULL AND tenant_id LIKE 'tenant-%'", &polls); polls != tenants {
		b.Fatalf("%d of %d tenants were polled", polls, tenants)
	}
	b.ReportMetric(float64(polling)/float64(listing), "lists/poll")
	b.ReportMetric(float64(polling.Microseconds())/float64(tenants*b.N), "µs/poll")
	b.ReportMetric(float64(listing.Microseconds())/float64(tenants*b.N), "µs/list")
}
