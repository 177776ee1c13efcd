package migrations_test

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

const versionsMigration = 14

// A tenant that is there when the versions begin to be given once may be the second of its id.
func TestEveryTenantThatIsThereGetsAVersionThatNoneEverHad(t *testing.T) {
	db := postgrestest.New(t)
	m, err := postgres.OpenMigrator(db.AdminURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.DownTo(t.Context(), versionsMigration-1); err != nil {
		t.Fatal(err)
	}
	const insert = `INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		VALUES ($1, 'example', 'https://sdp.example.com/api/v3', 'onprem', 'x', 'x')`
	for _, id := range []string{"alpha", "beta"} {
		if _, err := db.Admin.Exec(t.Context(), insert, id); err != nil {
			t.Fatal(err)
		}
	}
	const most = 7_000_000
	if _, err := db.Admin.Exec(t.Context(), "UPDATE tenant_configs SET version = $1 WHERE tenant_id = 'beta'", most); err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Admin.Exec(t.Context(), insert, "gamma"); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Admin.Query(t.Context(), "SELECT version FROM tenant_configs ORDER BY version")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var versions []int64
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, version)
	}
	if rows.Err() != nil || len(slices.Compact(slices.Clone(versions))) != 3 || versions[0] <= most {
		t.Errorf("versions %d after %d, %v", versions, most, rows.Err())
	}
}

func TestNoVersionIsGivenTwice(t *testing.T) {
	db := postgrestest.New(t)
	for name, c := range map[string]struct {
		url, statement string
		may            bool
	}{
		"the console goes on":               {db.ConsoleURL, "SELECT nextval('tenant_versions')", true},
		"the console does not go back":      {db.ConsoleURL, "SELECT setval('tenant_versions', 1000000)", false},
		"the console does not restart":      {db.ConsoleURL, "ALTER SEQUENCE tenant_versions RESTART", false},
		"gateway and enhancer take nothing": {db.AppURL, "SELECT nextval('tenant_versions')", false},
		"nor do they go back":               {db.AppURL, "SELECT setval('tenant_versions', 1000000)", false},
	} {
		_, err := connect(t, c.url).Exec(t.Context(), c.statement)
		if c.may != (err == nil) || !c.may && !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whoever has an app's connection must not be able to stop every change by holding the audit log's lock.
func TestAppsCannotHoldTheAuditLogsLock(t *testing.T) {
	db := postgrestest.New(t)
	for _, url := range []string{db.AppURL, db.ConsoleURL} {
		conn := connect(t, url)
		for _, statement := range []string{
			"LOCK TABLE audit_turn IN ACCESS SHARE MODE", "LOCK TABLE audit_turn IN EXCLUSIVE MODE", "SELECT audit_lock()",
			"SELECT FROM audit_turn", "LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE",
		} {
			if _, err := conn.Exec(t.Context(), "BEGIN; "+statement); !refused(err) {
				t.Errorf("%s: %v", statement, err)
			}
			if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
				t.Fatal(err)
			}
		}
		// What anybody may hold: no lock that an append waits for is among it.
		if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(7954892031775401061)"); err != nil {
			t.Fatal(err)
		}
		other := connect(t, db.AppURL)
		if _, err := other.Exec(t.Context(), "SET lock_timeout = '5s'"); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Exec(t.Context(), "SELECT audit_append('tenant.create', 'ok', 'example', '', '', '', '', '{}')"); err != nil {
			t.Errorf("an entry waits for what an app holds: %v", err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_unlock_all()"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryFunctionLooksForTemporaryTablesLast(t *testing.T) {
	db := postgrestest.New(t)
	const first = `SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
		AND NOT '{"search_path=pg_catalog, pg_temp"}' <@ coalesce(proconfig, '{}') ORDER BY 1`
	if found := names(t, db, first); len(found) != 0 {
		t.Errorf("pg_temp comes first for %q", found)
	}
}
