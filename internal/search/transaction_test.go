package search

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

func TestTenantsDoNotMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 { // their numbers are the same, and so are their segments'
		w.add(t, north, Document{Title: "printer", Body: fmt.Sprintf("north %d", i)})
		w.add(t, south, Document{Title: "printer", Body: fmt.Sprintf("south %d", i)})
	}
	if got := w.find(t, north, Document{Title: "south"}, 10); len(got.Hits) != 0 {
		t.Errorf("north finds %v of south", got.Hits)
	}
	w.remove(t, south, 3, 4, 5)
	got := w.find(t, north, Document{Title: "printer north"}, 100)
	if len(got.Hits) != 20 {
		t.Errorf("north has %d documents after south removed some, want 20", len(got.Hits))
	}
	err := w.db.InTenantSnapshot(t.Context(), north, func(tx postgres.Tx) error {
		other, err := Articles.Find(t.Context(), tx, Document{Title: "printer"}, 10)
		if len(other.Hits) != 0 {
			t.Errorf("found %v in another collection", other.Hits)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppUserSeesNothingWithoutATenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, north, numbered(1))
	for _, table := range []string{"search_collections", "search_segments", "search_postings"} {
		var enabled, forced bool
		err := w.admin.QueryRow(t.Context(), `SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass`, table).Scan(&enabled, &forced)
		if err != nil || !enabled || !forced {
			t.Errorf("%s has row-level security enabled %t, forced %t (%v)", table, enabled, forced, err)
		}
		if n := w.count(t, table); n == 0 {
			t.Errorf("%s has no row: this proves nothing", table)
		}
		err = w.db.InTenant(t.Context(), "nobody", func(tx postgres.Tx) error {
			for _, nobody := range []string{"nobody", ""} {
				var n int
				if _, err := tx.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, true)", nobody); err != nil {
					return err
				}
				if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
					t.Errorf("as %q, %d rows of %s are visible (%v)", nobody, n, table, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Between the statements of a search, a writer merges the segments that it read first.
func TestFindWhileSegmentsAreMerged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range mergeFactor - 1 {
		w.add(t, north, numbered(i))
	}
	query := Document{Title: "printer z3z", Body: "paper"}
	want := w.find(t, north, query, 100)
	before := w.segments(t, north)
	merged := false
	err := w.db.InTenantSnapshot(t.Context(), north, func(tx postgres.Tx) error {
		hook := &hooked{Tx: tx, before: func(n int) {
			if n == 2 {
				w.remove(t, north, 2)
				w.add(t, north, numbered(mergeFactor))
				w.add(t, north, numbered(mergeFactor+1))
				merged = true
			}
		}}
		got, err := Tickets.Find(t.Context(), hook, query, 100)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("found %+v, want what was there at the beginning: %+v", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := w.segments(t, north); !merged || len(after) >= len(before) {
		t.Errorf("%d segments, before it were %d: nothing was merged", len(after), len(before))
	}
}

func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	const writers, batches = 4, 6
	w := newWorld(t)
	var (
		mu  sync.Mutex
		all = newOracle()
		wg  sync.WaitGroup
	)
	for writer := range writers {
		wg.Go(func() {
			for batch := range batches {
				documents := []Document{numbered(100*writer + 2*batch), numbered(100*writer + 2*batch + 1)}
				first := w.add(t, north, documents...)
				w.remove(t, north, first)
				mu.Lock()
				all.add(first+1, documents[1:])
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(all.live) != writers*batches {
		t.Fatalf("%d distinct numbers, want %d", len(all.live), writers*batches)
	}
	got := w.find(t, north, Document{Title: "printer"}, 1000)
	var numbers []int32
	for _, hit := range got.Hits {
		numbers = append(numbers, hit.Document)
	}
	slices.Sort(numbers)
	for i, d := range numbers {
		if _, ok := all.live[d]; !ok || i > 0 && numbers[i-1] == d {
			t.Errorf("found document %d, which was removed or came before", d)
		}
	}
	if len(numbers) != len(all.live) {
		t.Errorf("found %d documents, want %d", len(numbers), len(all.live))
	}
}

// A second writer waits for the first before it numbers anything.
func TestLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, north, numbered(0))
	second := make(chan int32)
	err := w.db.InTenant(t.Context(), north, func(tx postgres.Tx) error {
		if err := Tickets.Lock(t.Context(), tx); err != nil {
			return err
		}
		go func() { second <- w.add(t, north, numbered(2)) }()
		for w.count(t, "pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()") == 0 {
			select {
			case <-second:
				return errors.New("the second writer did not wait")
			case <-t.Context().Done():
				return t.Context().Err()
			default:
			}
		}
		// Neither another tenant nor another collection has to wait.
		w.add(t, south, numbered(0))
		err := w.db.InTenant(t.Context(), north, func(tx postgres.Tx) error { return Articles.Lock(t.Context(), tx) })
		if err != nil {
			return err
		}
		first, err := Tickets.Add(t.Context(), tx, []Document{numbered(1)})
		if first != 1 {
			t.Errorf("the first writer's document has the number %d, want 1", first)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-second; got != 2 {
		t.Errorf("the second writer's document has the number %d, want 2", got)
	}
}

func TestRollbackLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range mergeFactor - 1 {
		w.add(t, north, numbered(i))
	}
	snapshot := func() (rows [3]int) {
		for i, table := range []string{"search_collections", "search_segments", "search_postings"} {
			rows[i] = w.count(t, table)
		}
		return rows
	}
	before, broken := snapshot(), errors.New("broken")
	err := w.db.InTenant(t.Context(), north, func(tx postgres.Tx) error {
		if err := Tickets.Lock(t.Context(), tx); err != nil {
			return err
		}
		if _, err := Tickets.Add(t.Context(), tx, []Document{numbered(50)}); err != nil { // merges
			return err
		}
		if err := Tickets.Remove(t.Context(), tx, []int32{1, 2}); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if after := snapshot(); after != before {
		t.Errorf("rows after the rollback %v, before %v", after, before)
	}
	if got := w.find(t, north, Document{Title: "z1z z50z"}, 10); len(got.Hits) != 1 || got.Hits[0].Document != 1 {
		t.Errorf("found %v, want document 1 and not the one that was rolled back", got.Hits)
	}
	if first := w.add(t, north, numbered(51)); first != mergeFactor-1 {
		t.Errorf("the next document has the number %d, want %d", first, mergeFactor-1)
	}
}

func TestWritingNeedsTheLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	err := w.db.InTenant(t.Context(), north, func(tx postgres.Tx) error {
		_, err := Tickets.Add(t.Context(), tx, []Document{numbered(1)})
		return err
	})
	if err == nil {
		t.Error("a collection was written to that nobody locked")
	}
	err = w.db.InTenant(t.Context(), "nobody", func(tx postgres.Tx) error { return Tickets.Lock(t.Context(), tx) })
	if err == nil {
		t.Error("a tenant that does not exist has an index")
	}
	err = w.db.InTenant(t.Context(), north, func(tx postgres.Tx) error {
		if err := Tickets.Lock(t.Context(), tx); err != nil {
			return err
		}
		_, err := Tickets.Add(t.Context(), tx, nil)
		return err
	})
	if err == nil {
		t.Error("nothing was indexed, without an error")
	}
}

func TestDropOutdated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, north, numbered(0), numbered(1), numbered(2))
	w.add(t, north, numbered(3))
	w.add(t, north, numbered(4), numbered(5))
	w.add(t, south, numbered(0))
	w.exec(t, "UPDATE search_segments SET analyzer = $1 WHERE tenant_id = $2 AND first_document <> 3", analyzerVersion-1, north)
	drop := func(all bool) (ranges []Range) {
		t.Helper()
		err := w.db.InTenant(t.Context(), north, func(tx postgres.Tx) (err error) {
			if err = Tickets.Lock(t.Context(), tx); err == nil {
				ranges, err = Tickets.DropOutdated(t.Context(), tx, all)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ranges
	}
	if got, want := drop(false), []Range{{0, 3}, {4, 6}}; !slices.Equal(got, want) {
		t.Errorf("dropped %v, want %v", got, want)
	}
	if got := drop(false); len(got) != 0 {
		t.Errorf("dropped %v again", got)
	}
	if got := w.find(t, north, Document{Title: "printer"}, 10); len(got.Hits) != 1 || got.Hits[0].Document != 3 {
		t.Errorf("found %v, want what was not dropped", got.Hits)
	}
	if got, want := drop(true), []Range{{3, 4}}; !slices.Equal(got, want) {
		t.Errorf("dropped %v of all, want %v", got, want)
	}
	if n := w.count(t, "search_postings WHERE tenant_id = $1", north); n != 0 {
		t.Errorf("%d rows of postings are left", n)
	}
	if got := w.find(t, south, Document{Title: "printer"}, 10); len(got.Hits) != 1 {
		t.Errorf("south's index has %v", got.Hits)
	}
	if first := w.add(t, north, numbered(9)); first != 6 {
		t.Errorf("a number was given out again: %d", first)
	}
}

// Segments that others rules made are searched, but never merged with those of today.
func TestMergeLeavesOutdatedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, north, numbered(0))
	w.exec(t, "UPDATE search_segments SET analyzer = $1", analyzerVersion-1)
	for i := range mergeFactor {
		w.add(t, north, numbered(i+1))
	}
	segments := w.segments(t, north)
	if len(segments) != 2 || segments[0].analyzer == segments[1].analyzer {
		t.Errorf("segments %+v, want the outdated one and one of the others", segments)
	}
	if got := w.find(t, north, Document{Title: "printer"}, 100); len(got.Hits) != mergeFactor+1 {
		t.Errorf("found %d documents, want all %d", len(got.Hits), mergeFactor+1)
	}
}

func TestDeletingTheTenantDeletesTheIndex(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"admin", "console_user"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, tenantID := range []string{north, south} {
				w.add(t, tenantID, numbered(1), numbered(2))
			}
			if role == "admin" {
				w.exec(t, "DELETE FROM tenant_configs WHERE tenant_id = $1", north)
			} else {
				err := w.console(t).InTenant(t.Context(), north, func(tx postgres.Tx) error {
					_, err := tx.Exec(t.Context(), "DELETE FROM tenant_configs WHERE tenant_id = $1", north)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, table := range []string{"search_collections", "search_segments", "search_postings"} {
				if n := w.count(t, table+" WHERE tenant_id = $1", north); n != 0 {
					t.Errorf("%d rows of %s are left", n, table)
				}
				if n := w.count(t, table+" WHERE tenant_id = $1", south); n == 0 {
					t.Errorf("the neighbour's rows of %s are gone too", table)
				}
			}
		})
	}
}
