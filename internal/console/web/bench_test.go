package web_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// The size of the platform that lists are measured on.
const (
	benchTenants = 1_000
	benchJobs    = 100_000
)

// large fills the ledger: a thousand tenants, of whom a few have most of the jobs, received in the last three days; a hundredth failed, and
// some wait.
func (w *world) large() {
	w.t.Helper()
	w.tenant("tenant-0000", "Example")
	const (
		tenants = `INSERT INTO tenant_configs SELECT (jsonb_populate_record(c, jsonb_build_object('tenant_id', 'tenant-' || lpad(i::text, 4, '0')))).*
			FROM tenant_configs c, generate_series(1, $1 - 1) i WHERE c.tenant_id = 'tenant-0000'`
		jobs = `INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status,
				failure_reason, received_at, queued_at, started_at, finished_at)
			SELECT 'tenant-' || lpad((CASE WHEN i % 3 = 0 THEN i % 10 ELSE i % $1 END)::text, 4, '0'), gen_random_uuid(), (i % 20000)::text, 'created', repeat('d', 400),
				'Low', 'c', s, CASE s WHEN 'failed' THEN 'update_ticket: HTTP 401' ELSE '' END, at, at + interval '1 ms', at + interval '2 ms', CASE WHEN s <> 'pending' THEN at + interval '900 ms' END
			FROM generate_series(1, $2) i, LATERAL (SELECT now() - i * (interval '3 days' / $2)) x(at),
				LATERAL (SELECT CASE WHEN i % 100 = 7 THEN 'failed' WHEN i < 50 THEN 'pending' ELSE 'completed' END) y(s)`
	)
	for _, do := range []struct {
		statement string
		args      []any
	}{{tenants, []any{benchTenants}}, {jobs, []any{benchTenants, benchJobs}}, {"ANALYZE", nil}} {
		if _, err := w.database.Admin.Exec(w.t.Context(), do.statement, do.args...); err != nil {
			w.t.Fatal(err)
		}
	}
}

// Each page as a browser gets it, beside the smallest request to the API, which reads one row: p95-ms is what somebody waits at most in 19 of
// 20 cases, and x-identity how many times as long as for that.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b)
	w.large()
	w.signIn(w.Token.Reveal())
	floor := 0.0
	next := ""
	for job, err := range w.admin.Jobs(b.Context(), "tenant-0003", adminapi.JobQuery{}) {
		if err != nil {
			b.Fatal(err)
		}
		next = "/tenants/tenant-0003/jobs/" + job.JobID
		break
	}
	day := time.Now().Add(-24 * time.Hour).UTC().Format("2006-01-02T15:04")
	for _, page := range []struct{ name, path string }{
		{"identity", adminapi.Prefix + "/identity"},
		{"overview", "/"},
		{"tenants", "/tenants"},
		{"tenants disabled", "/tenants?status=disabled"},
		{"tenant", "/tenants/tenant-0003"},
		{"jobs", "/jobs"},
		{"jobs failed", "/jobs?status=failed"},
		{"jobs running", "/jobs?status=running"},
		{"jobs pending", "/jobs?status=pending"},
		{"jobs of a ticket", "/jobs?ticket_id=4711"},
		{"jobs of no ticket", "/jobs?ticket_id=none"},
		{"jobs of yesterday", "/jobs?received_before=" + day},
		{"jobs failed of yesterday", "/jobs?status=failed&received_before=" + day},
		{"jobs of a tenant", "/tenants/tenant-0003/jobs?status=completed"},
		{"job", next},
		{"queue", "/queue"},
		{"queue of a tenant", "/tenants/tenant-0003/queue"},
		{"audit", "/audit"},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []float64
			for b.Loop() {
				began := time.Now()
				if got := w.do(http.MethodGet, page.path, nil, "Authorization", "Bearer "+w.Token.Reveal()); got.StatusCode != http.StatusOK {
					b.Fatalf("%d %s", got.StatusCode, got.body)
				}
				took = append(took, time.Since(began).Seconds()*1000)
			}
			slices.Sort(took)
			p95 := took[min(len(took)-1, len(took)*95/100)]
			if page.name == "identity" {
				floor = p95
			}
			b.ReportMetric(p95, "p95-ms")
			if floor > 0 {
				b.ReportMetric(p95/floor, "x-identity")
			}
		})
	}
}
