package ledger_test

import (
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

// What is looked for is a few rows among many, whatever the statistics know of the tenant: neither its ended jobs are read to
// find the unfinished ones, nor those whose workflow is gone to find the others, nor those that wait to find or count what runs.
func TestSweepingReadsWhatItTakes(t *testing.T) {
	const ended, waiting, few = 20_000, 10_000, 5
	for name, analyzeAfter := range map[string]string{
		"known tenant": "alpha", "tenant newer than statistics": "beta", "no statistics": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSwept(t)
			s.exec("ALTER TABLE enhancement_history SET (autovacuum_enabled = false)")
			for _, id := range []string{"beta", "alpha"} {
				s.exec(`
					INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status,
					                                 received_at, started_at, finished_at, purged_run)
					SELECT $1, gen_random_uuid(), i::text, 'created', 'd', 'Low', 'c', CASE WHEN i > $2::int THEN 'running' ELSE 'completed' END,
					       now() - interval '2 days', now() - interval '2 days', CASE WHEN i <= $2 THEN now() - interval '2 days' END,
					       CASE WHEN i <= $2::int - $3::int THEN 1 ELSE 0 END
					FROM generate_series(1, $2::int + $3::int) i`, id, ended, few)
				s.backlog(id, waiting)
				if id == analyzeAfter {
					s.exec("ANALYZE enhancement_history")
				}
			}
			for statement, args := range map[string][]any{
				ledger.TakeDueSQL:   {patience.Pending, patience.Running, 100, anyLease, ""},
				ledger.TakeEndedSQL: {time.Hour, 100, anyLease, ""},
				ledger.TakeHeldSQL:  {100, anyLease, ""},
				ledger.AdmitSQL:     {few, ""},
				ledger.RoomSQL:      {few, 10},
			} {
				if read := s.rowsRead("alpha", statement, args...); read > 20*few {
					t.Errorf("%.0f rows are read to take %d: %s", read, few, statement)
				}
			}
		})
	}
}

// backlog has so many jobs of the tenant wait.
func (s *swept) backlog(tenantID string, n int) {
	s.t.Helper()
	s.exec(`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, received_at, queued_at)
		SELECT $1, gen_random_uuid(), 'w' || i, 'created', 'd', 'Low', 'c', now() - i * interval '1 second', now() FROM generate_series(1, $2::int) i`,
		tenantID, n)
}

// rowsRead counts the rows that the scans of the statement read, those included that they then left out.
func (s *swept) rowsRead(tenantID, statement string, args ...any) float64 {
	s.t.Helper()
	tx, err := s.store.Database.Pool.Begin(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(s.t.Context()) }()
	if _, err := tx.Exec(s.t.Context(), "SELECT set_config('app.tenant_id', $1, true)", tenantID); err != nil {
		s.t.Fatal(err)
	}
	var plan []struct{ Plan readNode }
	if err := tx.QueryRow(s.t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+statement, args...).Scan(&plan); err != nil {
		s.t.Fatal(err)
	}
	return plan[0].Plan.read()
}

// readNode is a node of a plan that was carried out.
type readNode struct {
	Relation string  `json:"Relation Name"`
	Loops    float64 `json:"Actual Loops"`
	Rows     float64 `json:"Actual Rows"`
	LeftOut  float64 `json:"Rows Removed by Filter"`
	Plans    []readNode
}

func (n readNode) read() (rows float64) {
	if n.Relation != "" {
		rows = n.Loops * (n.Rows + n.LeftOut)
	}
	for _, below := range n.Plans {
		rows += below.read()
	}
	return rows
}

// Who is next is asked at every end of a job, behind a burst as well. It runs as the functions' owner does.
func TestAskingWhoseTurnItIsDoesNotReadTheQueue(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	s.exec("ALTER TABLE enhancement_history SET (autovacuum_enabled = false)")
	const waiting = 10_000
	s.backlog("alpha", waiting)
	s.backlog("beta", 1)
	var body string
	if err := s.store.Database.Admin.QueryRow(t.Context(), "SELECT prosrc FROM pg_proc WHERE proname = 'queue_turns'").Scan(&body); err != nil {
		t.Fatal(err)
	}
	var plan []struct{ Plan readNode }
	if err := s.store.Database.Admin.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+body).Scan(&plan); err != nil {
		t.Fatal(err)
	}
	if read := plan[0].Plan.read(); read == 0 || read > 20 {
		t.Errorf("%.0f rows are read behind a queue of %d", read, waiting)
	}
}
