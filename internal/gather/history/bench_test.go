package history_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// BenchmarkFind searches 10,000 tickets of one tenant, beside as many of another, by whole tickets of
// 80 words. The budget of a search is 2 s.
func BenchmarkFind(b *testing.B) {
	const tickets = 10_000
	d := gathertest.NewDatabase(b)
	words := newVocabulary()
	for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
		load(b, d, words, tenantID, tickets)
	}
	if _, err := d.Admin.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
	source := history.New(d.DB, history.Options{})
	for b.Loop() {
		result, err := source.Find(b.Context(), gather.Query{
			TenantID: gathertest.Tenant,
			Ticket:   ticket.Ticket{ID: "asked", Subject: words.text(8), Description: words.text(80)},
		})
		if err != nil {
			b.Fatal(err)
		}
		if len(result.Items) == 0 {
			b.Fatal("nothing found")
		}
	}
}

func load(b *testing.B, d *gathertest.Database, words *vocabulary, tenantID string, n int) {
	b.Helper()
	rows := make([]history.PastTicket, n)
	for i := range rows {
		rows[i] = history.PastTicket{
			ID: strconv.Itoa(i), Subject: words.text(8), Description: words.text(80), Resolution: words.text(40), ResolvedAt: resolvedOn(1),
		}
	}
	if _, err := history.NewStore(d.DB).Put(b.Context(), tenantID, gather.OriginFile, rows); err != nil {
		b.Fatal(err)
	}
}

// vocabulary draws words as a language does: a few all the time, most of them rarely.
type vocabulary struct {
	zipf *rand.Zipf
}

func newVocabulary() *vocabulary {
	const words = 20_000
	random := rand.New(rand.NewPCG(1, 2)) // the same text in every run
	return &vocabulary{zipf: rand.NewZipf(random, 1.1, 4, words)}
}

func (v *vocabulary) text(n int) string {
	var text strings.Builder
	for range n {
		// Consonants only, so that no word is a stop word or is stemmed into another.
		number := v.zipf.Uint64() + 100
		for ; number > 0; number /= 16 {
			text.WriteByte("bcdfghjklmnpqrtz"[number%16])
		}
		text.WriteByte(' ')
	}
	return text.String()
}
