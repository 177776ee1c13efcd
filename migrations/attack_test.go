package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// attack is what somebody does who can run any SQL as one of the apps' roles, before looking for rows.
type attack struct {
	name string
	sql  string
	// refused says that the database has to answer with one of these SQLSTATEs; empty where the statement may work, and is
	// of no use.
	refused []string
}

var (
	noRight = []string{pgerrcode.InsufficientPrivilege}
	// An extension that is not installed is not there before it is refused.
	noRightOrFile = []string{pgerrcode.InsufficientPrivilege, pgerrcode.UndefinedFile, pgerrcode.FeatureNotSupported}
)

// hostileTenants are values of app.tenant_id that a policy could misread as alpha, or as all.
var hostileTenants = map[string]string{
	"empty": "", "no id": "-", "wildcards": "%", "star": "*", "prefix": "alpha%", "quotes": "alpha' OR '1'='1", "comment": "alpha'--",
	"stacked": "x'; SET ROLE admin; --", "list": "alpha,beta", "array": "{alpha,beta}", "JSON": `["alpha"]`, "blank behind": "alpha ",
	"blank before": " alpha", "tab": "alpha\t", "line break": "alpha\n", "upper case": "ALPHA", "Cyrillic a": "\u0430lpha",
	"full width": "\uff41\uff4c\uff50\uff48\uff41", "zero width": "al\u200bpha", "combining": "alpha\u0301", "byte order mark": "\ufeffalpha",
	"right to left": "\u202eahpla", "null": "NULL", "backslash": `alpha\`, "escape": `\x616c706861`, "very long": strings.Repeat("alpha", 200_000),
}

func attacks() []attack {
	all := []attack{{name: "no tenant at all"}}
	for name, value := range hostileTenants {
		all = append(all, attack{name: "tenant: " + name, sql: "SELECT set_config('app.tenant_id', " + literal(value) + ", false)"})
	}
	return append(all, []attack{
		{"RESET app.tenant_id", "RESET app.tenant_id", nil},
		{"RESET ALL", "RESET ALL", nil},
		{"DISCARD ALL", "DISCARD ALL", nil},
		{"RESET ROLE", "RESET ROLE", nil},
		{"SET ROLE admin", "SET ROLE admin", noRight},
		{"SET ROLE in a block", "DO $$ BEGIN EXECUTE 'SET ROLE admin'; END $$", noRight},
		{"SET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION admin", noRight},
		{"set_config of the role", "SELECT set_config('role', 'admin', false)", noRight},
		{"GRANT admin", "GRANT admin TO CURRENT_USER", noRight},
		{"ALTER ROLE BYPASSRLS", "ALTER ROLE CURRENT_USER BYPASSRLS", noRight},
		{"CREATE ROLE", "CREATE ROLE backdoor SUPERUSER", noRight},
		{"row_security = off", "SET row_security = off", nil},
		{"session_replication_role", "SET session_replication_role = replica", noRight},
		{"DISABLE ROW LEVEL SECURITY", "ALTER TABLE enhancement_history DISABLE ROW LEVEL SECURITY", noRight},
		{"NO FORCE ROW LEVEL SECURITY", "ALTER TABLE enhancement_history NO FORCE ROW LEVEL SECURITY", noRight},
		{"DROP POLICY", "DROP POLICY tenant_isolation ON enhancement_history", noRight},
		{"CREATE POLICY", "CREATE POLICY open ON enhancement_history USING (true)", noRight},
		{"OWNER TO", "ALTER TABLE enhancement_history OWNER TO CURRENT_USER", noRight},
		{"TRUNCATE", "TRUNCATE enhancement_history CASCADE", noRight},
		{"CREATE TRIGGER", "CREATE TRIGGER t AFTER INSERT ON enhancement_history EXECUTE FUNCTION suppress_redundant_updates_trigger()", noRight},
		{"CREATE RULE", "CREATE RULE r AS ON INSERT TO enhancement_history DO ALSO NOTHING", noRight},
		{"CREATE FUNCTION in public", "CREATE FUNCTION public.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT 'alpha' $$", noRight},
		{"CREATE TABLE in public", "CREATE TABLE public.mine AS SELECT 1", noRight},
		{"CREATE VIEW in public", "CREATE VIEW public.mine AS SELECT * FROM enhancement_history", noRight},
		{"CREATE SCHEMA", "CREATE SCHEMA mine", noRight},
		{"CREATE EXTENSION", "CREATE EXTENSION pgcrypto", noRightOrFile},
		{"CREATE LANGUAGE", "CREATE LANGUAGE plpython3u", noRightOrFile},
		{
			"a function of one's own for the policy", `CREATE FUNCTION pg_temp.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT 'alpha' $$;
				SET search_path = pg_temp, public`, nil,
		},
		{
			"an operator of one's own for the policy", `CREATE FUNCTION pg_temp.yes(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
				CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.yes); SET search_path = pg_temp, public, pg_catalog`, nil,
		},
		{"a table before the tenants", "CREATE TEMP TABLE tenant_configs (tenant_id text, enabled boolean)", nil},
		{"COPY TO PROGRAM", "COPY (SELECT 1) TO PROGRAM 'cat'", noRight},
		{"COPY FROM PROGRAM", "CREATE TEMP TABLE t (a text); COPY t FROM PROGRAM 'id'", noRight},
		{"COPY TO a file", "COPY (SELECT 1) TO '/tmp/ai-agents-attack'", noRight},
		{"COPY FROM a file", "CREATE TEMP TABLE t (a text); COPY t FROM '/etc/passwd'", noRight},
		{"pg_read_file", "SELECT pg_read_file('/etc/passwd')", noRight},
		{"pg_read_binary_file", "SELECT pg_read_binary_file('PG_VERSION')", noRight},
		{"pg_ls_dir", "SELECT pg_ls_dir('.')", noRight},
		{"lo_import", "SELECT lo_import('/etc/passwd')", noRight},
		{"lo_export", "SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/ai-agents-attack')", noRight},
		{"pg_authid", "SELECT rolpassword FROM pg_authid", noRight},
		{"pg_statistic", "SELECT stavalues1 FROM pg_statistic", noRight},
		{"ALTER SYSTEM", "ALTER SYSTEM SET log_statement = 'all'", append(slices.Clone(noRight), pgerrcode.ActiveSQLTransaction)},
	}...)
}

// literal is s as PostgreSQL reads it whatever the session's settings are.
func literal(s string) string { return "convert_from('\\x" + fmt.Sprintf("%x", s) + "', 'UTF8')" }

// platformWide are the tenants' tables that the console reads across tenants, on purpose.
var platformWide = []string{"tenant_configs"}

// Whoever can run any statement as an app's role may call himself any tenant: that is what the setting is for. But he
// has to name one; and nothing else shows him a row.
func TestNoStatementOpensTheWall(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	tables := tenantTables(t, db)
	for role, url := range map[string]string{postgres.RoleApp: db.AppURL, postgres.RoleConsole: db.ConsoleURL} {
		// The control: the same look finds the rows when the tenant is named.
		open := connect(t, url)
		if _, err := open.Exec(t.Context(), "SET app.tenant_id = 'alpha'"); err != nil {
			t.Fatal(err)
		}
		if seen := look(t, open, role, tables); len(seen) == 0 {
			t.Fatalf("%s finds nothing of alpha as alpha: this test proves nothing", role)
		}
		for _, attack := range attacks() {
			t.Run(role+"/"+attack.name, func(t *testing.T) {
				conn := connect(t, url)
				_, err := conn.PgConn().Exec(t.Context(), attack.sql).ReadAll()
				if state := stateOf(err); err == nil && attack.refused != nil || err != nil && !slices.Contains(attack.refused, state) {
					t.Errorf("answered %q (%v), want one of %q", state, err, attack.refused)
				}
				if seen := look(t, conn, role, tables); len(seen) != 0 {
					t.Errorf("rows of alpha are visible in %q", seen)
				}
				for _, table := range tables {
					deface(t, conn, role, table)
				}
			})
		}
	}
	for _, table := range tables {
		var left int
		err := db.Admin.QueryRow(t.Context(), "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()+" WHERE tenant_id = 'alpha'").Scan(&left)
		if err != nil || left == 0 {
			t.Errorf("%s has %d rows of alpha after all this, %v", table, left, err)
		}
	}
}

// tenantTables lists the tables of which a tenant sees its own rows.
func tenantTables(t *testing.T, db *postgrestest.Database) []string {
	t.Helper()
	return names(t, db, `
		SELECT c.relname::text FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL (`+closed+`)
		ORDER BY 1`)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// look counts, by table, what is seen of alpha. A query that is refused shows nothing, either.
func look(t *testing.T, conn *pgx.Conn, role string, tables []string) []string {
	t.Helper()
	var seen []string
	for _, table := range tables {
		if role == postgres.RoleConsole && slices.Contains(platformWide, table) {
			continue
		}
		var n int
		err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+pgx.Identifier{"public", table}.Sanitize()+" WHERE tenant_id LIKE 'alpha'").Scan(&n)
		if err != nil && stateOf(err) != pgerrcode.InsufficientPrivilege {
			t.Fatalf("look into %s: %v", table, err)
		}
		if n > 0 {
			seen = append(seen, table)
		}
	}
	return seen
}

// deface tries to change and delete what belongs to alpha.
func deface(t *testing.T, conn *pgx.Conn, role, table string) {
	t.Helper()
	if role == postgres.RoleConsole && slices.Contains(platformWide, table) {
		return
	}
	quoted := pgx.Identifier{"public", table}.Sanitize()
	for _, write := range []string{
		"DELETE FROM " + quoted, "UPDATE " + quoted + " SET tenant_id = 'gamma'",
	} {
		tag, err := conn.Exec(t.Context(), write)
		if err != nil && stateOf(err) != pgerrcode.InsufficientPrivilege {
			t.Errorf("%s: %v", write, err)
		}
		if tag.RowsAffected() != 0 {
			t.Errorf("%q touched %d rows", write, tag.RowsAffected())
		}
	}
}

func stateOf(err error) string {
	if err == nil {
		return ""
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code
	}
	return err.Error()
}
