package history_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestPut(t *testing.T) {
	db := gathertest.NewDatabase(t)
	past := history.PastTicket{
		ID: "17", Subject: "Scanner shows error E-42", Description: "The scanner shows error E-42\x00.", Resolution: "Installed the firmware.",
		CreatedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), ResolvedAt: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), URL: "https://sdp.example.com/17",
	}
	opened := history.PastTicket{ID: "18", Subject: "Scanner shows error E-42 again", Description: "Still open."}
	for _, resolution := range []string{"Restarted it.", "Installed the firmware."} { // the second replaces the first
		past.Resolution = resolution
		if _, err := history.NewStore(db.DB).Put(t.Context(), gathertest.Tenant, gather.OriginFile, []history.PastTicket{past, opened}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := history.New(db.DB, history.Options{}).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "99", Subject: "Scanner error E-42"}})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("found %+v, %v; want the resolved one alone", found, err)
	}
	if got := found.Items[0]; got.ID != "17" || got.Resolution != "Installed the firmware." || got.URL != past.URL || !got.ResolvedAt.Equal(past.ResolvedAt) {
		t.Errorf("found %+v", got)
	}
}

func TestStoredTicketsHoldNothingDeceptive(t *testing.T) {
	d := newDesk(t)
	d.put(gather.OriginServiceDesk, gather.Change{Added: 1}, history.PastTicket{
		ID: "17", Subject: tickettest.Deceptive, Description: tickettest.Deceptive, Resolution: tickettest.Deceptive, URL: tickettest.Deceptive,
		ResolvedAt: time.Now(),
	})
	var texts [4]string
	const query = "SELECT subject, description, resolution, url FROM ticket_history"
	if err := d.Admin.QueryRow(t.Context(), query).Scan(&texts[0], &texts[1], &texts[2], &texts[3]); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		tickettest.CheckDeceptive(t, "a past ticket", text)
	}
}

func TestPutIsAllOrNothing(t *testing.T) {
	db := gathertest.NewDatabase(t)
	good := history.PastTicket{ID: "1", Subject: "Printer on fire", Description: "d", Resolution: "r", ResolvedAt: time.Now()}
	for _, bad := range []history.PastTicket{{Subject: "no id"}, {ID: "2"}, {ID: "3", Subject: " \u200b"}, {ID: "4\x00", Subject: "s"}} {
		_, err := history.NewStore(db.DB).Put(t.Context(), gathertest.Tenant, gather.OriginFile, []history.PastTicket{good, bad})
		if err == nil || !strings.Contains(err.Error(), "past ticket") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	found, err := history.New(db.DB, history.Options{}).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "9", Subject: "Printer on fire"}})
	if err != nil || len(found.Items) != 0 {
		t.Errorf("half a batch was kept: %+v, %v", found, err)
	}
	if _, err := history.NewStore(db.DB).Put(t.Context(), "unknown-tenant", gather.OriginFile, []history.PastTicket{good}); err == nil {
		t.Error("a tenant that does not exist got a ticket")
	}
}

// desk is a history with what its tests need to look at.
type desk struct {
	*gathertest.Database

	t     *testing.T
	store *history.Store
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := gathertest.NewDatabase(t)
	return &desk{Database: d, t: t, store: history.NewStore(d.DB)}
}

func (d *desk) put(origin gather.Origin, want gather.Change, tickets ...history.PastTicket) {
	d.t.Helper()
	got, err := d.store.Put(d.t.Context(), gathertest.Tenant, origin, tickets)
	if err != nil || got != want {
		d.t.Fatalf("Put = %+v, %v; want %+v", got, err, want)
	}
}

// finds checks which tickets the words find.
func (d *desk) finds(words string, want ...string) {
	d.t.Helper()
	got := ids(find(d.t, d.Database, ticket.Ticket{ID: "asked", Subject: words}))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		d.t.Errorf("%q finds %q, want %q", words, got, want)
	}
}

// row is what is stored of a ticket that no item shows.
type row struct {
	Written   string // by which transaction
	Origin    gather.Origin
	UpdatedAt *time.Time
	ChangedAt time.Time
	Document  *int32
}

