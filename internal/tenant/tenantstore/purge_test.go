package tenantstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

const rows = 25 // several batches of ten

// furnish gives the tenant rows of all kinds, tables with children among them.
func furnish(t *testing.T, s *tenantstoretest.Store, id string) map[string]int64 {
	t.Helper()
	s.Save(t, id)
	for _, insert := range []string{
		`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id)
		 SELECT $1, gen_random_uuid(), n::text, 'created', 'd', 'High', 'c' FROM generate_series(1, $2::int) n`,
		`INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, duration_ms)
		 SELECT tenant_id, job_id, step, 'ok', $2 FROM enhancement_history, unnest('{a,b}'::text[]) step WHERE tenant_id = $1`,
		`INSERT INTO ticket_history (tenant_id, ticket_id, description) SELECT $1, n::text, 'd' FROM generate_series(1, $2::int) n`,
		`INSERT INTO ticket_embeddings (tenant_id, ticket_id, model, dimensions, vector, source_changed_at)
		 SELECT $1, n::text, 'm', 1, '\x01', now() FROM generate_series(1, $2::int) n`,
		`INSERT INTO search_collections (tenant_id, collection, next_segment) VALUES ($1, 'tickets', $2)`,
		`INSERT INTO search_postings (tenant_id, collection, segment, key, documents, postings)
		 SELECT $1, 'tickets', 1, n, 0, '\x01' FROM generate_series(1, $2::int) n`,
	} {
		exec(t, s, insert, id, rows)
	}
	return map[string]int64{
		"tenant_configs": 1, "tenant_preferences": 1, "enhancement_history": rows, "enhancement_steps": 2 * rows, "ticket_history": rows,
		"ticket_embeddings": rows, "search_collections": 1, "search_postings": rows,
	}
}

// newPurge is a store with two furnished tenants, of which alpha is deleted.
func newPurge(t *testing.T) (s *tenantstoretest.Store, want map[string]int64) {
	t.Helper()
	s = tenantstoretest.New(t)
	s.Console.SetBatch(10)
	furnish(t, s, "beta")
	want = furnish(t, s, "alpha")
	setStatus(t, s, "alpha", tenantstore.StatusDeleted)
	return s, want
}

func wantCount(t *testing.T, s *tenantstoretest.Store, id string, want map[string]int64) {
	t.Helper()
	got, err := s.Console.Count(t.Context(), id)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the rows of %s: %v, %s", id, err, diff)
	}
}

// wantGone looks for what is left of alpha.
func wantGone(t *testing.T, s *tenantstoretest.Store) {
	t.Helper()
	for _, name := range tables(t, s) {
		if n := query[int64](t, s, "SELECT count(*) FROM "+name+" WHERE tenant_id = 'alpha'")[0]; n != 0 {
			t.Errorf("%d rows of %s are left", n, name)
		}
	}
}

func TestAPurgeRemovesEverythingOfTheTenantAndNothingElse(t *testing.T) {
	s, want := newPurge(t)
	wantCount(t, s, "alpha", want)
	also := 0
	removed, err := s.Console.Purge(t.Context(), "alpha", read(t, s, "alpha").Version, func(context.Context, postgres.Tx) error {
		also++
		return nil
	})
	if diff := cmp.Diff(want, removed); err != nil || diff != "" || also != 1 {
		t.Errorf("%v, also %d times, removed %s", err, also, diff)
	}
	wantGone(t, s)
	wantCount(t, s, "beta", want) // which has as many
	if _, err := s.Console.Read(t.Context(), "alpha"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("the tenant is read: %v", err)
	}
	s.Save(t, "alpha") // the id is free again
}

func TestOnlyADeletedTenantIsPurged(t *testing.T) {
	s := tenantstoretest.New(t)
	want := furnish(t, s, "alpha")
	for _, status := range []tenantstore.Status{tenantstore.StatusEnabled, tenantstore.StatusDisabled} {
		setStatus(t, s, "alpha", status)
		if removed, err := s.Console.Purge(t.Context(), "alpha", 0, nil); !errors.Is(err, tenantstore.ErrNotDeleted) || len(removed) > 0 {
			t.Errorf("%s: removed %v, %v", status, removed, err)
		}
	}
	deleted := setStatus(t, s, "alpha", tenantstore.StatusDeleted)
	if removed, err := s.Console.Purge(t.Context(), "alpha", deleted.Version-1, nil); !errors.Is(err, tenantstore.ErrStale) || len(removed) > 0 {
		t.Errorf("another version: removed %v, %v", removed, err)
	}
	wantCount(t, s, "alpha", want)
	if _, err := s.Console.Restore(t.Context(), "alpha", 0, nil); err != nil {
		t.Errorf("after purges that were refused: %v", err)
	}
}

