package postgrestest

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// cleanupGrace bounds the closing of a test's pools.
const cleanupGrace = 10 * time.Second

// shared is the server of this test binary. It is a package variable because package testing offers no
// other way from TestMain to a test.
//
//nolint:gochecknoglobals // see above
var shared atomic.Pointer[server]

// Main runs the tests of a binary and cleans up after them. It does not return.
func Main(m *testing.M) {
	s := &server{}
	shared.Store(s)
	collectLess()
	code := m.Run()
	if err := s.close(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "postgrestest: clean up:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// collectLess has the garbage collector run less often, which saves a tenth of the time: a test's heap is small. What
// is set in the environment stands, and benchmarks run as the product does.
func collectLess() {
	const percent = 400
	flag.Parse() // as m.Run would
	if bench := flag.Lookup("test.bench"); os.Getenv("GOGC") == "" && (bench == nil || bench.Value.String() == "") {
		debug.SetGCPercent(percent)
	}
}

// Database belongs to one test and is dropped at its end.
type Database struct {
	// AppURL connects as app_user, as gateway and enhancer do; ConsoleURL as console_user; AdminURL as the owner of the tables.
	AppURL, ConsoleURL, AdminURL string
	// Pool connects as app_user.
	Pool *pgxpool.Pool
	// Admin connects as the owner of the tables. Like Pool, it opens no connection before its first query.
	Admin *pgxpool.Pool
}

// New makes a migrated, empty database for the test.
func New(t testing.TB) *Database {
	t.Helper()
	s := running(t)
	return s.create(t, s.template)
}

// Empty makes a database without any table, owned by admin, for tests of the migrations themselves.
func Empty(t testing.TB) *Database {
	t.Helper()
	return running(t).create(t, "template0")
}

func running(t testing.TB) *server {
	t.Helper()
	s := shared.Load()
	if s == nil {
		t.Fatal("this package needs `func TestMain(m *testing.M) { postgrestest.Main(m) }`")
	}
	// Not the test's context: the server outlives the test that happens to be first.
	if err := s.ensure(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("prepare PostgreSQL for the tests: %v", err)
	}
	return s
}

func (s *server) create(t testing.TB, template string) *Database {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	quoted := pgx.Identifier{name}.Sanitize()
	// Copying files takes half the time of WAL_LOG where nothing is synced. Before version 15 there is no other way,
	// and no word for it.
	var strategy string
	err := s.pool.QueryRow(t.Context(), `
		SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 THEN ' STRATEGY FILE_COPY' ELSE '' END`).Scan(&strategy)
	if err != nil {
		t.Fatalf("ask the server for its version: %v", err)
	}
	_, err = s.pool.Exec(t.Context(), "CREATE DATABASE "+quoted+
		" OWNER "+pgx.Identifier{postgres.RoleAdmin}.Sanitize()+
		" TEMPLATE "+pgx.Identifier{template}.Sanitize()+strategy)
	if err != nil {
		t.Fatalf("clone database %s: %v", template, err)
	}
	db := &Database{
		AppURL:     s.url(name, postgres.RoleApp, s.roles.AppPassword),
		ConsoleURL: s.url(name, postgres.RoleConsole, s.roles.ConsolePassword),
		AdminURL:   s.url(name, postgres.RoleAdmin, s.roles.AdminPassword),
	}
	background := context.WithoutCancel(t.Context()) // the test's own is cancelled before its cleanup
	t.Cleanup(func() {
		if _, err := s.pool.Exec(background, "DROP DATABASE "+quoted+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	db.Pool = testPool(t, db.AppURL)
	db.Admin = testPool(t, db.AdminURL)
	return db
}

func testPool(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	pool, err := openPool(context.WithoutCancel(t.Context()), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closePool(t, pool) })
	return pool
}

// closePool turns a connection that the test never gave back into a failure; Close alone would wait forever.
func closePool(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(cleanupGrace):
		t.Errorf("the test still holds %d database connections: release or close them", pool.Stat().AcquiredConns())
	}
}

// Open connects to the database as gateway and enhancer do. It is closed with the test.
func (d *Database) Open(t testing.TB) *postgres.DB {
	t.Helper()
	return open(t, d.AppURL)
}

// OpenConsole connects to the database as the console does. It is closed with the test.
func (d *Database) OpenConsole(t testing.TB) *postgres.DB {
	t.Helper()
	return open(t, d.ConsoleURL)
}

func open(t testing.TB, address string) *postgres.DB {
	t.Helper()
	const connections, patience = 8, 10 * time.Second
	db, err := postgres.Open(t.Context(), address, postgres.Config{MaxConns: connections, ConnectTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}
