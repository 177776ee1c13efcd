package knowledge

import "context"

// Probe asks the knowledge base once, for a word that it need not have, to see whether it can be reached with the endpoint's
// settings. The error is that of Live, without its cache.
func Probe(ctx context.Context, endpoint Endpoint, opts Options) error {
	_, err := newClient(opts.withDefaults()).search(ctx, lookup{endpoint: endpoint, words: "test"})
	return err
}
