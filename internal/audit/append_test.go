package audit_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// hostile are values that an encoding could trip over.
func hostile() []string {
	return []string{
		"", " ", "a\nb", "a\r\n\tb", "\x00", "a\x00b", "\x1b[31mred\x1b[0m", `"quoted" \ back`, "'; DROP TABLE audit_log; --",
		"|,;:/\x1f\x1e", "Zażółć gęślą jaźń", "日本語", "👩‍👩‍👧", "\u202egnp.exe", "\u2028\u2029", "\ufeffbom", "e\u0301", "é", "\xff\xfe broken",
		"\u00004", `{"a": "b"}`, "[]", "null", strings.Repeat("é", 499), strings.Repeat("\n", 500), strings.Repeat("long ", 100_000),
		strings.Repeat("\\", 600), strings.Repeat("\U0001F600", 600), "…", "\U0010FFFF\uFFFF",
	}
}

func TestHostileValuesAreHashedTheSameOnBothSides(t *testing.T) {
	w := newWorld(t)
	all := map[string]string{}
	for i, value := range hostile() {
		all[value+strconv.Itoa(i)] = value
		err := w.app.Append(t.Context(), audit.Event{
			Operation: audit.OperationWebhookRefuse, Status: audit.StatusRefused, Actor: "actor " + value, TenantID: value, Target: value,
			Address: value, CorrelationID: value, Detail: map[string]string{value: value, "b": value, "a": value, "B": "", "": "empty"},
		})
		if err != nil {
			t.Fatalf("%.40q: %v", value, err)
		}
	}
	if err := w.app.Append(t.Context(), audit.Event{
		Operation: audit.OperationWebhookRefuse, Status: audit.StatusFailed, Actor: "x", Detail: all,
	}); err != nil {
		t.Fatal(err)
	}
	if v := w.verify(t); !v.Intact() || v.Records != int64(len(hostile())+1) {
		t.Errorf("verification %+v", v)
	}
	for _, r := range w.all(t) {
		for _, value := range append([]string{r.Actor, r.TenantID, r.Target}, r.Detail["a"], r.Detail["b"]) {
			if n := len([]rune(value)); n > 500 || strings.ContainsAny(value, "\x00\n\x1b\u202e") {
				t.Errorf("entry %d has a value of %d characters: %.40q", r.Seq, n, value)
			}
		}
	}
}

func TestTwoEntriesNeverShareAnEncoding(t *testing.T) {
	seen := map[audit.Hash]int{}
	for i, e := range []audit.Event{
		{Actor: "ab", TenantID: "c"},
		{Actor: "a", TenantID: "bc"},
		{Actor: "abc"},
		{TenantID: "abc"},
		{Actor: "a", TenantID: "b", Target: "c"},
		{Detail: map[string]string{"a": "bc"}},
		{Detail: map[string]string{"ab": "c"}},
		{Detail: map[string]string{"a": "b", "c": ""}},
		{Detail: map[string]string{"a": "", "b": "c"}},
		{},
	} {
		sum := (&audit.Record{Event: e}).Sum()
		if other, ok := seen[sum]; ok {
			t.Errorf("events %d and %d have one hash", other, i)
		}
		seen[sum] = i
	}
}

