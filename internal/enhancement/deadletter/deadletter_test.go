package deadletter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a consumer on a ledger of alpha's.
type world struct {
	*deadletter.Consumer

	t       *testing.T
	store   *tenantstoretest.Store
	ledger  *ledger.Ledger
	shown   *deadletter.Letters // as the console sees them
	metrics *telemetry.Metrics
	log     bytes.Buffer
	woken   []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	w := &world{t: t, store: store, ledger: ledger.New(store.DB), shown: deadletter.NewLetters(store.ConsoleDB), metrics: telemetry.NewMetrics()}
	w.Consumer = &deadletter.Consumer{
		Jobs: w.ledger, Letters: deadletter.NewLetters(store.DB), Refusals: deadletter.NewRefusals(), Wake: func(id string) { w.woken = append(w.woken, id) },
		Metrics: w.metrics, Logger: telemetry.NewLogger(&w.log, "enhancer", telemetry.LogConfig{Level: slog.LevelInfo}),
	}
	return w
}

// accepted is a job of alpha that is pending.
func (w *world) accepted() enhancement.Job {
	w.t.Helper()
	j := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001", Description: "secret of the ticket"}, "c")
	if _, err := w.ledger.Accept(w.t.Context(), j); err != nil {
		w.t.Fatal(err)
	}
	return j
}

func message(tenantID, jobID string) sidecar.Raw {
	return sidecar.Raw{Whole: true, Data: fmt.Appendf(nil,
		`{"specversion":"1.0","data":{"job_id":%q,"tenant_id":%q,"ticket_id":"1001","description":"secret of the ticket"}}`, jobID, tenantID)}
}

