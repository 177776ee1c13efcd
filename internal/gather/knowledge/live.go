package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/gather"
)

// Endpoint is where a tenant's knowledge base is and what opens it. APIKey is a secret.
type Endpoint struct {
	BaseURL, APIKey string
}

// Endpoints knows the tenants' knowledge bases. A tenant without one has an empty BaseURL.
type Endpoints interface {
	KnowledgeEndpoint(ctx context.Context, tenantID string) (Endpoint, error)
}

// Cache keeps values for a limited time. It need not be reliable.
type Cache interface {
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// Live finds articles by asking a tenant's knowledge base over HTTP. The knowledge base answers this request, below
// the tenant's own base URL:
//
//	GET {base}/search?q=<words>&limit=3
//	Authorization: Bearer <key>
//	Accept: application/json
//
// with 200, Content-Type application/json, at most 1 MiB, and
//
//	{"articles": [{"id": "kb-7", "title": "…", "summary": "…", "url": "https://…", "score": 0.83}]}
//
// where q holds words separated by spaces of which an article need not have all, title and summary
// may hold HTML, score lies between 0 and 1, and no article is an empty list. Further fields are ignored. 401, 403 and
// 404 mean that the settings are wrong, as does a redirect to another host or out of encryption, which is not followed;
// everything else that is not 200 is taken for a passing failure.
//
// What it answers is somebody else's text: types are checked, texts are reduced to plain ones of bounded
// length, and only web links are kept.
type Live struct {
	endpoints Endpoints
	memory    *memory
	client    *client
	opts      Options
	flights   singleflight.Group
	breakers  *breakers
}

var _ gather.Source = (*Live)(nil)

// NewLive makes a Live that asks the knowledge bases of endpoints and remembers in cache.
func NewLive(endpoints Endpoints, cache Cache, opts Options) *Live {
	opts = opts.withDefaults()
	return &Live{
		endpoints: endpoints,
		memory:    &memory{cache: cache, opts: opts},
		client:    newClient(opts),
		opts:      opts,
		breakers:  newBreakers(opts),
	}
}

// Kind is gather.KindArticle.
func (s *Live) Kind() gather.Kind { return gather.KindArticle }

// Find gives the articles that the tenant's knowledge base finds by the ticket's Keywords, at most
// MaxArticles, best first; Relevance is the knowledge base's score. Nothing comes of a tenant without a
// knowledge base or a ticket without keywords. When the knowledge base fails, an older answer
// is given, with a note; without one, an error, permanent when it is the settings that are wrong. One that has failed again and
// again is not asked for a short while, and counts as failed at once.
func (s *Live) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	endpoint, err := s.endpoints.KnowledgeEndpoint(ctx, q.TenantID)
	if err != nil {
		return gather.Result{}, fmt.Errorf("find the knowledge base of tenant %s: %w", q.TenantID, err)
	}
	words := Keywords(q.Ticket)
	if endpoint.BaseURL == "" || words == "" {
		return gather.Result{}, nil
	}
	if err := ctx.Err(); err != nil {
		return gather.Result{}, fmt.Errorf("search the knowledge base: %w", err)
	}
	look := lookup{tenantID: q.TenantID, endpoint: endpoint, words: words}
	// The lookup is cut loose from this caller: others may be waiting for the same one. It ends by the
	// timeouts of what it calls.
	flight := s.flights.DoChan(look.flightKey(), func() (any, error) {
		return s.answer(context.WithoutCancel(ctx), look)
	})
	select {
	case <-ctx.Done():
		return gather.Result{}, fmt.Errorf("wait for the knowledge base: %w", ctx.Err())
	case landed := <-flight:
		if landed.Err != nil {
			return gather.Result{}, landed.Err
		}
		result, _ := landed.Val.(gather.Result)
		result.Items = slices.Clone(result.Items)
		return result, nil
	}
}

// answer gives the best answer that can be had: remembered and fresh, new, or remembered and stale.
func (s *Live) answer(ctx context.Context, look lookup) (gather.Result, error) {
	remembered, known := s.memory.recall(ctx, look)
	if known && s.memory.isFresh(remembered) {
		return gather.Result{Items: remembered.Items}, nil
	}
	items, err := s.breakers.of(look).Do(func() ([]gather.Item, error) { return s.client.search(ctx, look) })
	if open, ok := errors.AsType[*breaker.OpenError](err); ok { // asking again within the attempt is of no use
		err = &gather.PermanentError{Err: fmt.Errorf("it is not asked for now: %w", open)}
	}
	if err == nil {
		s.memory.keep(ctx, look, items)
		return gather.Result{Items: items}, nil
	}
	if !known {
		return gather.Result{}, fmt.Errorf("search the knowledge base of tenant %s: %w", look.tenantID, err)
	}
	s.opts.Logger.WarnContext(ctx, "knowledge base failed, an older answer stands in",
		"tenant_id", look.tenantID, "fetched_at", remembered.FetchedAt, "error", err)
	return gather.Result{
		Items: remembered.Items,
		Note:  "The knowledge base could not be asked; this is a cached copy from " + remembered.when() + ".",
	}, nil
}
