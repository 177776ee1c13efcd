package gather

import (
	"context"
	"errors"
	"log/slog"
)

// Candidate is an item while it is not yet decided whether it is shown: how relevant it is, 0 to 1.
type Candidate struct {
	ID        string
	Relevance float64
}

// Reranker orders what was found by words by its meaning too. An error means that the words have to do.
type Reranker interface {
	Rerank(ctx context.Context, q Query, kind Kind, candidates []Candidate) ([]Candidate, error)
}

// ErrNotNow says that a Reranker is not asked for a while after failures, which it has told of.
var ErrNotNow = errors.New("reranking is off for a while after failures")

// Rerank gives items the relevance that r makes of theirs, in place. It changes nothing without r, which may be nil, or
// when r fails, which is logged.
func Rerank(ctx context.Context, r Reranker, logger *slog.Logger, q Query, kind Kind, items []*Item) {
	if r == nil || len(items) == 0 {
		return
	}
	candidates := make([]Candidate, len(items))
	for i, item := range items {
		candidates[i] = Candidate{ID: item.ID, Relevance: item.Relevance}
	}
	blended, err := r.Rerank(ctx, q, kind, candidates)
	if err != nil {
		level := slog.LevelWarn
		if errors.Is(err, ErrNotNow) { // each ticket of an outage need not tell of it
			level = slog.LevelDebug
		}
		logger.Log(ctx, level, "what was found is ranked by words alone", "tenant_id", q.TenantID, "kind", kind, "error", err)
		return
	}
	relevance := make(map[string]float64, len(blended))
	for _, c := range blended {
		relevance[c.ID] = c.Relevance
	}
	for _, item := range items {
		item.Relevance = relevance[item.ID]
	}
}
