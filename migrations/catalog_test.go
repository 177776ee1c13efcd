package migrations_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// unconfined finds the functions that run with the rights of their owner and could be turned against it: with a search
// path that the caller chooses, or open to everybody.
const unconfined = `
	SELECT p.oid::regprocedure::text
	FROM pg_proc p
	WHERE p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
	  AND p.prosecdef
	  AND (coalesce(p.proconfig, '{}') && '{"search_path=pg_catalog","search_path=pg_catalog, pg_temp"}' IS NOT TRUE
	       OR p.proowner <> 'admin'::regrole
	       OR EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
	                  WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE'))
	ORDER BY 1`

func TestEveryFunctionWithItsOwnersRightsIsConfined(t *testing.T) {
	db := postgrestest.New(t)
	var definers int
	err := db.Admin.QueryRow(t.Context(), "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef").Scan(&definers)
	if err != nil || definers == 0 {
		t.Fatalf("%d such functions, %v: this test proves nothing", definers, err)
	}
	if open := names(t, db, unconfined); len(open) != 0 {
		t.Errorf("SECURITY DEFINER without a fixed search_path, or for everybody: %q", open)
	}
	// The check itself must notice each way of leaving a gap.
	for _, breach := range []string{
		"CREATE FUNCTION a_open() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'",
		"CREATE FUNCTION b_unpinned() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
		"REVOKE ALL ON FUNCTION b_unpinned() FROM PUBLIC",
		"CREATE FUNCTION c_public() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_catalog AS 'SELECT 1'",
		"REVOKE ALL ON FUNCTION c_public() FROM PUBLIC",
	} {
		if _, err := db.Admin.Exec(t.Context(), breach); err != nil {
			t.Fatal(err)
		}
	}
	if open, want := names(t, db, unconfined), []string{"a_open()", "b_unpinned()", "c_public()"}; !slices.Equal(open, want) {
		t.Errorf("the check finds %q, want %q", open, want)
	}
}

// A temporary table is searched before all others unless the path says otherwise: a function with its owner's rights must
// not take the caller's table for its own.
func TestFunctionsAreNotMisledByATemporaryTable(t *testing.T) {
	db := postgrestest.New(t)
	seedTwoTenants(t, db)
	conn := connect(t, db.AppURL)
	for _, prepare := range []string{
		"CREATE TEMP TABLE tenant_configs (tenant_id text, enabled boolean, deleted_at timestamptz)",
		"INSERT INTO pg_temp.tenant_configs VALUES ('shadow', true, NULL)",
		"GRANT ALL ON pg_temp.tenant_configs TO PUBLIC",
		"SET search_path = pg_temp, public",
	} {
		if _, err := conn.Exec(t.Context(), prepare); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(t.Context(), "SELECT enabled_tenants()")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(got)
	if want := []string{"alpha", "beta"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the tenants are %q, %v; want %q", got, err, want)
	}
}

// What the apps' roles may do beside reading and writing rows: nothing.
func TestTheAppsRolesHaveNoFurtherRights(t *testing.T) {
	db := postgrestest.New(t)
	for _, role := range []string{"app_user", "console_user"} {
		for what, query := range map[string]string{
			"an attribute": `SELECT rolname::text FROM pg_roles WHERE rolname = $1
				AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)`,
			"CREATE in a schema":       "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_' AND has_schema_privilege($1, oid, 'CREATE')",
			"CREATE in a database":     "SELECT datname::text FROM pg_database WHERE has_database_privilege($1, oid, 'CREATE')",
			"something of its own":     "SELECT c.relname::text FROM pg_class c WHERE c.relowner = $1::regrole",
			"TRUNCATE or TRIGGER":      "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND has_table_privilege($1, oid, 'TRUNCATE, TRIGGER, REFERENCES')",
			"a predefined role":        "SELECT r.rolname::text FROM pg_roles r WHERE r.rolname NOT IN ('app_user', $1) AND NOT r.rolsuper AND pg_has_role($1, r.oid, 'MEMBER')",
			"a foreign data wrapper":   "SELECT fdwname::text FROM pg_foreign_data_wrapper WHERE has_foreign_data_wrapper_privilege($1, oid, 'USAGE')",
			"a language without trust": "SELECT lanname::text FROM pg_language WHERE lanispl AND NOT lanpltrusted AND has_language_privilege($1, oid, 'USAGE')",
		} {
			rows, err := db.Admin.Query(t.Context(), query, role)
			if err != nil {
				t.Fatal(err)
			}
			got, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil || len(got) != 0 {
				t.Errorf("%s has %s: %q, %v", role, what, got, err)
			}
		}
	}
}

// The audit log and the tokens are no tenant's: app_user must not see them at all.
func TestAppUserReachesNoTableOfThePlatform(t *testing.T) {
	db := postgrestest.New(t)
	const reach = `
		SELECT c.relname::text FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname <> 'goose_db_version'
		  AND has_table_privilege('app_user', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
		  AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'tenant_isolation')
		ORDER BY 1`
	if open := names(t, db, reach); len(open) != 0 {
		t.Errorf("app_user reaches %q, which have no policy tenant_isolation", open)
	}
	if _, err := db.Admin.Exec(t.Context(), "CREATE TABLE gap (id int); GRANT SELECT ON gap TO app_user"); err != nil {
		t.Fatal(err)
	}
	if open := names(t, db, reach); !slices.Equal(open, []string{"gap"}) {
		t.Errorf("the check finds %q, want the gap", open)
	}
}

func names(t *testing.T, db *postgrestest.Database, query string) []string {
	t.Helper()
	rows, err := db.Admin.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}