func TestSecretsAreNotStored(t *testing.T) {
	w := newWorld(t)
	err := w.console.Append(t.Context(), audit.Event{
		Operation: audit.OperationConnectionTest, Status: audit.StatusFailed, Actor: "operator", Target: "https://user:hunter2hunter2@sdp.example.com/",
		Detail: map[string]string{"api_key": "hunter2hunter2", "error": "refused: Authorization: Bearer hunter2hunter2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := w.all(t)[0]; strings.Contains(fmt.Sprint(r), "hunter2") || r.Detail["api_key"] != "[redacted]" {
		t.Errorf("stored %+v", r.Event)
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	w := newWorld(t)
	good := event(1)
	for name, spoil := range map[string]func(*audit.Event){
		"no actor":          func(e *audit.Event) { e.Actor = "" },
		"no operation":      func(e *audit.Event) { e.Operation = "" },
		"another form":      func(e *audit.Event) { e.Operation = "Tenant created" },
		"no status":         func(e *audit.Event) { e.Status = "" },
		"unknown status":    func(e *audit.Event) { e.Status = "fine" },
		"the prune's entry": func(e *audit.Event) { e.Operation = audit.OperationAuditPrune },
	} {
		e := good
		spoil(&e)
		for _, log := range []*audit.Log{w.app, w.console} {
			if err := log.Append(t.Context(), e); err == nil {
				t.Errorf("%s: taken", name)
			}
		}
	}
	if n := len(w.all(t)); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestAppendInGoesWithItsTransaction(t *testing.T) {
	w := newWorld(t)
	db := w.OpenConsole(t)
	failed := errors.New("the change failed")
	err := db.InTenant(t.Context(), "example-clinic", func(tx postgres.Tx) error {
		if err := w.console.AppendIn(t.Context(), tx, event(1)); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) || len(w.all(t)) != 0 {
		t.Errorf("%v; %d entries of a change that was not made", err, len(w.all(t)))
	}
	err = db.InTenant(t.Context(), "example-clinic", func(tx postgres.Tx) error {
		return errors.Join(w.console.AppendIn(t.Context(), tx, event(2)), w.console.AppendIn(t.Context(), tx, event(3)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if records := w.all(t); len(records) != 2 || records[0].Seq != 1 || records[1].Target != "3" {
		t.Errorf("records %+v", records)
	}
	err = pgx.BeginTxFunc(t.Context(), w.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		return w.app.AppendIn(t.Context(), tx, event(4))
	})
	if err == nil || !strings.Contains(err.Error(), "READ COMMITTED") {
		t.Errorf("in a snapshot: %v", err)
	}
}

func TestAppendOutlivesItsRequestAndNotMore(t *testing.T) {
	w := newWorld(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.app.Append(gone, event(1)); err != nil {
		t.Errorf("the client has gone: %v", err)
	}
	// A transaction that hangs holds the lock.
	tx, err := w.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "SELECT audit_lock()"); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Append(t.Context(), event(2)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("behind a transaction that hangs: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Append(t.Context(), event(3)); err != nil {
		t.Error(err)
	}
	if v := w.verify(t); !v.Intact() || v.Records != 2 {
		t.Errorf("verification %+v", v)
	}
}

func TestManyAppendAtOnce(t *testing.T) {
	w := newWorld(t)
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for i := range writers {
		log := w.app
		if i%2 == 0 {
			log = w.console
		}
		wg.Go(func() {
			for n := range each {
				if err := log.Append(t.Context(), event(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if v := w.verify(t); !v.Intact() || v.Records != writers*each || v.LastSeq != writers*each {
		t.Errorf("verification %+v", v)
	}
}

// refused says whether the database refused it for want of a right, or because the log is append-only.
func refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == pgerrcode.InsufficientPrivilege
}

func TestNobodyChangesTheLog(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 3)
	before := w.all(t)
	console, err := pgx.Connect(t.Context(), w.ConsoleURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = console.Close(context.WithoutCancel(t.Context())) }()
	type runner interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	}
	const insert = `INSERT INTO audit_log (operation, status, actor) VALUES ('tenant.create', 'ok', 'forged')`
	for name, c := range map[string]struct {
		as         runner
		statements []string
	}{
		"app_user": {w.Pool, []string{
			"SELECT count(*) FROM audit_log", "SELECT seq FROM audit_log", insert, "UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log",
			"TRUNCATE audit_log", "SELECT audit_prune('100 days')", "SELECT audit_lock()", "SELECT audit_field('x')",
			"CREATE TRIGGER t BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_chain()",
		}},
		"console_user": {console, []string{
			insert, "UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log", "SELECT audit_lock()",
			"ALTER TABLE audit_log DISABLE TRIGGER ALL",
		}},
		"admin": {w.Admin, []string{
			"UPDATE audit_log SET actor = 'x'", "UPDATE audit_log SET actor = actor WHERE false", "DELETE FROM audit_log", "DELETE FROM audit_log WHERE seq = 1",
			"TRUNCATE audit_log", "SET session_replication_role = replica",
			"INSERT INTO audit_log (seq, operation, status, actor) VALUES (1, 'tenant.create', 'ok', 'x') ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
		}},
	} {
		for _, statement := range c.statements {
			if _, err := c.as.Exec(t.Context(), statement); !refused(err) {
				t.Errorf("%s: %s: %v", name, statement, err)
			}
		}
	}
	if after := w.all(t); len(after) != len(before) || after[2].Hash != before[2].Hash {
		t.Errorf("the log has changed: %+v", after)
	}
}

func TestTheOwnerCannotForgeNumberTimeRoleOrHash(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 1)
	w.admin(t, `INSERT INTO audit_log (seq, at, operation, status, actor, written_by, previous_hash, hash)
		VALUES (77, '2001-01-01', 'tenant.create', 'ok', 'x', 'console_user', sha256('a'), sha256('b'))`,
		`INSERT INTO audit_log (operation, status, actor) VALUES ('tenant.create', 'ok', 'x'), ('tenant.update', 'ok', 'x')`)
	records := w.all(t)
	if v := w.verify(t); !v.Intact() || v.Records != 4 {
		t.Errorf("verification %+v", v)
	}
	if r := records[1]; r.Seq != 2 || r.At.Year() == 2001 || r.WrittenBy != "admin" {
		t.Errorf("record %+v", r)
	}
}

func TestAppendIsNotMisledByASearchPath(t *testing.T) {
	w := newWorld(t)
	conn, err := w.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `
		CREATE TEMP TABLE audit_log (LIKE public.tenant_configs);
		CREATE TEMP TABLE bytea (a integer);
		CREATE TEMP TABLE bigint (a integer);
		CREATE FUNCTION pg_temp.sha256(pg_catalog.bytea) RETURNS pg_catalog.bytea LANGUAGE sql AS 'SELECT $1';
		SET search_path = pg_temp, public, pg_catalog`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SELECT public.audit_append('tenant.update', 'ok', 'x', '', '', '', '', '{}')`); err != nil {
		t.Fatal(err)
	}
	if v := w.verify(t); !v.Intact() || v.Records != 1 {
		t.Errorf("verification %+v", v)
	}
}

func TestTheFunctionsOfTheLogAreConfined(t *testing.T) {
	w := newWorld(t)
	rows, err := w.Admin.Query(t.Context(), `
		SELECT proname FROM pg_proc
		WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'audit\_%'
		  AND (has_function_privilege('public', oid, 'EXECUTE') OR proowner <> 'admin'::regrole
		       OR NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
		       OR prosecdef <> (proname IN ('audit_append', 'audit_prune'))
		       OR has_function_privilege('app_user', oid, 'EXECUTE') <> (proname = 'audit_append'))`)
	if err != nil {
		t.Fatal(err)
	}
	loose, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(loose) != 0 {
		t.Errorf("%q, %v", loose, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	w := newWorld(b)
	b.ResetTimer()
	for i := range b.N {
		if err := w.app.Append(b.Context(), event(i)); err != nil {
			b.Fatal(err)
		}
	}
}
