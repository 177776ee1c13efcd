package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func config() postgres.Config {
	return postgres.Config{MaxConns: 2, ConnectTimeout: 5 * time.Second}
}

func TestOpenRefusesARoleThatCouldReadAcrossTenants(t *testing.T) {
	db := postgrestest.New(t)
	_, err := postgres.Open(t.Context(), db.AdminURL, config())
	if !errors.Is(err, postgres.ErrUnsafeRole) {
		t.Errorf("as the owner of the tables: %v, want ErrUnsafeRole", err)
	}
	if _, err := db.Admin.Exec(t.Context(), "CREATE TABLE stray (id int)"); err != nil {
		t.Fatal(err)
	}
	for role, address := range map[string]string{postgres.RoleApp: db.AppURL, postgres.RoleConsole: db.ConsoleURL} {
		opened, err := postgres.Open(t.Context(), address, config())
		if err != nil {
			t.Fatalf("as %s: %v", role, err)
		}
		opened.Close()
	}
}

func TestOpenRefusesASchemaThatIsTooOld(t *testing.T) {
	for name, spoil := range map[string]string{
		"a version behind": "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)",
		"never migrated":   "DROP TABLE goose_db_version",
		"another release":  "REVOKE SELECT ON goose_db_version FROM app_user",
	} {
		db := postgrestest.New(t)
		if _, err := db.Admin.Exec(t.Context(), spoil); err != nil {
			t.Fatal(err)
		}
		_, err := postgres.Open(t.Context(), db.AppURL, config())
		if !errors.Is(err, postgres.ErrOldSchema) || !strings.Contains(err.Error(), "migrate up") {
			t.Errorf("%s: %v, want ErrOldSchema", name, err)
		}
	}
	db := postgrestest.New(t)
	if _, err := db.Admin.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, true)"); err != nil {
		t.Fatal(err)
	}
	opened, err := postgres.Open(t.Context(), db.AppURL, config())
	if err != nil {
		t.Fatalf("a newer schema: %v", err)
	}
	opened.Close()
}

func TestOpenHidesTheURL(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://app_user:hunter2hunter2@[broken/db", config())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want one without the password", err)
	}
}

func TestOpenGivesUpOnAServerThatIsNotThere(t *testing.T) {
	cfg := config()
	cfg.ConnectTimeout = 300 * time.Millisecond
	_, err := postgres.Open(t.Context(), "postgres://app_user:hunter2hunter2@127.0.0.1:1/db?sslmode=disable", cfg)
	if err == nil || !strings.Contains(err.Error(), "did not answer within 300ms") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want one that says how long was waited, without the password", err)
	}
}

func TestInTenant(t *testing.T) {
	test := postgrestest.New(t)
	db, err := postgres.Open(t.Context(), test.AppURL, config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	setting := func(tenantID string) (value string, err error) {
		err = db.InTenant(t.Context(), tenantID, func(tx postgres.Tx) error {
			return tx.QueryRow(t.Context(), "SELECT current_setting('app.tenant_id')").Scan(&value)
		})
		return value, err
	}
	if got, err := setting("alpha"); err != nil || got != "alpha" {
		t.Errorf("inside of the transaction the tenant is %q, %v", got, err)
	}
	if _, err := setting(""); err == nil {
		t.Error("a transaction without a tenant was begun")
	}
	// Both pooled connections are clean afterwards.
	for range 4 {
		var left string
		if err := test.Pool.QueryRow(t.Context(), "SELECT coalesce(current_setting('app.tenant_id', true), '')").Scan(&left); err != nil || left != "" {
			t.Errorf("a connection still carries tenant %q, %v", left, err)
		}
	}
	failure := errors.New("example")
	err = db.InTenant(t.Context(), "alpha", func(postgres.Tx) error { return failure })
	if !errors.Is(err, failure) {
		t.Errorf("the function's error is lost: %v", err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Ping(ended); err == nil {
		t.Error("a ping with an ended context succeeded")
	}
}

func TestARestartOfTheServerCostsNoTransaction(t *testing.T) {
	test := postgrestest.New(t)
	db, err := postgres.Open(t.Context(), test.AppURL, postgres.Config{MaxConns: 4, ConnectTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	use := func() error {
		return db.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "SELECT pg_sleep(0.05)")
			return err
		})
	}
	var wg sync.WaitGroup
	for range 4 { // so that the pool has four connections
		wg.Go(func() {
			if err := use(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// The owner of the sessions may end them, which is what a restart does to all.
	_, err = test.Pool.Exec(t.Context(), `
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE usename = 'app_user' AND datname = current_database() AND pid <> pg_backend_pid()`)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := use(); err != nil {
			t.Errorf("after the restart: %v", err)
		}
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEnsureRolesNamesWhatWentWrong(t *testing.T) {
	db := postgrestest.New(t)
	err := postgres.EnsureRoles(t.Context(), db.AppURL, postgres.Roles{AppPassword: "example-only"})
	if err == nil || !strings.Contains(err.Error(), "create role admin") || strings.Contains(err.Error(), "example-only") {
		t.Errorf("as a role that may not: %v", err)
	}
	if err := postgres.EnsureRoles(t.Context(), "postgres://nobody@127.0.0.1:1/x", postgres.Roles{}); err == nil {
		t.Error("no server, and no error")
	}
}

func TestHowThePoolIsUsed(t *testing.T) {
	cfg := config()
	cfg.MaxConns = 1
	db, err := postgres.Open(t.Context(), postgrestest.New(t).AppURL, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	before := db.Connections()
	if before.Max != 1 || before.Acquired != 0 || before.Idle != 1 {
		t.Errorf("%+v", before)
	}
	err = db.InTenant(t.Context(), "alpha", func(postgres.Tx) error {
		if p := db.Connections(); p.Acquired != 1 || p.Idle != 0 {
			t.Errorf("in use: %+v", p)
		}
		gone, leave := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer leave()
		if err := db.Ping(gone); err == nil {
			t.Error("there are more connections than one")
		}
		return nil
	})
	if after := db.Connections(); err != nil || after.Canceled != before.Canceled+1 || after.Waits < before.Waits || after.Waited < before.Waited {
		t.Errorf("%+v after %+v, %v", after, before, err)
	}
}
