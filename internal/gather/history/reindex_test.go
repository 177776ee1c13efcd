package history_test

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
)

// insertPlain puts tickets there as they are after the migration of an older database: not in the index.
func (d *desk) insertPlain(tenantID string, from, to int) {
	d.t.Helper()
	d.exec(`
		INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at)
		SELECT $1, 't' || n, 'Scanner hangs z' || n || 'z', 'y' || n || 'y', 'Repaired it.', '2025-03-01' FROM generate_series($2::int, $3) n`, tenantID, from, to)
}

func (d *desk) reindex(want int) {
	d.t.Helper()
	if n, err := d.store.Reindex(d.t.Context(), gathertest.Tenant); n != want || err != nil {
		d.t.Fatalf("Reindex = %d, %v; want %d", n, err, want)
	}
}

func TestReindexAfterMigration(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.insertPlain(gathertest.Tenant, 1, 3)
	d.insertPlain(gathertest.Neighbour, 1, 5)
	d.exec(`UPDATE ticket_history SET resolution = '' WHERE ticket_id = 't2'`)
	d.finds("z1z y1y")
	d.reindex(2)
	d.finds("z1z y1y", "t1")
	d.finds("z2z y2y")
	d.reindex(0)
	if n := d.count("search_collections WHERE tenant_id = 'south'"); n != 0 {
		t.Error("the neighbour got an index")
	}
	// The same ticket is put again: it is now known by its digest, and still there once.
	d.put(gather.OriginFile, gather.Change{Changed: 1}, history.PastTicket{
		ID: "t1", Subject: "Scanner hangs z1z", Description: "y1y", Resolution: "Repaired it.", ResolvedAt: resolvedOn(1),
	})
	d.finds("z1z y1y", "t1")
}

func TestReindexInSeveralBatchesAndInterrupted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const tickets = 4500
	d.insertPlain(gathertest.Tenant, 1, tickets)
	// The third batch fails.
	d.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.ticket_id = 't999' THEN RAISE EXCEPTION 'power failure'; END IF; RETURN NEW; END $$`)
	d.exec(`CREATE TRIGGER fail BEFORE UPDATE ON ticket_history FOR EACH ROW EXECUTE FUNCTION fail()`)
	n, err := d.store.Reindex(t.Context(), gathertest.Tenant)
	if err == nil || !strings.Contains(err.Error(), "power failure") || n != 4000 {
		t.Fatalf("Reindex = %d, %v; want 4000 and the failure", n, err)
	}
	if indexed := d.count("ticket_history WHERE document IS NOT NULL"); indexed != n {
		t.Errorf("%d tickets are indexed, want the %d of complete batches", indexed, n)
	}
	d.finds("z42z y42y", "t42")
	d.finds("z999z y999y")
	d.exec(`DROP TRIGGER fail ON ticket_history`)
	d.reindex(tickets - n)
	d.finds("z999z y999y", "t999")
	d.reindex(0)
}

func TestReindexOfAnOlderAnalyzersIndex(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(gather.OriginFile, gather.Change{Added: 2}, resolved("1", "Scanner hangs"), resolved("2", "Printer burns"))
	d.exec(`UPDATE search_segments SET analyzer = analyzer - 1`)
	d.put(gather.OriginFile, gather.Change{Added: 1}, resolved("3", "Telephone rings"))
	if _, err := history.NewStore(d.DB).Put(t.Context(), gathertest.Neighbour, gather.OriginFile, []history.PastTicket{resolved("1", "Scanner hangs")}); err != nil {
		t.Fatal(err)
	}
	current, changedAt := *d.row("3").Document, d.row("1").ChangedAt
	d.finds("scanner hangs", "1") // it serves until then
	d.reindex(2)
	d.finds("scanner hangs printer burns telephone rings", "1", "2", "3")
	if got := *d.row("3").Document; got != current {
		t.Errorf("what was up to date was indexed anew, as %d", got)
	}
	if !d.row("1").ChangedAt.Equal(changedAt) {
		t.Error("indexing anew counts as another text")
	}
	if n := d.count("ticket_history WHERE tenant_id = 'south' AND document IS NOT NULL"); n != 1 {
		t.Error("the neighbour's ticket was taken out of its index")
	}
	d.reindex(0)
}

func TestRevision(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	last := int64(-1)
	step := func(name string, changes bool) {
		t.Helper()
		got, err := d.store.Revision(t.Context(), gathertest.Tenant)
		if err != nil || (got > last) != changes || got < last {
			t.Errorf("%s: revision %d, before it %d, %v", name, got, last, err)
		}
		last = got
	}
	step("no ticket", true)
	d.put(gather.OriginFile, gather.Change{Added: 1}, resolved("1", "Scanner hangs"))
	step("added", true)
	d.put(gather.OriginFile, gather.Change{Unchanged: 1}, resolved("1", "Scanner hangs"))
	step("unchanged", false)
	d.put(gather.OriginFile, gather.Change{Added: 1}, history.PastTicket{ID: "2", Subject: "Still open"})
	step("one that is not searched", false)
	d.put(gather.OriginFile, gather.Change{Changed: 1}, resolved("1", "Printer burns"))
	step("changed", true)
	if theirs, err := d.store.Revision(t.Context(), gathertest.Neighbour); theirs != 0 || err != nil {
		t.Errorf("the neighbour's revision is %d, %v", theirs, err)
	}
}

func TestRebuildMendsADamagedIndex(t *testing.T) {
	t.Parallel()
	for _, damage := range []string{
		`UPDATE search_postings SET postings = '\x80'`, `DELETE FROM search_postings`, `DELETE FROM search_segments`,
		`UPDATE search_segments SET lengths = '\x01', live = 1`, `DELETE FROM search_segments WHERE first_document = 0`,
	} {
		t.Run(damage, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.put(gather.OriginFile, gather.Change{Added: 2}, resolved("1", "Scanner hangs"), resolved("2", "Printer burns"))
			d.put(gather.OriginFile, gather.Change{Added: 1}, resolved("3", "Telephone rings"))
			d.exec(damage)
			if n, err := d.store.Rebuild(t.Context(), gathertest.Tenant); n != 3 || err != nil {
				t.Fatalf("Rebuild = %d, %v; want all 3", n, err)
			}
			d.finds("scanner hangs printer burns telephone rings", "1", "2", "3")
		})
	}
}