func (d *desk) row(id string) (r row) {
	d.t.Helper()
	err := d.Admin.QueryRow(d.t.Context(), `
		SELECT xmin::text, origin, updated_at, changed_at, document FROM ticket_history WHERE tenant_id = $1 AND ticket_id = $2`,
		gathertest.Tenant, id).Scan(&r.Written, &r.Origin, &r.UpdatedAt, &r.ChangedAt, &r.Document)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.Admin.Exec(d.t.Context(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

// count is of rows of a table.
func (d *desk) count(from string) (n int) {
	d.t.Helper()
	if err := d.Admin.QueryRow(d.t.Context(), "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func resolved(id, subject string) history.PastTicket {
	return history.PastTicket{ID: id, Subject: subject, Description: "See subject.", Resolution: "Repaired it.", ResolvedAt: resolvedOn(1)}
}

func TestPutAgainWritesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	tickets := []history.PastTicket{resolved("1", "Scanner hangs"), resolved("2", "Printer burns"), {ID: "3", Subject: "Still open"}}
	// The database keeps no nanoseconds; the time must be seen to be the same all the same.
	tickets[0].UpdatedAt, tickets[0].CreatedAt = time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 1999, time.UTC)
	d.put(gather.OriginFile, gather.Change{Added: 3}, tickets...)
	segments := d.count("search_segments")
	for _, id := range []string{"1", "2", "3"} {
		before := d.row(id)
		tickets[0].UpdatedAt = tickets[0].UpdatedAt.In(time.FixedZone("elsewhere", 3600))
		d.put(gather.OriginFile, gather.Change{Unchanged: 3}, tickets...)
		if diff := cmp.Diff(before, d.row(id)); diff != "" {
			t.Errorf("ticket %s was written again (-before +after):\n%s", id, diff)
		}
	}
	if n := d.count("search_segments"); n != segments {
		t.Errorf("%d segments, want still %d", n, segments)
	}
}

func TestPutChangedText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(gather.OriginFile, gather.Change{Added: 2}, resolved("1", "Scanner hangs"), resolved("2", "Telephone rings"))
	before := d.row("1")
	d.put(gather.OriginFile, gather.Change{Changed: 1, Unchanged: 1}, resolved("1", "Printer burns"), resolved("2", "Telephone rings"))
	d.finds("scanner hangs")
	d.finds("printer burns", "1")
	d.finds("telephone rings", "2")
	after := d.row("1")
	if !after.ChangedAt.After(before.ChangedAt) || *after.Document == *before.Document {
		t.Errorf("after the change %+v, before it %+v", after, before)
	}
	if n := d.count("search_postings p WHERE NOT EXISTS (SELECT FROM search_segments s WHERE s.segment = p.segment)"); n != 0 {
		t.Errorf("%d rows of postings have no segment", n)
	}
}

func TestPutFollowsATicket(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	open := history.PastTicket{ID: "1", Subject: "Scanner hangs", Description: "It hangs."}
	closed := resolved("1", "Scanner hangs")
	unsaid := closed
	unsaid.Resolution = " \n "
	steps := []struct {
		name  string
		put   history.PastTicket
		found []string
	}{
		{"resolved", closed, []string{"1"}},
		{"reopened", open, nil},
		{"resolved again", closed, []string{"1"}},
		{"without a resolution", unsaid, nil},
		{"reopened again", open, nil},
	}
	d.put(gather.OriginFile, gather.Change{Added: 1}, open)
	d.finds("scanner hangs")
	for _, step := range steps {
		d.put(gather.OriginFile, gather.Change{Changed: 1}, step.put)
		d.finds("scanner hangs", step.found...)
		if indexed := d.row("1").Document != nil; indexed != (len(step.found) > 0) {
			t.Errorf("%s: indexed %t", step.name, indexed)
		}
		d.put(gather.OriginFile, gather.Change{Unchanged: 1}, step.put)
	}
	if n := d.count("search_postings"); n != 0 {
		t.Errorf("%d rows of postings are left of no ticket", n)
	}
}

func TestPutOnlyTouched(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	past := resolved("1", "Scanner hangs")
	d.put(gather.OriginFile, gather.Change{Added: 1}, past)
	before := d.row("1")
	for _, at := range []time.Time{resolvedOn(5), resolvedOn(6), resolvedOn(4)} { // the last that was said counts
		past.UpdatedAt = at
		d.put(gather.OriginFile, gather.Change{Unchanged: 1}, past)
		if got := d.row("1"); got.UpdatedAt == nil || !got.UpdatedAt.Equal(at) || !got.ChangedAt.Equal(before.ChangedAt) || *got.Document != *before.Document {
			t.Errorf("updated at %s: %+v; before %+v", at, got, before)
		}
	}
	past.UpdatedAt = time.Time{} // says nothing
	d.put(gather.OriginFile, gather.Change{Unchanged: 1}, past)
	if got := d.row("1"); got.UpdatedAt == nil || !got.UpdatedAt.Equal(resolvedOn(4)) {
		t.Errorf("the time was forgotten: %+v", got)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	both, file, desk := resolved("1", "Scanner hangs"), resolved("2", "Printer burns"), resolved("3", "Telephone rings")
	d.put(gather.OriginFile, gather.Change{Added: 2}, both, file)
	changedAt := d.row("1").ChangedAt
	d.put(gather.OriginServiceDesk, gather.Change{Added: 1, Unchanged: 1}, both, desk)
	d.put(gather.OriginFile, gather.Change{Unchanged: 2}, both, desk)
	desk.Subject = "Telephone rings all day"
	d.put(gather.OriginFile, gather.Change{Changed: 1}, desk)
	for id, want := range map[string]gather.Origin{"1": gather.OriginServiceDesk, "2": gather.OriginFile, "3": gather.OriginServiceDesk} {
		if got := d.row(id).Origin; got != want {
			t.Errorf("ticket %s is of origin %s, want %s", id, got, want)
		}
	}
	if !d.row("1").ChangedAt.Equal(changedAt) {
		t.Error("another origin alone counts as another text")
	}
	both.UpdatedAt = resolvedOn(9) // which is written, and the origin with it
	d.put(gather.OriginFile, gather.Change{Unchanged: 1}, both)
	if got := d.row("1"); got.Origin != gather.OriginServiceDesk || got.UpdatedAt == nil {
		t.Errorf("a newer time from a file made it %+v", got)
	}
	file.UpdatedAt = resolvedOn(9)
	d.put(gather.OriginFile, gather.Change{Unchanged: 1}, file)
	file.UpdatedAt = time.Time{}
	d.put(gather.OriginServiceDesk, gather.Change{Unchanged: 1}, file)
	if got := d.row("2"); got.Origin != gather.OriginServiceDesk || got.UpdatedAt == nil {
		t.Errorf("another origin made it %+v, want the time kept", got)
	}
	d.exec(`UPDATE ticket_history SET origin = 'file' WHERE ticket_id = '2'`)
	for _, c := range []struct {
		origin  gather.Origin
		ids     []string
		deleted int
	}{
		{gather.OriginServiceDesk, []string{"2", "4"}, 0},
		{gather.OriginFile, []string{"1", "3"}, 0},
		{gather.OriginServiceDesk, []string{"1", "2", "1"}, 1},
		{gather.OriginServiceDesk, nil, 0},
	} {
		if n, err := d.store.Delete(t.Context(), gathertest.Tenant, c.origin, c.ids); n != c.deleted || err != nil {
			t.Errorf("Delete(%s, %q) = %d, %v; want %d", c.origin, c.ids, n, err, c.deleted)
		}
	}
	d.finds("scanner hangs printer burns telephone rings", "2", "3")
	if n, err := d.store.Delete(t.Context(), gathertest.Neighbour, gather.OriginFile, []string{"2"}); n != 0 || err != nil {
		t.Errorf("a neighbour deleted %d tickets, %v", n, err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var tickets []history.PastTicket
	var gone []string
	for i := range 100 {
		tickets = append(tickets, resolved(strconv.Itoa(i), fmt.Sprintf("Scanner hangs z%dz q%dq", i, i)))
		if i%2 == 0 {
			gone = append(gone, strconv.Itoa(i))
		}
	}
	tickets[0].ResolvedAt = time.Time{} // is not in the index
	d.put(gather.OriginFile, gather.Change{Added: 100}, tickets...)
	if n, err := d.store.Delete(t.Context(), gathertest.Tenant, gather.OriginFile, gone); n != 50 || err != nil {
		t.Fatalf("Delete = %d, %v", n, err)
	}
	d.finds("z42z q42q")
	d.finds("z43z q43q", "43")
	if n := d.count("ticket_history"); n != 50 {
		t.Errorf("%d tickets are left, want 50", n)
	}
	var live int
	if err := d.Admin.QueryRow(t.Context(), "SELECT sum(live) FROM search_segments").Scan(&live); err != nil || live != 50 {
		t.Errorf("%d documents are left in the index (%v), want 50", live, err)
	}
}

func TestIDsAndVersions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dated := resolved("b", "Scanner hangs")
	dated.UpdatedAt = resolvedOn(7).In(time.FixedZone("elsewhere", 3600))
	d.put(gather.OriginServiceDesk, gather.Change{Added: 3}, resolved("c", "c"), dated, resolved("a", "a"))
	d.put(gather.OriginFile, gather.Change{Added: 1}, resolved("aa", "aa"))
	var pages [][]string
	for after := ""; len(pages) < 9; { // or it would go on for ever
		page, err := d.store.IDs(t.Context(), gathertest.Tenant, gather.OriginServiceDesk, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		pages, after = append(pages, page), page[len(page)-1]
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"c"}}, pages); diff != "" {
		t.Errorf("pages of ids (-want +got):\n%s", diff)
	}
	if theirs, err := d.store.IDs(t.Context(), gathertest.Neighbour, gather.OriginServiceDesk, "", 10); len(theirs) != 0 || err != nil {
		t.Errorf("a neighbour has %q, %v", theirs, err)
	}
	versions, err := d.store.Versions(t.Context(), gathertest.Tenant, []string{"b", "aa", "unknown", "b"})
	if diff := cmp.Diff(map[string]time.Time{"b": resolvedOn(7), "aa": {}}, versions); diff != "" || err != nil {
		t.Errorf("versions, %v (-want +got):\n%s", err, diff)
	}
	if versions, err := d.store.Versions(t.Context(), gathertest.Tenant, nil); len(versions) != 0 || err != nil {
		t.Errorf("versions of nothing: %v, %v", versions, err)
	}
}

func TestPutOfOneIDTheLastCounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(gather.OriginFile, gather.Change{Added: 2}, resolved("1", "Scanner hangs"), resolved("2", "Telephone rings"), resolved("1", "Printer burns"))
	d.finds("scanner hangs")
	d.finds("printer burns", "1")
	d.put(gather.OriginFile, gather.Change{Unchanged: 1}, resolved("1", "Scanner hangs"), resolved("1", "Printer burns"))
	d.put(gather.OriginFile, gather.Change{Changed: 1}, resolved("1", "Printer burns"), history.PastTicket{ID: "1", Subject: "Printer burns"})
	d.finds("printer burns")
	d.put(gather.OriginFile, gather.Change{})
}

// While an index is made anew, a ticket that is put again need not wait for its turn.
func TestPutOfWhatIsNotIndexedYet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	past := resolved("1", "Scanner hangs")
	d.put(gather.OriginFile, gather.Change{Added: 1}, past)
	for _, statement := range []string{`UPDATE ticket_history SET document = NULL`, `DELETE FROM search_segments`, `DELETE FROM search_postings`} {
		d.exec(statement)
	}
	d.finds("scanner hangs")
	d.put(gather.OriginFile, gather.Change{Changed: 1}, past)
	d.finds("scanner hangs", "1")
}

