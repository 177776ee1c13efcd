package search

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Whatever is in the rows, a search answers or says that the index is damaged.
func TestFindSurvivesDamage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	words := newVocabulary(4, 300)
	w.add(t, north, words.documents(500)...)
	w.add(t, north, words.documents(50)...)
	w.exec(t, "CREATE TABLE whole AS TABLE search_postings")
	if w.count(t, "whole WHERE key < 0") == 0 {
		t.Fatal("there is no long list: this proves little")
	}
	query := Document{Title: words.text(50), Body: words.text(100)}
	random := rand.New(rand.NewPCG(1, 1))
	damaged := 0
	for _, damage := range []string{
		"''", "left(encode(postings, 'escape'), 1)::bytea", "substr(postings, 1, length(postings) - 1)", "substr(postings, 2)",
		`'\x00'`, `'\xffffffffffffffffff01'`, `'\x0161ffffffffffffffffff01'`, `postings || '\x01'`, `set_byte(postings, length(postings) / 2, $1)`,
		`set_byte(postings, 0, $1)`, `set_byte(postings, length(postings) - 1, 128)`, `decode(repeat('ff', 100), 'hex')`,
	} {
		w.exec(t, "TRUNCATE search_postings")
		args := []any{}
		if damage[0] == 's' && damage[3] == '_' && damage[len(damage)-2] == '1' {
			args = append(args, random.IntN(256))
		}
		w.exec(t, "INSERT INTO search_postings SELECT tenant_id, collection, segment, key, documents, "+damage+" FROM whole", args...)
		err := w.db.InTenantSnapshot(t.Context(), north, func(tx postgres.Tx) error {
			_, err := Tickets.Find(t.Context(), tx, query, 10)
			return err
		})
		if err != nil && !errors.Is(err, errCorrupt) {
			t.Errorf("%s: %v, want an answer or that the index is damaged", damage, err)
		}
		if err != nil {
			damaged++
		}
	}
	if damaged < 6 {
		t.Errorf("damage was noticed %d times", damaged)
	}
}

// Lengths that are too few must not stop the documents from being found that have one.
func TestFindSurvivesMissingLengths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, north, numbered(0), numbered(1), numbered(2))
	w.exec(t, "UPDATE search_segments SET lengths = substr(lengths, 1, 2)")
	if got := w.find(t, north, Document{Title: "printer"}, 10); len(got.Hits) != 2 {
		t.Errorf("found %v, want two", got.Hits)
	}
}
