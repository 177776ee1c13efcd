package audit_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a log as the console and as an app see it.
type world struct {
	*postgrestest.Database

	console, app *audit.Log
}

func newWorld(t testing.TB) world {
	t.Helper()
	db := postgrestest.New(t)
	return world{db, audit.New(db.OpenConsole(t)), audit.New(db.Open(t))}
}

func event(n int) audit.Event {
	return audit.Event{
		Operation: audit.OperationTenantUpdate, Status: audit.StatusOK, Actor: "operator@example.com",
		TenantID: "example-clinic", Target: strconv.Itoa(n), Address: "192.0.2.7", CorrelationID: fmt.Sprintf("c-%d", n),
		Detail: map[string]string{"n": strconv.Itoa(n)},
	}
}

// fill appends n entries.
func (w world) fill(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		if err := w.console.Append(t.Context(), event(i+1)); err != nil {
			t.Fatal(err)
		}
	}
}

// admin runs statements as the owner of the table.
func (w world) admin(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := w.Admin.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func (w world) all(t testing.TB) []audit.Record {
	t.Helper()
	var records []audit.Record
	err := w.console.Each(t.Context(), audit.Query{}, func(r audit.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func (w world) verify(t testing.TB, anchors ...audit.Anchor) audit.Verification {
	t.Helper()
	v, err := w.console.Verify(t.Context(), anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnEntryIsKeptAsItWasGiven(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 2)
	if err := w.app.Append(t.Context(), audit.Event{
		Operation: audit.OperationWebhookRefuse, Status: audit.StatusRefused, Actor: "system:gateway",
	}); err != nil {
		t.Fatal(err)
	}
	records := w.all(t)
	if len(records) != 3 {
		t.Fatalf("%d records", len(records))
	}
	if d := cmp.Diff(event(2), records[1].Event); d != "" {
		t.Error(d)
	}
	for i, r := range records {
		if r.Seq != int64(i+1) || r.At.IsZero() || r.Hash != r.Sum() {
			t.Errorf("record %+v", r)
		}
		if i > 0 && r.PreviousHash != records[i-1].Hash {
			t.Errorf("record %d does not follow the one before", r.Seq)
		}
	}
	if records[0].WrittenBy != "console_user" || records[2].WrittenBy != "app_user" {
		t.Errorf("written by %s, %s", records[0].WrittenBy, records[2].WrittenBy)
	}
	if v := w.verify(t); !v.Intact() || v.Records != 3 || v.FirstSeq != 1 || v.LastSeq != 3 || v.LastHash != records[2].Hash {
		t.Errorf("verification %+v", v)
	}
}