// A ticket that says nothing the index takes for a word is kept, and not indexed again and again.
func TestTicketWithoutTerms(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	past := resolved("1", "?! ...")
	past.Description = "the of and"
	d.put(gather.OriginFile, gather.Change{Added: 1}, past)
	d.put(gather.OriginFile, gather.Change{Unchanged: 1}, past)
	if n, err := d.store.Reindex(t.Context(), gathertest.Tenant); n != 0 || err != nil {
		t.Errorf("Reindex = %d, %v; want nothing to do", n, err)
	}
	d.put(gather.OriginFile, gather.Change{Changed: 1}, resolved("1", "Printer burns"))
	d.finds("printer burns", "1")
}

// What refers to a ticket, as its embedding does, may be stored while the ticket's text changes.
func TestPutDoesNotWaitForReferences(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(gather.OriginFile, gather.Change{Added: 1}, resolved("1", "Scanner hangs"))
	tx, err := d.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = tx.Exec(t.Context(), `
		INSERT INTO ticket_embeddings (tenant_id, ticket_id, model, dimensions, vector, source_changed_at)
		VALUES ($1, '1', 'm', 1, '\x01', now())`, gathertest.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	// If it waited, it would wait for ever.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := d.store.Put(ctx, gathertest.Tenant, gather.OriginFile, []history.PastTicket{resolved("1", "Printer burns")}); err != nil {
		t.Errorf("a ticket could not be changed while its embedding is stored: %v", err)
	}
}

