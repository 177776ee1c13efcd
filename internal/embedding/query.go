package embedding

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// embedQuery gives the vector of a query, from memory where it can. Tickets and articles are searched at the same
// time with the same query, so those who ask at once share one request; it is cut loose from the caller that
// happened to come first, and ends by the timeout.
func (r *Reranker) embedQuery(ctx context.Context, tenantID, query string) (Vector, error) {
	key := keyOf(tenantID, query)
	if known, ok := r.queries.Get(key); ok {
		return known, nil
	}
	flight := r.flights.DoChan(string(key[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.Timeout)
		defer cancel()
		return r.embedOne(ctx, key, query)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the query's vector: %w", ctx.Err())
	case landed := <-flight:
		vector, _ := landed.Val.(Vector)
		return vector, landed.Err
	}
}

func (r *Reranker) embedOne(ctx context.Context, key queryKey, query string) (Vector, error) {
	results, err := r.embedder.Embed(ctx, []string{query})
	if err != nil {
		return nil, fmt.Errorf("embed the query: %w", err)
	}
	if len(results) != 1 || results[0].Vector == nil && results[0].Err == nil {
		return nil, fmt.Errorf("embed the query: %d results and no vector", len(results))
	}
	if err := results[0].Err; err != nil {
		return nil, fmt.Errorf("embed the query: %w", err)
	}
	r.queries.Add(key, results[0].Vector)
	return results[0].Vector, nil
}

// keyOf keeps tenants apart though the same text has the same vector everywhere: how fast an answer comes
// shall not tell one tenant what another asked.
func keyOf(tenantID, query string) queryKey {
	// The length keeps the parts apart.
	return sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(tenantID), tenantID, query))
}