func (w *world) letters() []deadletter.Letter {
	w.t.Helper()
	letters, err := w.shown.Recent(w.t.Context(), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return letters
}

func (w *world) counted(reason telemetry.Dead) string {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/", http.NoBody))
	_, after, _ := strings.Cut(rec.Body.String(), telemetry.MetricDead+`{reason="`+string(reason)+`"} `)
	n, _, _ := strings.Cut(after, "\n")
	return n
}

func TestAJobLearnsWhyItsMessageWasNotDelivered(t *testing.T) {
	w := newWorld(t)
	j := w.accepted()
	w.Refusals.Note(j.ID, errors.New("example: the database was down"))
	for range 2 { // a message that fails becomes a dead letter up to twice
		if err := w.Receive(t.Context(), message("alpha", j.ID)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.ledger.Job(t.Context(), "alpha", j.ID)
	if err != nil || !strings.Contains(got.Trouble, "example: the database was down") || got.TroubleAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if fmt.Sprint(w.woken) != "[alpha alpha]" {
		t.Errorf("woken for %v", w.woken)
	}
	if admitted, err := w.ledger.Admit(t.Context(), "alpha", 1, 1); err != nil || len(admitted) != 1 {
		t.Errorf("it does not wait for its turn: %+v, %v", admitted, err)
	}
	if len(w.letters()) != 0 || w.counted(telemetry.DeadUndelivered) != "2" || strings.Count(w.log.String(), `"ERROR"`) != 2 || strings.Contains(w.log.String(), "secret of") {
		t.Errorf("%d letters, %s counted, log %s", len(w.letters()), w.counted(telemetry.DeadUndelivered), &w.log)
	}
	// A job that runs is left to.
	if err := w.Receive(t.Context(), message("alpha", j.ID)); err != nil || len(w.woken) != 2 {
		t.Errorf("%v, woken for %v", err, w.woken)
	}
}

// Another replica may have refused it, or none.
func TestWithoutAKnownReasonThatIsSaid(t *testing.T) {
	w := newWorld(t)
	w.Refusals = nil
	j := w.accepted()
	if err := w.Receive(t.Context(), message("alpha", j.ID)); err != nil {
		t.Fatal(err)
	}
	if got, err := w.ledger.Job(t.Context(), "alpha", j.ID); err != nil || !strings.Contains(got.Trouble, "the enhancer did not answer") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatBelongsToNoJobIsKept(t *testing.T) {
	const id = "9f8b6979-8851-86b3-9a47-07088f6081d1"
	for name, c := range map[string]struct {
		message sidecar.Raw
		kind    telemetry.Dead
		says    []string
	}{
		"no JSON":         {sidecar.Raw{Data: []byte("<html>"), Whole: true}, telemetry.DeadUnreadable, []string{"cannot be read", "<html>"}},
		"nothing":         {sidecar.Raw{Whole: true}, telemetry.DeadUnreadable, []string{"cannot be read"}},
		"null":            {sidecar.Raw{Data: []byte("null"), Whole: true}, telemetry.DeadUnreadable, []string{"has no data"}},
		"no data":         {sidecar.Raw{Data: []byte(`{"specversion":"1.0"}`), Whole: true}, telemetry.DeadUnreadable, []string{"has no data"}},
		"other data":      {sidecar.Raw{Data: []byte(`{"data":"x"}`), Whole: true}, telemetry.DeadUnreadable, []string{"cannot be read"}},
		"too large":       {sidecar.Raw{}, telemetry.DeadUnreadable, []string{"too large"}},
		"no job's id":     {message("alpha", "x"), telemetry.DeadUnreadable, []string{"is no job id"}},
		"bytes":           {sidecar.Raw{Data: []byte("\xff\x00\x1b[2J\u202e"), Whole: true}, telemetry.DeadUnreadable, []string{"\uFFFD"}},
		"a secret":        {sidecar.Raw{Data: []byte("Authorization: Bearer abcdefghijklmnop1234"), Whole: true}, telemetry.DeadUnreadable, []string{"[redacted]"}},
		"an unknown job":  {message("alpha", id), telemetry.DeadUnknownJob, []string{"no such job", id, "alpha", "1001"}},
		"another tenant":  {message("beta", id), telemetry.DeadUnknownJob, []string{"no such job", "beta"}},
		"a great deal":    {sidecar.Raw{Data: bytes.Repeat([]byte("x "), 100_000), Whole: true}, telemetry.DeadUnreadable, []string{"cut"}},
		"a hostile field": {sidecar.Raw{Data: []byte(`{"data":{"job_id":"` + strings.Repeat(`\u0000'`, 500) + `"}}`), Whole: true}, telemetry.DeadUnreadable, []string{"is not valid"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for range 2 {
				if err := w.Receive(t.Context(), c.message); err != nil {
					t.Fatal(err)
				}
			}
			letters := w.letters()
			if len(letters) != 1 || letters[0].Times != 2 || letters[0].Bytes != len(c.message.Data) {
				t.Fatalf("letters %+v", letters)
			}
			for _, text := range c.says {
				if !strings.Contains(letters[0].Reason+letters[0].Excerpt, text) {
					t.Errorf("%+v does not say %q", letters[0], text)
				}
			}
			if l := letters[0]; len([]rune(l.Excerpt)) > 300 || len([]rune(l.Reason)) > 400 || strings.ContainsAny(l.Reason+l.Excerpt, "\x00\x1b\u202e") || strings.Contains(l.Excerpt, "secret of") {
				t.Errorf("kept as it came: %+v", l)
			}
			if w.counted(c.kind) != "2" || len(w.woken) != 0 || strings.Count(w.log.String(), `"ERROR"`) != 2 {
				t.Errorf("%s counted, woken for %v, log %s", w.counted(c.kind), w.woken, &w.log)
			}
		})
	}
}

// jobs answers with an error.
type jobs struct{ err error }

func (j jobs) Undelivered(context.Context, string, string, string) (ledger.Found, error) {
	return ledger.Found{}, j.err
}

// To come again helps when the database was away, and against nothing else.
func TestOnlyADatabaseThatIsAwayHasALetterComeAgain(t *testing.T) {
	const id = "9f8b6979-8851-86b3-9a47-07088f6081d1"
	away := &pgconn.PgError{Code: "57P03"} // cannot_connect_now
	w := newWorld(t)
	w.Jobs = jobs{fmt.Errorf("example: %w", away)}
	if err := w.Receive(t.Context(), message("alpha", id)); !errors.Is(err, away) {
		t.Errorf("away: %v", err)
	}
	w.Jobs = jobs{fmt.Errorf("example: %w", &pgconn.PgError{Code: "P0001", Message: "this row is poisoned"})}
	if err := w.Receive(t.Context(), message("alpha", id)); err != nil || !strings.Contains(w.log.String(), "this row is poisoned") || w.counted(telemetry.DeadUndelivered) != "1" {
		t.Errorf("refused: %v, log %s", err, &w.log)
	}
	w.store.DB.Close()
	if err := w.Receive(t.Context(), sidecar.Raw{Data: []byte("<"), Whole: true}); err == nil {
		t.Error("a letter that was not kept is done with")
	}
}

func TestSoManyLettersAreKeptAndNoMore(t *testing.T) {
	w := newWorld(t)
	letters := deadletter.NewLetters(w.store.DB)
	for i := range 520 {
		if err := letters.Keep(t.Context(), deadletter.Letter{Digest: [32]byte{byte(i), byte(i >> 8)}, Reason: strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	kept := w.letters()
	if len(kept) != 500 || kept[0].Reason != "519" || kept[499].Reason != "20" {
		t.Errorf("%d are kept, from %s to %s", len(kept), kept[0].Reason, kept[len(kept)-1].Reason)
	}
}

func TestLettersAreForTheConsole(t *testing.T) {
	w := newWorld(t)
	if letters, err := deadletter.NewLetters(w.store.DB).Recent(t.Context(), 1); err == nil {
		t.Errorf("app_user reads %+v", letters)
	}
	for _, statement := range []string{
		"SELECT FROM dead_letters", "DELETE FROM dead_letters", "UPDATE dead_letters SET times = 1",
		"INSERT INTO dead_letters (digest, reason, excerpt, bytes) VALUES (decode(repeat('00', 32), 'hex'), 'x', 'x', 1)", "SELECT all_queue_accounts()",
	} {
		if _, err := w.store.Database.Pool.Exec(t.Context(), statement); err == nil {
			t.Errorf("app_user may %s", statement)
		}
	}
}