// Put, Delete and Reindex of the same tickets at once, in opposite orders, all come to an end.
func TestWritersDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var up, down []history.PastTicket
	var all []string
	for i := range 40 {
		up = append(up, resolved(fmt.Sprintf("%02d", i), fmt.Sprintf("Scanner hangs %d", i)))
		all = append(all, up[i].ID)
	}
	for _, past := range slices.Backward(up) {
		past.Description = "Seen from the other side."
		down = append(down, past)
	}
	var wg sync.WaitGroup
	try := func(do func(ctx context.Context) error) {
		wg.Go(func() {
			for range 5 {
				if err := do(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, tickets := range [][]history.PastTicket{up, down} {
		try(func(ctx context.Context) error {
			_, err := d.store.Put(ctx, gathertest.Tenant, gather.OriginFile, tickets)
			return err
		})
	}
	try(func(ctx context.Context) error {
		_, err := d.store.Delete(ctx, gathertest.Tenant, gather.OriginFile, all)
		return err
	})
	try(func(ctx context.Context) error {
		_, err := d.store.Reindex(ctx, gathertest.Tenant)
		return err
	})
	wg.Wait()
	tickets := d.count("ticket_history")
	if live := d.count("ticket_history h WHERE EXISTS (SELECT FROM search_segments s WHERE h.document BETWEEN s.first_document AND s.first_document + length(s.lengths) - 1)"); live != tickets {
		t.Errorf("%d of %d tickets are indexed", live, tickets)
	}
}
