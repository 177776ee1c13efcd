package audit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/audit"
)

// tampered makes a log of n entries, has its owner tamper with it without the triggers, and gives what verifying says.
func tampered(t *testing.T, n int, statements ...string) (world, audit.Verification) {
	t.Helper()
	w := newWorld(t)
	w.fill(t, n)
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER")
	w.admin(t, statements...)
	w.admin(t, "ALTER TABLE audit_log ENABLE TRIGGER USER")
	return w, w.verify(t)
}

// rehash makes the hash of an entry fit its contents again.
const rehash = "UPDATE audit_log l SET hash = audit_hash(l) WHERE seq = "

// rechain makes all entries from some entry on anew, as somebody would who knows how the log is made.
const rechain = `DO $$ DECLARE n bigint; BEGIN
	FOR n IN SELECT seq FROM audit_log WHERE seq > 1 ORDER BY seq LOOP
		UPDATE audit_log SET previous_hash = (SELECT hash FROM audit_log WHERE seq = n - 1) WHERE seq = n;
		UPDATE audit_log l SET hash = audit_hash(l) WHERE seq = n;
	END LOOP;
END $$`

func TestVerifyFindsTampering(t *testing.T) {
	const other = `UPDATE audit_log SET detail = '{"n": "4", "m": ""}' WHERE seq = 4`
	for name, c := range map[string]struct {
		bad  int64
		says string
		do   []string
	}{
		"nothing":                     {0, "", nil},
		"a changed actor":             {4, "were changed", []string{"UPDATE audit_log SET actor = 'somebody else' WHERE seq = 4"}},
		"a changed time":              {4, "were changed", []string{"UPDATE audit_log SET at = at + interval '1 microsecond' WHERE seq = 4"}},
		"a changed role":              {4, "were changed", []string{"UPDATE audit_log SET written_by = 'x' WHERE seq = 4"}},
		"a changed status":            {4, "were changed", []string{"UPDATE audit_log SET status = 'failed' WHERE seq = 4"}},
		"a moved boundary":            {4, "were changed", []string{"UPDATE audit_log SET tenant_id = tenant_id || left(target, 1), target = substr(target, 2) WHERE seq = 4"}},
		"one more detail":             {4, "were changed", []string{other}},
		"a change with its hash":      {5, "is not the hash of entry 4", []string{other, rehash + "4"}},
		"the last one, with its hash": {0, "", []string{"UPDATE audit_log SET actor = 'x' WHERE seq = 8", rehash + "8"}}, // only an anchor tells
		"a removed row":               {6, "stands behind entry 4", []string{"DELETE FROM audit_log WHERE seq = 5"}},
		"a removed row, renumbered": {5, "is not the hash of entry 4", []string{
			"DELETE FROM audit_log WHERE seq = 5", "UPDATE audit_log SET seq = seq - 1 WHERE seq = 6", rehash + "5",
		}},
		"two swapped rows": {3, "is not the hash of entry 2", []string{
			"UPDATE audit_log SET seq = 100 WHERE seq = 3", "UPDATE audit_log SET seq = 3 WHERE seq = 4", "UPDATE audit_log SET seq = 4 WHERE seq = 100",
		}},
		"a forged row at the end": {9, "is not the hash of entry 8", []string{
			`INSERT INTO audit_log (seq, at, operation, status, actor, written_by, previous_hash, hash)
			 VALUES (9, now(), 'tenant.create', 'ok', 'x', 'console_user', sha256('a'), sha256('b'))`, rehash + "9",
		}},
		"a forged row, rows behind it renumbered": {6, "is not the hash of entry 5", []string{
			"UPDATE audit_log SET seq = seq + 100 WHERE seq >= 5",
			`INSERT INTO audit_log SELECT 5, at, operation, status, 'forged', tenant_id, target, address, correlation_id, detail, written_by, previous_hash, hash
			 FROM audit_log WHERE seq = 105`,
			"UPDATE audit_log SET seq = seq - 99 WHERE seq > 100", rehash + "5",
		}},
		"the beginning removed": {4, "no entry tells of the removal", []string{"DELETE FROM audit_log WHERE seq < 4"}},
		"a new beginning":       {1, "names a hash before it", []string{"DELETE FROM audit_log WHERE seq < 8", "UPDATE audit_log SET seq = 1"}},
		"the end removed":       {0, "", []string{"DELETE FROM audit_log WHERE seq > 6"}}, // only an anchor tells
		"all written anew":      {0, "", []string{other, rechain}},                        // only an anchor tells
	} {
		t.Run(name, func(t *testing.T) {
			w, v := tampered(t, 8, c.do...)
			if v.BadSeq != c.bad || !strings.Contains(v.Problem, c.says) || v.Intact() != (c.says == "") {
				t.Errorf("%d, %q", v.BadSeq, v.Problem)
			}
			var file strings.Builder
			if err := w.console.Export(t.Context(), audit.Query{}, &file); errors.Is(err, audit.ErrPrunedMeanwhile) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			if fromFile, err := audit.VerifyStream(strings.NewReader(file.String())); err != nil || fromFile != v {
				t.Errorf("the file: %+v, %v; the table: %+v", fromFile, err, v)
			}
		})
	}
}

