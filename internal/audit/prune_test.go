package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// age makes the first n entries of a log older, and the chain whole again, as if they had been written then.
func (w world) age(t *testing.T, n int, by string) {
	t.Helper()
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER",
		fmt.Sprintf("UPDATE audit_log SET at = at - interval '%s' WHERE seq <= %d", by, n), rehash+"1", rechain,
		"ALTER TABLE audit_log ENABLE TRIGGER USER")
	if v := w.verify(t); !v.Intact() {
		t.Fatal(v.Problem)
	}
}

func TestPruneRemovesTheOldAndTheLogStaysWhole(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 6)
	w.age(t, 4, "100 days")
	before := w.all(t)
	if n, err := w.console.Prune(t.Context(), 101*24*time.Hour); n != 0 || err != nil {
		t.Errorf("entries of 100 days, kept for 101: %d removed, %v", n, err)
	}
	if n := len(w.all(t)); n != 6 {
		t.Errorf("%d entries: a removal of nothing is no event", n)
	}
	if n, err := w.console.Prune(t.Context(), audit.MinRetention); n != 4 || err != nil {
		t.Fatalf("%d removed, %v", n, err)
	}
	records := w.all(t)
	last := records[len(records)-1]
	if len(records) != 3 || records[0].Seq != 5 || last.Operation != audit.OperationAuditPrune || last.Actor != "database:console_user" {
		t.Fatalf("left: %+v", records)
	}
	if last.Detail["removed"] != "4" || last.Detail["last_seq"] != "4" || last.Detail["last_hash"] != before[3].Hash.String() {
		t.Errorf("the removal's entry: %v", last.Detail)
	}
	v := w.verify(t, audit.Anchor{Seq: 4, Hash: before[3].Hash}, audit.Anchor{Seq: 6, Hash: before[5].Hash})
	if !v.Intact() || v.FirstSeq != 5 || v.Records != 3 {
		t.Errorf("%+v", v)
	}
	var file strings.Builder
	if err := w.console.Export(t.Context(), audit.Query{}, &file); err != nil {
		t.Fatal(err)
	}
	if fromFile, err := audit.VerifyStream(strings.NewReader(file.String())); err != nil || fromFile != v {
		t.Errorf("the file: %+v, %v", fromFile, err)
	}
	if _, err := w.console.Verify(t.Context(), audit.Anchor{Seq: 2, Hash: before[1].Hash}); !errors.Is(err, audit.ErrAnchorPruned) {
		t.Errorf("an anchor that was pruned: %v", err)
	}
	// Later the removal's entry is old itself, and all before it with it.
	w.fill(t, 2)
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER", "UPDATE audit_log SET at = at - interval '91 days' WHERE seq <= 7",
		rehash+"5", strings.Replace(rechain, "seq > 1", "seq > 5", 1), "ALTER TABLE audit_log ENABLE TRIGGER USER")
	if n, err := w.console.Prune(t.Context(), audit.MinRetention); n != 3 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if v := w.verify(t); !v.Intact() || v.FirstSeq != 8 || v.LastSeq != 10 {
		t.Errorf("%+v", v)
	}
}

func TestARemovalThatWasForgedIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 6)
	w.age(t, 3, "100 days")
	if _, err := w.console.Prune(t.Context(), audit.MinRetention); err != nil {
		t.Fatal(err)
	}
	// One more than was recorded.
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER", "DELETE FROM audit_log WHERE seq = 4")
	if v := w.verify(t); v.BadSeq != 5 || !strings.Contains(v.Problem, "no entry tells") {
		t.Errorf("%+v", v)
	}
	// Recorded, with another hash.
	w.admin(t, `UPDATE audit_log SET detail = detail || '{"last_seq": "4"}' WHERE seq = 7`, rehash+"7")
	if v := w.verify(t); v.BadSeq != 7 || !strings.Contains(v.Problem, "another hash") {
		t.Errorf("%+v", v)
	}
}

func TestRetentionHasAFloor(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 6)
	w.age(t, 3, "89 days")
	if _, err := w.console.Prune(t.Context(), audit.MinRetention-time.Second); err == nil {
		t.Error("a shorter time is taken")
	}
	for name, statement := range map[string]string{
		"young entries":         "DELETE FROM audit_log WHERE seq <= 2",
		"a function of the log": "SELECT audit_prune('89 days')",
		"no time at all":        "SELECT audit_prune(NULL)",
		"a negative time":       "SELECT audit_prune('-1 year')",
	} {
		if _, err := w.Admin.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s: removed", name)
		}
	}
	w.age(t, 5, "20 days")
	for name, statement := range map[string]string{
		"a hole":                 "DELETE FROM audit_log WHERE seq = 2",
		"a hole and a prefix":    "DELETE FROM audit_log WHERE seq IN (1, 3)",
		"old and young entries":  "DELETE FROM audit_log WHERE seq <= 4",
		"all":                    "DELETE FROM audit_log",
		"all, entry after entry": "DO $$ BEGIN FOR i IN 1..6 LOOP DELETE FROM audit_log WHERE seq = i; END LOOP; END $$",
	} {
		if _, err := w.Admin.Exec(t.Context(), statement); !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(w.all(t)); n != 6 {
		t.Fatalf("%d entries are left", n)
	}
	// What the owner may delete is recorded, too.
	w.admin(t, "DELETE FROM audit_log WHERE seq <= 2")
	records := w.all(t)
	if last := records[len(records)-1]; last.Operation != audit.OperationAuditPrune || last.WrittenBy != "admin" {
		t.Errorf("the owner's removal: %+v", last)
	}
	if v := w.verify(t); !v.Intact() {
		t.Error(v.Problem)
	}
}

