package migrations_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// canary stands in alpha's rows and must not come out in any way.
const canary = "canary-of-alpha-7316"

// What is not selected can still come out: through a function that talks, an error that only a row could cause, the
// planner's statistics, or a plan that was made for another tenant.
func TestRowsDoNotLeakSideways(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	if _, err := db.Admin.Exec(t.Context(), "UPDATE enhancement_history SET description = $1 WHERE tenant_id = 'alpha'", canary); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Admin.Exec(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	// open listens to what functions say while enhancement_history is searched as a tenant.
	said := func(t *testing.T, tenant, query string) (string, error) {
		t.Helper()
		cfg, err := pgx.ParseConfig(db.AppURL)
		if err != nil {
			t.Fatal(err)
		}
		var heard strings.Builder
		cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { heard.WriteString(n.Message) }
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		const talkative = `CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
			AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$`
		if _, err := conn.Exec(t.Context(), talkative); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, false)", tenant); err != nil {
			t.Fatal(err)
		}
		results, err := conn.PgConn().Exec(t.Context(), query).ReadAll()
		for _, result := range results {
			for _, row := range result.Rows {
				for _, value := range row {
					heard.Write(value)
				}
			}
		}
		return heard.String(), err
	}
	for name, query := range map[string]string{
		"a function that talks":      "SELECT 1 FROM enhancement_history WHERE pg_temp.tell(description)",
		"a function in a join":       "SELECT 1 FROM enhancement_history h JOIN tenant_configs c ON pg_temp.tell(h.description)",
		"a function in an order":     "SELECT 1 FROM enhancement_history ORDER BY pg_temp.tell(description)",
		"an error that tells a row":  "SELECT 1 FROM enhancement_history WHERE description::integer = 1",
		"a division by a row":        "SELECT 1 FROM enhancement_history WHERE 1 / (CASE WHEN tenant_id = 'alpha' THEN 0 ELSE 1 END) = 1",
		"the planner's statistics":   "SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'enhancement_history'",
		"an update that returns":     "UPDATE enhancement_history SET priority = priority RETURNING description",
		"a cursor":                   "BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT description FROM enhancement_history; COMMIT; FETCH ALL FROM c",
		"a copy of the table":        "CREATE TEMP TABLE mine AS SELECT * FROM enhancement_history; SELECT description FROM mine",
		"the rows as XML":            "SELECT table_to_xml('enhancement_history', true, false, '')",
		"the whole database as XML":  "SELECT database_to_xml(true, false, '')",
		"text search of a table":     "SELECT ts_stat('SELECT to_tsvector(description) FROM enhancement_history')",
		"a query inside of a string": "SELECT query_to_xml('SELECT description FROM enhancement_history', true, false, '')",
	} {
		t.Run(name, func(t *testing.T) {
			if heard, err := said(t, "beta", query); strings.Contains(heard, canary) || err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("beta hears of alpha: %s, %v", heard, err)
			}
			if _, err := said(t, "gamma", query); err != nil && strings.Contains(err.Error(), "division by zero") {
				t.Errorf("gamma learns of a row by an error: %v", err)
			}
		})
	}
	// The control: alpha hears itself, so the functions do talk.
	if heard, err := said(t, "alpha", "SELECT 1 FROM enhancement_history WHERE pg_temp.tell(description)"); err != nil || !strings.Contains(heard, canary) {
		t.Errorf("alpha hears %q of its own, %v: this test proves nothing", heard, err)
	}
}

// A prepared statement gets a plan for any parameters after five executions. It must not keep the tenant it was made for.
func TestAPlanIsNotMadeForOneTenant(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	conn := connect(t, db.AppURL)
	if _, err := conn.Prepare(t.Context(), "mine", "SELECT tenant_id FROM enhancement_history"); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		tenant := []string{"alpha", "beta", "gamma"}[i%3]
		if _, err := conn.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, false)", tenant); err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(t.Context(), "mine")
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		want := 1
		if tenant == "gamma" {
			want = 0
		}
		if err != nil || len(got) != want || want == 1 && got[0] != tenant {
			t.Errorf("execution %d as %s finds rows of %q, %v", i, tenant, got, err)
		}
	}
}

// Whether another tenant has a row must not be told by which error an insert gets: the policy is checked before the key.
func TestAnInsertForAnotherTenantTellsNothing(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	conn := connect(t, db.AppURL)
	if _, err := conn.Exec(t.Context(), "SET app.tenant_id = 'beta'"); err != nil {
		t.Fatal(err)
	}
	for _, tail := range []string{"", " ON CONFLICT DO NOTHING", " ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET note_id = '1'"} {
		var answers []string
		for i, ticket := range []int{1, 2} { // alpha has a row for 1, and none for 2
			_, err := conn.Exec(t.Context(), "INSERT INTO ticket_notes (tenant_id, ticket_id) VALUES ('alpha', $1)"+tail, strconv.Itoa(ticket))
			if err == nil {
				t.Errorf("beta inserts row %d for alpha", i)
				continue
			}
			answers = append(answers, err.Error())
		}
		if len(answers) == 2 && answers[0] != answers[1] {
			t.Errorf("the answers differ with %q: %q", tail, answers)
		}
	}
}
