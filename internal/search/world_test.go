package search

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	north = "north"
	south = "south"
)

// world is a database with two tenants.
type world struct {
	db      *postgres.DB
	console func(testing.TB) *postgres.DB
	admin   *pgxpool.Pool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	d := postgrestest.New(t)
	w := &world{db: d.Open(t), console: d.OpenConsole, admin: d.Admin}
	for _, tenantID := range []string{north, south} {
		w.exec(t, `
			INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
			VALUES ($1, 'Example', 'https://sdp.example.com', 'onprem', 'sealed', 'sealed')`, tenantID)
	}
	return w
}

// exec is done by admin, who sees all tenants.
func (w *world) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := w.admin.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) count(t testing.TB, from string, args ...any) (n int) {
	t.Helper()
	if err := w.admin.QueryRow(t.Context(), "SELECT count(*) FROM "+from, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) add(t testing.TB, tenantID string, documents ...Document) (first int32) {
	t.Helper()
	err := w.db.InTenant(t.Context(), tenantID, func(tx postgres.Tx) (err error) {
		if err = Tickets.Lock(t.Context(), tx); err == nil {
			first, err = Tickets.Add(t.Context(), tx, documents)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func (w *world) remove(t testing.TB, tenantID string, documents ...int32) {
	t.Helper()
	err := w.db.InTenant(t.Context(), tenantID, func(tx postgres.Tx) error {
		return errors.Join(Tickets.Lock(t.Context(), tx), Tickets.Remove(t.Context(), tx, documents))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) find(t testing.TB, tenantID string, query Document, limit int) Result {
	t.Helper()
	var found Result
	err := w.db.InTenantSnapshot(t.Context(), tenantID, func(tx postgres.Tx) (err error) {
		found, err = Tickets.Find(t.Context(), tx, query, limit)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (w *world) segments(t testing.TB, tenantID string) (all []segment) {
	t.Helper()
	err := w.db.InTenantSnapshot(t.Context(), tenantID, func(tx postgres.Tx) (err error) {
		all, err = Tickets.segments(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// hooked is a transaction in which something happens before its n-th query.
type hooked struct {
	postgres.Tx

	before func(n int)
	n      int
}

func (h *hooked) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	h.n++
	h.before(h.n)
	return h.Tx.Query(ctx, sql, args...)
}

// vocabulary draws words as a language does: a few all the time, most of them rarely.
type vocabulary struct {
	random *rand.Rand
	zipf   *rand.Zipf
}

func newVocabulary(seed uint64, words uint64) *vocabulary {
	random := rand.New(rand.NewPCG(seed, 1))
	return &vocabulary{random: random, zipf: rand.NewZipf(random, 1.1, 4, words-1)}
}

// text is made of consonants, so that no word is a stop word or is stemmed into another.
func (v *vocabulary) text(words int) string {
	var text strings.Builder
	for range words {
		for n := v.zipf.Uint64() + 100; n > 0; n /= 16 {
			text.WriteByte("bcdfghjklmnpqrtz"[n%16])
		}
		text.WriteByte(' ')
	}
	return text.String()
}

func (v *vocabulary) document() Document {
	return Document{Title: v.text(v.random.IntN(6)), Body: v.text(v.random.IntN(40))}
}

func (v *vocabulary) documents(n int) []Document {
	all := make([]Document, n)
	for i := range all {
		all[i] = v.document()
	}
	return all
}

// numbered has a word that no other document has, and some that many have.
func numbered(n int) Document {
	return Document{Title: fmt.Sprintf("printer z%dz", n), Body: fmt.Sprintf("paper jam in tray q%dq", n%7)}
}