func TestTheNewestEntryStays(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 3)
	w.age(t, 3, "200 days")
	if _, err := w.Admin.Exec(t.Context(), "DELETE FROM audit_log"); !refused(err) {
		t.Errorf("everything: %v", err)
	}
	if n, err := w.console.Prune(t.Context(), audit.MinRetention); n != 2 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if v := w.verify(t); !v.Intact() || v.FirstSeq != 3 || v.LastSeq != 4 {
		t.Errorf("%+v", v)
	}
}

func TestPruneStopsAtAnEntryThatIsYounger(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 6)
	w.age(t, 6, "100 days")
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER", "UPDATE audit_log SET at = '2999-01-01' WHERE seq = 3", rehash+"3", rechain,
		"ALTER TABLE audit_log ENABLE TRIGGER USER")
	if n, err := w.console.Prune(t.Context(), audit.MinRetention); n != 2 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if v := w.verify(t); !v.Intact() || v.FirstSeq != 3 {
		t.Errorf("%+v", v)
	}
}

func TestPruneGoesOnUntilNothingOldIsLeft(t *testing.T) {
	w := newWorld(t)
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER",
		`INSERT INTO audit_log (seq, at, operation, status, actor, written_by, previous_hash, hash)
		 SELECT n, now() - interval '100 days', 'tenant.update', 'ok', 'a', 'admin', sha256('x'), sha256('x') FROM generate_series(1, 20500) n`,
		"ALTER TABLE audit_log ENABLE TRIGGER USER")
	w.fill(t, 1)
	if n, err := w.console.Prune(t.Context(), audit.MinRetention); n != 20500 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if v := w.verify(t); !v.Intact() || v.FirstSeq != 20501 || v.Records != 4 {
		t.Errorf("%+v", v)
	}
}

func TestReadingNoticesThatEntriesWentMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.admin(t, `INSERT INTO audit_log (operation, status, actor) SELECT 'tenant.update', 'ok', 'a' FROM generate_series(1, 601) n`)
	w.age(t, 600, "100 days")
	err := w.console.Each(t.Context(), audit.Query{}, func(r audit.Record) error {
		if r.Seq != 10 {
			return nil
		}
		_, err := w.console.Prune(t.Context(), audit.MinRetention)
		return err
	})
	if !errors.Is(err, audit.ErrPrunedMeanwhile) {
		t.Errorf("%v", err)
	}
}

func TestKeepForPrunesUntilItIsStopped(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 4)
	w.age(t, 2, "100 days")
	out := &lines{}
	logger := telemetry.NewLogger(out, "console", telemetry.LogConfig{Level: slog.LevelInfo})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.console.KeepFor(ctx, audit.MinRetention, 10*time.Millisecond, logger)
	}()
	await(t, func() bool { return strings.Contains(out.String(), "the audit log was pruned") })
	w.ageThird(t)
	await(t, func() bool { return strings.Count(out.String(), "the audit log was pruned") == 2 })
	stop()
	<-done
	if v := w.verify(t); !v.Intact() || v.FirstSeq != 4 {
		t.Errorf("%+v", v)
	}
}

// ageThird makes entry 3 old, which is the first by then.
func (w world) ageThird(t *testing.T) {
	t.Helper()
	w.admin(t, `BEGIN; LOCK audit_log; ALTER TABLE audit_log DISABLE TRIGGER USER;
		UPDATE audit_log SET at = at - interval '91 days' WHERE seq = 3; `+rehash+"3; "+strings.Replace(rechain, "seq > 1", "seq > 3", 1)+
		`; ALTER TABLE audit_log ENABLE TRIGGER USER; COMMIT`)
}

func TestKeepForSurvivesFailures(t *testing.T) {
	w := newWorld(t)
	out := &lines{}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.app.KeepFor(ctx, audit.MinRetention, time.Millisecond, telemetry.NewLogger(out, "x", telemetry.LogConfig{}))
	}()
	await(t, func() bool { return strings.Count(out.String(), "the audit log was not pruned") >= 2 })
	stop()
	<-done
}

func TestRetentionIsChecked(t *testing.T) {
	for keep, ok := range map[time.Duration]bool{0: false, time.Hour: false, audit.MinRetention - 1: false, audit.MinRetention: true, 9000 * time.Hour: true} {
		if err := (audit.Retention{Keep: keep}).Validate(); (err == nil) != ok {
			t.Errorf("%s: %v", keep, err)
		}
	}
}

// lines is a buffer for a logger and a test at once.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	const patience = 30 * time.Second
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come to that")
		}
	}
}
