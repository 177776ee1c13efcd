package retrieval

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/history"
)

// generator writes tickets as long as real ones. Words come as often as those of a language do, without its stop
// words: the commonest is in 4 of 10 tickets, most are in few. Two with the same seed write the same.
type generator struct {
	zipf *rand.Zipf
}

const (
	subjectWords, descriptionWords, resolutionWords = 8, 80, 40

	vocabulary = 200_000
	exponent   = 1.1
	flatness   = 30

	// Consonants only, so that no word is a stop word or is stemmed into another.
	letters  = "bcdfghjklmnpqrtz"
	shortest = 256 // has three letters
)

func newGenerator(seed uint64) *generator {
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // text, not secrets
	return &generator{zipf: rand.NewZipf(random, exponent, flatness, vocabulary)}
}

func (g *generator) text(words int) string {
	var text strings.Builder
	for range words {
		for number := g.zipf.Uint64() + shortest; number > 0; number /= uint64(len(letters)) {
			text.WriteByte(letters[number%uint64(len(letters))])
		}
		text.WriteByte(' ')
	}
	return text.String()
}

func (g *generator) tickets(first, n int) []history.PastTicket {
	tickets := make([]history.PastTicket, n)
	for i := range tickets {
		tickets[i] = history.PastTicket{
			ID: strconv.Itoa(first + i), Subject: g.text(subjectWords), Description: g.text(descriptionWords),
			Resolution: g.text(resolutionWords), ResolvedAt: longAgo().Add(time.Duration(first+i) * time.Minute),
		}
	}
	return tickets
}
