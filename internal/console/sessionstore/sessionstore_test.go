package sessionstore_test

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a store with a clock of its own.
type world struct {
	*sessionstore.Store

	database *postgrestest.Database
	mu       sync.Mutex
	now      time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Config{MaxConns: 4, ConnectTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func newSealer(t *testing.T) *tenant.Sealer {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{database: postgrestest.New(t), now: time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)}
	w.Store = sessionstore.New(open(t, w.database.ConsoleURL), newSealer(t), w.clock)
	return w
}

func (w *world) example() sessionstore.Session {
	return sessionstore.Session{
		Token: "example-token", TokenEnds: w.now.Add(5 * time.Minute), Refresh: "example-refresh", Subject: "person:jane (7f3e)",
		Tenants: []string{"alpha"}, Permissions: []string{"jobs:read"}, Ends: w.now.Add(10 * time.Hour),
	}
}

func TestASessionIsFoundUntilItEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.Begin(t.Context(), w.example())
	if err != nil || len(id.Reveal()) < 50 {
		t.Fatalf("%d characters, %v", len(id.Reveal()), err)
	}
	got, err := w.Find(t.Context(), id)
	got.Ends = got.Ends.UTC()
	if err != nil || !reflect.DeepEqual(got, w.example()) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, other := range []tenant.Secret{"", "x", id + "x"} {
		if _, err := w.Find(t.Context(), other); !errors.Is(err, sessionstore.ErrNone) {
			t.Errorf("%q: %v", other, err)
		}
	}
	w.pass(10 * time.Hour)
	if _, err := w.Find(t.Context(), id); !errors.Is(err, sessionstore.ErrNone) {
		t.Errorf("at its end: %v", err)
	}
	if n, err := w.Prune(t.Context(), time.Hour); n != 0 || err != nil {
		t.Errorf("too soon: %d, %v", n, err)
	}
	if n, err := w.Prune(t.Context(), 0); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAnEndedSessionIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.Begin(t.Context(), w.example())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.End(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Find(t.Context(), id); !errors.Is(err, sessionstore.ErrNone) {
		t.Errorf("%v", err)
	}
}

// A refresh token may be good once: of requests that come at once, one renews and the others have what it got.
func TestASessionIsRenewedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.Begin(t.Context(), w.example())
	if err != nil {
		t.Fatal(err)
	}
	seen, err := w.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		times int
		all   sync.WaitGroup
	)
	for range 8 {
		all.Go(func() {
			got, err := w.Renew(t.Context(), id, seen, func(s sessionstore.Session) (sessionstore.Session, error) {
				mu.Lock()
				defer mu.Unlock()
				times++
				s.Token, s.Refresh = "another-token", "another-refresh"
				return s, nil
			})
			if err != nil || got.Token != "another-token" || got.Subject != seen.Subject {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if times != 1 {
		t.Errorf("renewed %d times", times)
	}
	now, err := w.Find(t.Context(), id)
	if err != nil || now.Refresh != "another-refresh" {
		t.Errorf("%+v, %v", now, err)
	}
	refused := errors.New("no")
	if _, err := w.Renew(t.Context(), id, now, func(sessionstore.Session) (sessionstore.Session, error) { return sessionstore.Session{}, refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	if after, err := w.Find(t.Context(), id); err != nil || after.Token != now.Token {
		t.Errorf("a renewal that failed has changed it: %+v, %v", after, err)
	}
	if _, err := w.Renew(t.Context(), "x", now, nil); !errors.Is(err, sessionstore.ErrNone) {
		t.Errorf("of none: %v", err)
	}
}

// Whoever writes to the table, and has no key, makes no session, and none into another one.
func TestAForgedRowIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, err := w.Begin(t.Context(), w.example())
	if err != nil {
		t.Fatal(err)
	}
	admin := w.example()
	admin.Subject = "person:admin (1)"
	if _, err := w.Begin(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	const swap = "UPDATE console_sessions a SET sealed = b.sealed FROM console_sessions b WHERE a.hash <> b.hash"
	if _, err := w.database.Admin.Exec(t.Context(), swap); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Find(t.Context(), mine); !errors.Is(err, sessionstore.ErrNone) {
		t.Errorf("%+v, %v", got, err)
	}
	other := sessionstore.New(open(t, w.database.ConsoleURL), newSealer(t), w.clock)
	if id, err := other.Begin(t.Context(), w.example()); err != nil {
		t.Fatal(err)
	} else if _, err := w.Find(t.Context(), id); !errors.Is(err, sessionstore.ErrNone) {
		t.Errorf("sealed with another key: %v", err)
	}
}

func TestAppsDoNotSeeSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.database.Pool.Exec(t.Context(), "SELECT 1 FROM console_sessions"); err == nil {
		t.Error("an app reads them")
	}
	var plain bool
	id, err := w.Begin(t.Context(), w.example())
	if err != nil {
		t.Fatal(err)
	}
	const look = "SELECT position(convert_to($1, 'UTF8') in hash || sealed) > 0 OR position(convert_to('example-token', 'UTF8') in sealed) > 0 FROM console_sessions"
	if err := w.database.Admin.QueryRow(t.Context(), look, id.Reveal()).Scan(&plain); err != nil || plain {
		t.Errorf("a secret stands in the table: %t, %v", plain, err)
	}
}