func TestAnAnchorTellsWhatTheLogCannot(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 8)
	good := w.verify(t)
	last, fifth := audit.Anchor{Seq: good.LastSeq, Hash: good.LastHash}, audit.Anchor{Seq: 5, Hash: w.all(t)[4].Hash}
	if v := w.verify(t, last, fifth); !v.Intact() {
		t.Fatal(v.Problem)
	}
	if v := w.verify(t, last, audit.Anchor{Seq: 8}); v.Intact() {
		t.Error("anchors that contradict each other are taken")
	}
	w.fill(t, 1)
	if v := w.verify(t, last, fifth); !v.Intact() || v.LastSeq != 9 {
		t.Error(v.Problem)
	}
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER", "DELETE FROM audit_log WHERE seq > 6")
	if v := w.verify(t, fifth); !v.Intact() || v.LastSeq != 6 {
		t.Error(v.Problem)
	}
	if v := w.verify(t, fifth, last); v.BadSeq != 8 || !strings.Contains(v.Problem, "cut off behind entry 6") {
		t.Errorf("the end removed: %+v", v)
	}
	w.admin(t, "UPDATE audit_log SET actor = 'x' WHERE seq = 3", rehash+"3", rechain)
	if v := w.verify(t); !v.Intact() {
		t.Error(v.Problem)
	}
	if v := w.verify(t, fifth); v.BadSeq != 5 || !strings.Contains(v.Problem, "written anew") {
		t.Errorf("all written anew: %+v", v)
	}
	w.admin(t, "DELETE FROM audit_log")
	if v := w.verify(t); !v.Intact() || v.Records != 0 {
		t.Errorf("an empty log: %+v", v)
	}
	if v := w.verify(t, fifth); v.Intact() {
		t.Error("an emptied log passes for one that had entries")
	}
}

func TestVerifyNeedsMoreThanOnePage(t *testing.T) {
	w := newWorld(t)
	w.admin(t, `INSERT INTO audit_log (operation, status, actor) SELECT 'tenant.update', 'ok', 'a' || n FROM generate_series(1, 1203) n`)
	if v := w.verify(t); !v.Intact() || v.Records != 1203 {
		t.Errorf("%+v", v)
	}
	if n := len(w.all(t)); n != 1203 {
		t.Errorf("%d records", n)
	}
	w.admin(t, "ALTER TABLE audit_log DISABLE TRIGGER USER", "UPDATE audit_log SET actor = 'x' WHERE seq = 1001")
	if v := w.verify(t); v.BadSeq != 1001 || v.Records != 1000 {
		t.Errorf("%+v", v)
	}
}
