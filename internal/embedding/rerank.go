package embedding

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrOff says that reranking failed lately and is not tried for now.
var ErrOff = gather.ErrNotNow

// Reranker reorders what was found by words. It may be used concurrently.
type Reranker struct {
	embedder Embedder
	opts     RerankOptions
	// load gives the current vectors of candidates.
	load    func(ctx context.Context, tenantID string, kind gather.Kind, ids []string) (map[string]quantised, error)
	queries *lru.Cache[queryKey, Vector]
	flights singleflight.Group
	breaker *gobreaker.CircuitBreaker[[]gather.Candidate]
}

// queryKey is a hash, so that the texts of tickets do not stay in memory.
type queryKey [sha256.Size]byte

// RerankOptions are the limits of a Reranker. Zero fields get the defaults in brackets.
type RerankOptions struct {
	// Weight is the share of meaning in the blended relevance, above 0 and at most 1 [DefaultWeight].
	Weight float64
	// Timeout bounds one Rerank [2 s].
	Timeout time.Duration
	// MaxFailures in a row turn reranking off [3].
	MaxFailures int
	// Off is how long it stays off [20 s]. After that a single call tries; the others wait for its success.
	Off time.Duration
	// CachedQueries is how many vectors of queries are kept [512].
	CachedQueries int
	Logger        *slog.Logger // none
}

func (o RerankOptions) withDefaults() RerankOptions {
	const failures, cached, seconds = 3, 512, 20
	if o.Weight <= 0 {
		o.Weight = DefaultWeight
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.MaxFailures <= 0 {
		o.MaxFailures = failures
	}
	if o.Off <= 0 {
		o.Off = seconds * time.Second
	}
	if o.CachedQueries <= 0 {
		o.CachedQueries = cached
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// NewReranker makes a Reranker that compares by the vectors that a Backfill with the same model stored.
func NewReranker(db Tenants, embedder Embedder, opts RerankOptions) (*Reranker, error) {
	opts = opts.withDefaults()
	if opts.Weight > 1 {
		return nil, fmt.Errorf("weight of meaning %v: use a number above 0 and up to 1", opts.Weight)
	}
	queries, err := lru.New[queryKey, Vector](opts.CachedQueries)
	if err != nil {
		return nil, fmt.Errorf("make the cache of queries: %w", err)
	}
	r := &Reranker{embedder: embedder, opts: opts, queries: queries}
	r.load = func(ctx context.Context, tenantID string, kind gather.Kind, ids []string) (map[string]quantised, error) {
		return loadFrom(ctx, db, spaceOf(embedder), tenantID, kind, ids)
	}
	r.breaker = gobreaker.NewCircuitBreaker[[]gather.Candidate](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      opts.Off,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(opts.MaxFailures) },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, ErrRefused) },
		// A caller that lost interest says nothing about the model.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			opts.Logger.Warn("reranking by meaning switched", "from", from.String(), "to", to.String())
		},
	})
	return r, nil
}

// Rerank gives the candidates, best first by blended relevance (see blend), without changing the given
// ones. q is of the ticket at hand. Candidates keep their order and relevance when there is nothing
// to compare: none has a current vector, or the ticket's text is blank. After an error, too, the order by words is the
// one to go by. An error comes within the timeout and, once there were several in a row, at once
// (ErrOff). It does not repeat the text.
func (r *Reranker) Rerank(
	ctx context.Context, q gather.Query, kind gather.Kind, candidates []gather.Candidate,
) ([]gather.Candidate, error) {
	if _, err := collectionOf(kind); err != nil {
		return nil, err
	}
	query := textOf(q.Ticket.Text(), q.Ticket.People)
	if query == "" || len(candidates) == 0 {
		return candidates, nil
	}
	reranked, err := r.breaker.Execute(func() ([]gather.Candidate, error) {
		ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
		defer cancel()
		return r.rerank(ctx, q.TenantID, kind, query, candidates)
	})
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return nil, ErrOff
	case err != nil:
		return nil, fmt.Errorf("rerank %ss by meaning: %w", kind, err)
	}
	return reranked, nil
}

func (r *Reranker) rerank(
	ctx context.Context, tenantID string, kind gather.Kind, query string, candidates []gather.Candidate,
) ([]gather.Candidate, error) {
	ids := make([]string, len(candidates))
	for i, c := range candidates {
		ids[i] = c.ID
	}
	vectors, err := r.load(ctx, tenantID, kind, ids)
	if err != nil || len(vectors) == 0 {
		return candidates, err
	}
	asked, err := r.embedQuery(ctx, tenantID, query)
	if err != nil {
		return nil, err
	}
	cosines := make(map[string]float64, len(vectors))
	for id, v := range vectors {
		if cosine, ok := v.cosine(asked); ok {
			cosines[id] = cosine
		}
	}
	if len(cosines) == 0 {
		// The name of the model is the same and its dimensions are not: words alone decide.
		return candidates, nil
	}
	return blend(candidates, cosines, r.opts.Weight), nil
}

func loadFrom(
	ctx context.Context, db Tenants, model, tenantID string, kind gather.Kind, ids []string,
) (map[string]quantised, error) {
	c, err := collectionOf(kind)
	if err != nil {
		return nil, err
	}
	var found map[string]quantised
	err = db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		var err error
		found, err = c.read(ctx, tx, model, ids)
		return err
	})
	return found, err
}
