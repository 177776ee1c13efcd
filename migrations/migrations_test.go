package migrations_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/migrations"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestUpDownUp(t *testing.T) {
	db := postgrestest.Empty(t)
	m, err := postgres.OpenMigrator(db.AdminURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	newest := int64(len(files))

	var first []string
	for round := range 2 {
		if err := m.Up(t.Context()); err != nil {
			t.Fatalf("up, round %d: %v", round, err)
		}
		version, err := m.Version(t.Context())
		if err != nil || version != newest {
			t.Fatalf("after up: version %d, %v; want %d", version, err, newest)
		}
		schema := relations(t, db)
		if round == 0 {
			first = schema
		}
		if !slices.Equal(schema, first) {
			t.Errorf("the second way up gives another schema:\n%q\nfirst:\n%q", schema, first)
		}
		if err := m.DownTo(t.Context(), 0); err != nil {
			t.Fatalf("down, round %d: %v", round, err)
		}
		if left := relations(t, db); len(left) != 0 {
			t.Errorf("down to zero leaves %q", left)
		}
	}
}

// relations lists tables, indexes, policies and functions of the product.
func relations(t *testing.T, db *postgrestest.Database) []string {
	t.Helper()
	rows, err := db.Admin.Query(t.Context(), `
		SELECT relkind::text || ' ' || relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose\_%'
		UNION ALL SELECT 'policy ' || tablename || ' ' || policyname FROM pg_policies
		UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// closed are the tables with a tenant_id that app_user has no right to, and which therefore need no policy for it: the
// audit log is read as a whole, by the console alone. TestClosedTablesAreClosedToTheApps holds them to that.
const closed = `ARRAY['audit_log']`

// unprotected finds the tables that could show one tenant's rows to another.
const unprotected = `
	SELECT c.relname
	FROM pg_class c
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
	  AND c.relname <> ALL (` + closed + `)
	  AND NOT (c.relrowsecurity AND c.relforcerowsecurity
	           AND EXISTS (SELECT FROM pg_policies p
	                       WHERE p.tablename = c.relname AND p.policyname = 'tenant_isolation'
	                         AND p.cmd = 'ALL' AND p.roles = '{app_user}'
	                         AND p.qual LIKE '%tenant_id = current_setting(''app.tenant_id''%'
	                         AND p.with_check LIKE '%tenant_id = current_setting(''app.tenant_id''%')
	           -- A permissive policy that lets app_user see more would be added to the first by OR.
	           AND NOT EXISTS (SELECT FROM pg_policies p
	                           WHERE p.tablename = c.relname AND p.policyname <> 'tenant_isolation'
	                             AND p.roles && '{app_user,public}')
	           -- The console sees across tenants in the tables that say so here, and only there.
	           AND NOT EXISTS (SELECT FROM pg_policies p
	                           WHERE p.tablename = c.relname AND 'console_user' = ANY (p.roles)
	                             AND (p.tablename, p.policyname) NOT IN (('tenant_configs', 'console_access'))))
	ORDER BY 1`

func TestEveryTenantTableIsWalledIn(t *testing.T) {
	db := postgrestest.New(t)
	find := func() []string {
		t.Helper()
		rows, err := db.Admin.Query(t.Context(), unprotected)
		if err != nil {
			t.Fatal(err)
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if open := find(); len(open) != 0 {
		t.Errorf("tables with a tenant_id and no enabled and forced policy: %q", open)
	}
	// The check itself must notice each way of leaving a gap.
	for _, breach := range []string{
		"CREATE TABLE gap (tenant_id text)",
		"ALTER TABLE systems NO FORCE ROW LEVEL SECURITY",
		"ALTER TABLE kb_articles DISABLE ROW LEVEL SECURITY",
		"DROP POLICY tenant_isolation ON ticket_notes",
		"CREATE POLICY generous ON llm_calls TO app_user USING (true)",
		"CREATE POLICY generous ON subnets TO console_user USING (true)",
	} {
		if _, err := db.Admin.Exec(t.Context(), breach); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"gap", "kb_articles", "llm_calls", "subnets", "systems", "ticket_notes"}
	if open := find(); !slices.Equal(open, want) {
		t.Errorf("the check finds %q, want %q", open, want)
	}
}

// ajar finds the closed tables that app_user could reach after all: by a right to the table or to a column of it, its own
// or everybody's, or by row-level security that does not stand behind a right that is granted one day.
const ajar = `
	SELECT c.relname
	FROM pg_class c
	WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (` + closed + `)
	  AND (NOT (c.relrowsecurity AND c.relforcerowsecurity)
	       OR has_table_privilege('app_user', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
	       OR has_any_column_privilege('app_user', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
	       OR EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.roles && '{app_user,public}'))`

func TestClosedTablesAreClosedToTheApps(t *testing.T) {
	db := postgrestest.New(t)
	find := func(tx pgx.Tx) []string {
		t.Helper()
		rows, err := tx.Query(t.Context(), ajar)
		if err != nil {
			t.Fatal(err)
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	// The check itself must notice each way of leaving the door open.
	for breach, want := range map[string][]string{
		"SELECT 1":                                                     {},
		"GRANT SELECT ON audit_log TO app_user":                        {"audit_log"},
		"GRANT INSERT ON audit_log TO PUBLIC":                          {"audit_log"},
		"GRANT SELECT (actor) ON audit_log TO PUBLIC":                  {"audit_log"},
		"ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY":            {"audit_log"},
		"ALTER TABLE audit_log DISABLE ROW LEVEL SECURITY":             {"audit_log"},
		"CREATE POLICY generous ON audit_log TO app_user USING (true)": {"audit_log"},
	} {
		err := pgx.BeginFunc(t.Context(), db.Admin, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), breach); err != nil {
				return err
			}
			if open := find(tx); !slices.Equal(open, want) {
				t.Errorf("after %s: %q, want %q", breach, open, want)
			}
			return tx.Rollback(t.Context())
		})
		if err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			t.Fatal(err)
		}
	}
}

func TestRowsStayWithTheirTenant(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	rows, err := db.Admin.Query(t.Context(), `
		SELECT c.relname FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL (`+closed+`)`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	console, err := pgxpool.New(t.Context(), db.ConsoleURL)
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	for _, table := range tables {
		t.Run("app_user/"+table, func(t *testing.T) { probe(t, db.Pool, table) })
		if table != "tenant_configs" {
			t.Run("console_user/"+table, func(t *testing.T) { probe(t, console, table) })
		}
	}
	t.Run("console_user/tenant_configs", func(t *testing.T) {
		var tenants int
		if err := console.QueryRow(t.Context(), "SELECT count(*) FROM tenant_configs").Scan(&tenants); err != nil || tenants != 2 {
			t.Errorf("the console sees %d tenants, want both: %v", tenants, err)
		}
	})
}

// Whoever takes over the gateway must not be able to replace a secret, or to send a tenant's calls elsewhere.
func TestGatewayAndEnhancerOnlyReadTenants(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	for _, write := range []string{
		"UPDATE tenant_configs SET servicedesk_url = 'https://elsewhere.example.com'",
		"DELETE FROM tenant_configs",
		`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		 VALUES ('alpha', 'example', 'https://sdp.example.com/api/v3', 'onprem', 'x', 'x')`,
		"SELECT FROM tenant_configs FOR UPDATE",
	} {
		err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "SELECT set_config('app.tenant_id', 'alpha', true)"); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), write)
			return err
		})
		if !refused(err) {
			t.Errorf("%s, for its own tenant: %v, want it refused", write, err)
		}
	}
}

// refused says whether the role lacks the right.
func refused(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == pgerrcode.InsufficientPrivilege
}

// Policies that name a role that is missing, or is no member, would leave the console with less than it needs.
func TestMigratingNeedsTheConsolesRole(t *testing.T) {
	db := postgrestest.New(t)
	file, err := fs.ReadFile(migrations.FS, "0009_tenant_lifecycle.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(file), "-- +goose StatementBegin")
	statement, _, _ := strings.Cut(rest, "-- +goose StatementEnd")
	_, err = db.Admin.Exec(t.Context(), strings.ReplaceAll(statement, "console_user", "nobody_user"))
	if err == nil || !strings.Contains(err.Error(), "no role nobody_user") {
		t.Errorf("without the role: %v, want an error that names it", err)
	}
}

func probe(t *testing.T, pool *pgxpool.Pool, table string) {
	t.Helper()
	quoted := pgx.Identifier{table}.Sanitize()
	count := func(tenant, where string) int {
		t.Helper()
		var n int
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			if tenant != "" {
				if _, err := tx.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, true)", tenant); err != nil {
					return err
				}
			}
			return tx.QueryRow(t.Context(), "SELECT count(*) FROM "+quoted+" WHERE "+where).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("alpha", "tenant_id = 'alpha'"); n == 0 {
		t.Fatal("the seed has no row of alpha here: this probe proves nothing")
	}
	if n := count("alpha", "true"); n != count("alpha", "tenant_id = 'alpha'") {
		t.Errorf("alpha sees %d rows, more than its own", n)
	}
	for _, stranger := range []string{"", "gamma", "alpha' OR '1'='1", "%"} {
		if n := count(stranger, "true"); n != 0 {
			t.Errorf("with the tenant set to %q, %d rows are visible", stranger, n)
		}
	}
	for _, write := range []string{
		"UPDATE " + quoted + " SET tenant_id = 'alpha'",
		"DELETE FROM " + quoted + " WHERE tenant_id = 'beta'",
	} {
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "SELECT set_config('app.tenant_id', 'gamma', true)"); err != nil {
				return err
			}
			tag, err := tx.Exec(t.Context(), write)
			if tag.RowsAffected() != 0 {
				t.Errorf("a stranger's %q touched %d rows", write, tag.RowsAffected())
			}
			return err
		})
		if err != nil && !refused(err) {
			t.Errorf("%s: %v", write, err)
		}
	}
}

func seedTwoTenants(t *testing.T, db *postgrestest.Database) {
	t.Helper()
	for _, tenant := range []string{"alpha", "beta"} {
		const job = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
		for _, statement := range []string{
			`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
			 VALUES ($1, 'example', 'https://sdp.example.com/api/v3', 'onprem', 'x', 'x')`,
			`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id)
			 VALUES ($1, '` + job + `', '1', 'created', 'd', 'High', 'c')`,
			`INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, duration_ms) VALUES ($1, '` + job + `', 'ticket_search', 'ok', 1)`,
			`INSERT INTO ticket_notes (tenant_id, ticket_id) VALUES ($1, '1')`,
			`INSERT INTO llm_calls (tenant_id, job_id, model, duration_ms) VALUES ($1, '` + job + `', 'm', 1)`,
			`INSERT INTO ticket_history (tenant_id, ticket_id, description) VALUES ($1, '1', 'd')`,
			`INSERT INTO kb_articles (tenant_id, article_id, title, body) VALUES ($1, '1', 't', 'b')`,
			`INSERT INTO search_collections (tenant_id, collection) VALUES ($1, 'tickets')`,
			`INSERT INTO search_segments (tenant_id, collection, segment, first_document, live, words, terms, hash_bits, analyzer, lengths)
			 VALUES ($1, 'tickets', 1, 0, 1, 1, 1, 0, 1, '\x01')`,
			`INSERT INTO search_postings (tenant_id, collection, segment, key, documents, postings) VALUES ($1, 'tickets', 1, 0, 0, '\x01')`,
			`INSERT INTO systems (tenant_id, system_id, hostname) VALUES ($1, 'h', 'h')`,
			`INSERT INTO system_addresses (tenant_id, system_id, address) VALUES ($1, 'h', '192.0.2.1')`,
			`INSERT INTO subnets (tenant_id, network) VALUES ($1, '192.0.2.0/24')`,
			`INSERT INTO ticket_embeddings (tenant_id, ticket_id, model, dimensions, vector, source_changed_at)
			 VALUES ($1, '1', 'm', 2, '\x7f01', now())`,
			`INSERT INTO article_embeddings (tenant_id, article_id, model, dimensions, vector, source_changed_at)
			 VALUES ($1, '1', 'm', 2, '\x7f01', now())`,
			`INSERT INTO embedding_leases (tenant_id, holder, held_until) VALUES ($1, '` + job + `', now())`,
			`INSERT INTO mirror_feeds (tenant_id, feed) VALUES ($1, 'tickets')`,
			`INSERT INTO mirror_seen (tenant_id, feed, pass, record_id) VALUES ($1, 'tickets', 'sweep', '1')`,
			`INSERT INTO mirror_left_out (tenant_id, feed, record_id, reason, until) VALUES ($1, 'tickets', '1', 'empty', now())`,
			`INSERT INTO mirror_pace (tenant_id, host, paid_until) VALUES ($1, 'sdp.example.com', now())`,
			`INSERT INTO webhook_rate (tenant_id) VALUES ($1)`,
			`INSERT INTO dependency_outages (tenant_id, dependency) VALUES ($1, 'servicedesk')`,
			`INSERT INTO report_settings (tenant_id, research_minutes) VALUES ($1, 20)`,
			`INSERT INTO tenant_pauses (tenant_id, scope, reason, paused_by) VALUES ($1, 'intake', 'example', 'system:test')`,
			`INSERT INTO tenant_preferences (tenant_id, version, prefs, changed_at) VALUES ($1, 1, '{}', now())`,
			`INSERT INTO reconcile_polls (tenant_id, since, next_due) VALUES ($1, now(), now())`,
			`INSERT INTO llm_usage (tenant_id, day, model, purpose) VALUES ($1, '2026-11-23', 'm', 'job')`,
			`INSERT INTO llm_budget_alerts (tenant_id, month, level, limit_usd, spent_usd) VALUES ($1, '2026-11-01', 'soft', 1, 2)`,
			`INSERT INTO note_feedback (tenant_id, job_id, vote) VALUES ($1, '` + job + `', 'up')`,
			`INSERT INTO note_feedback_parts (tenant_id, job_id, part, vote) VALUES ($1, '` + job + `', 'section:recommendations', 'up')`,
		} {
			if _, err := db.Admin.Exec(t.Context(), statement, tenant); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
}