func TestAPurgeThatWasInterruptedIsFinishedByTheNext(t *testing.T) {
	s, want := newPurge(t)
	exec(t, s, `CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'halt'; END $$`)
	exec(t, s, "CREATE TRIGGER halt BEFORE DELETE ON ticket_history FOR EACH ROW EXECUTE FUNCTION halt()")
	version := read(t, s, "alpha").Version
	removed, err := s.Console.Purge(t.Context(), "alpha", version, nil)
	if err == nil || removed["ticket_embeddings"] != rows || removed["ticket_history"] != 0 {
		t.Fatalf("halted: removed %v, %v", removed, err)
	}
	record := read(t, s, "alpha")
	if record.PurgeStartedAt == nil || record.Status != tenantstore.StatusDeleted {
		t.Errorf("a purge has begun, and it is %s since %v", record.Status, record.PurgeStartedAt)
	}
	if _, err := s.Console.Restore(t.Context(), "alpha", 0, nil); !errors.Is(err, tenantstore.ErrPurging) {
		t.Errorf("what is half gone is restored: %v", err)
	}
	exec(t, s, "DROP TRIGGER halt ON ticket_history")
	failure := errors.New("the audit log is full")
	rest, err := s.Console.Purge(t.Context(), "alpha", version, func(context.Context, postgres.Tx) error { return failure })
	if !errors.Is(err, failure) || rest["tenant_configs"] != 0 {
		t.Errorf("without its audit entry: removed %v, %v", rest, err)
	}
	last, err := s.Console.Purge(t.Context(), "alpha", version, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := maps.Clone(removed)
	for _, part := range []map[string]int64{rest, last} {
		for name, n := range part {
			sum[name] += n
		}
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("the parts do not make the whole: %s", diff)
	}
	wantGone(t, s)
}

// awaitBlocked returns when a connection waits for a lock of another.
func awaitBlocked(t *testing.T, s *tenantstoretest.Store) {
	t.Helper()
	for !query[bool](t, s, `
		SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database())`)[0] {
		time.Sleep(time.Millisecond)
	}
}

type purged struct {
	removed map[string]int64
	err     error
}

func purgeBeside(t *testing.T, s *tenantstoretest.Store) <-chan purged {
	t.Helper()
	done := make(chan purged, 1)
	go func() {
		removed, err := s.Console.Purge(t.Context(), "alpha", 0, nil)
		done <- purged{removed, err}
	}()
	return done
}

// A job that is at work when its tenant is purged holds rows that nobody sees yet.
func TestAJobAtWorkDoesNotBringRowsBack(t *testing.T) {
	for name, c := range map[string]struct {
		table  string
		writes []string
	}{
		// Its job is removed when the step is there and was not seen: it goes by the cascade, which no statement reports.
		"a step": {"enhancement_steps", []string{
			`INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, duration_ms)
			 SELECT tenant_id, job_id, 'c', 'ok', 1 FROM enhancement_history WHERE ticket_id = '7'`,
		}},
		"a note": {"ticket_notes", []string{`INSERT INTO ticket_notes (tenant_id, ticket_id) VALUES ('alpha', '1')`}},
		// They refer to nothing: a trigger removes them with their collection.
		"postings": {"search_postings", []string{
			"SELECT FROM search_collections FOR UPDATE",
			`INSERT INTO search_postings (tenant_id, collection, segment, key, documents, postings) VALUES ('alpha', 'tickets', 2, 1, 0, '\x01')`,
		}},
		"postings of a changed collection": {"search_postings", []string{
			"UPDATE search_collections SET next_segment = 2",
			`INSERT INTO search_postings (tenant_id, collection, segment, key, documents, postings) VALUES ('alpha', 'tickets', 2, 1, 0, '\x01')`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, want := newPurge(t)
			var done <-chan purged
			err := s.DB.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
				for _, write := range c.writes {
					if _, err := tx.Exec(t.Context(), write); err != nil {
						return err
					}
				}
				done = purgeBeside(t, s)
				awaitBlocked(t, s)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want[c.table]++
			got := <-done
			if diff := cmp.Diff(want, got.removed); got.err != nil || diff != "" {
				t.Errorf("%v, removed %s", got.err, diff)
			}
			wantGone(t, s)
		})
	}
}

func TestAfterAPurgeNothingCanBeAdded(t *testing.T) {
	s, _ := newPurge(t)
	if _, err := s.Console.Purge(t.Context(), "alpha", 0, nil); err != nil {
		t.Fatal(err)
	}
	for _, insert := range []string{
		`INSERT INTO ticket_notes (tenant_id, ticket_id) VALUES ($1, '2')`,
		`INSERT INTO search_collections (tenant_id, collection) VALUES ($1, 'articles')`,
	} {
		for id, may := range map[string]bool{"alpha": false, "beta": true} {
			err := s.DB.InTenant(t.Context(), id, func(tx postgres.Tx) error {
				_, err := tx.Exec(t.Context(), insert, id)
				return err
			})
			if (err == nil) != may {
				t.Errorf("%s: %s: %v", id, insert, err)
			}
		}
	}
}

// The job holds one ticket and wants another; the purge, in the same batch, holds that one and wants the first.
func TestAPurgeSurvivesADeadlockWithAJob(t *testing.T) {
	s, _ := newPurge(t)
	var done <-chan purged
	touch := func(tx postgres.Tx, ticket string) error {
		_, err := tx.Exec(t.Context(), "UPDATE ticket_history SET subject = 'changed' WHERE ticket_id = $1", ticket)
		return err
	}
	err := s.DB.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
		if err := touch(tx, "10"); err != nil {
			return err
		}
		done = purgeBeside(t, s)
		awaitBlocked(t, s)
		return touch(tx, "1")
	})
	// The server ends one of the two, mostly the one that has waited longer, which is the purge.
	t.Logf("the job: %v", err)
	if got := <-done; got.err != nil || got.removed["ticket_history"] != rows {
		t.Errorf("the purge: %v, removed %v", got.err, got.removed)
	}
	wantGone(t, s)
}

func TestTwoPurgesAtOnceRemoveEachRowOnce(t *testing.T) {
	s, want := newPurge(t)
	first, second := purgeBeside(t, s), purgeBeside(t, s.Replica(t))
	sum := map[string]int64{}
	for _, done := range []<-chan purged{first, second} {
		got := <-done
		if got.err != nil && !errors.Is(got.err, tenant.ErrNotFound) {
			t.Errorf("the other one was first, and: %v", got.err)
		}
		for name, n := range got.removed {
			sum[name] += n
		}
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("together: %s", diff)
	}
	wantGone(t, s)
}

// One purge has begun, another one finishes, and the id is given to a tenant, which may be deleted and purged in its turn.
func TestAPurgeLeavesTheNextTenantOfTheIDAlone(t *testing.T) {
	s, want := newPurge(t)
	finish, err := s.Console.BeginPurge(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Console.Purge(t.Context(), "alpha", 0, nil); err != nil {
		t.Fatal(err)
	}
	furnish(t, s, "alpha")
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"created", func() error { return nil }},
		{"deleted", func() error {
			return second(s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDeleted, 0, nil))
		}},
		{"being purged itself", func() error { return second(s.Console.BeginPurge(t.Context(), "alpha")) }},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if removed, err := finish(); !errors.Is(err, tenant.ErrNotFound) || len(removed) != 0 {
			t.Errorf("%s: removed %v, %v", step.name, removed, err)
		}
		wantCount(t, s, "alpha", want)
	}
}

// While a step is at work, nobody removes the tenant: between looking and removing, it stays the one that is purged.
func TestAStepOfAPurgeHoldsItsTenant(t *testing.T) {
	s, want := newPurge(t)
	tx, err := s.Database.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM ticket_embeddings WHERE tenant_id = 'alpha' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	done := purgeBeside(t, s)
	awaitBlocked(t, s)
	err = s.ConsoleDB.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "SELECT FROM tenant_configs WHERE tenant_id = 'alpha' FOR UPDATE NOWAIT")
		return err
	})
	if answer, ok := errors.AsType[*pgconn.PgError](err); !ok || answer.Code != pgerrcode.LockNotAvailable {
		t.Errorf("the tenant can be removed below a step: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if diff := cmp.Diff(want, got.removed); got.err != nil || diff != "" {
		t.Errorf("%v, removed %s", got.err, diff)
	}
}

func TestAnEndedPurgeSaysWhatIsGone(t *testing.T) {
	s, want := newPurge(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tx, err := s.Database.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM enhancement_history WHERE tenant_id = 'alpha' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan purged, 1)
	go func() {
		removed, err := s.Console.Purge(ctx, "alpha", 0, nil)
		done <- purged{removed, err}
	}()
	awaitBlocked(t, s)
	cancel()
	got := <-done
	if !errors.Is(got.err, context.Canceled) {
		t.Errorf("it ended with %v", got.err)
	}
	if err := tx.Rollback(t.Context()); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		t.Fatal(err)
	}
	left, err := s.Console.Count(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range want {
		if got.removed[name]+left[name] != n {
			t.Errorf("of %d rows of %s, %d are gone and %d left", n, name, got.removed[name], left[name])
		}
	}
	if fmt.Sprint(got.removed) == "map[]" {
		t.Error("nothing is gone: this test proves nothing")
	}
}
