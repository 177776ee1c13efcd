// Package embedding owns the comparison of texts by meaning: turning a tenant's past tickets and articles
// into vectors, keeping these, and reordering what was found by words (Reranker). All of it is optional:
// without an Embedder nobody calls it, and words alone decide.
//
// A vector belongs to a model and a text. Backfill embeds whatever has no vector of the present model and
// text, which makes it resumable and is how a change of either is noticed.
package embedding

import (
	"context"
	"errors"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// MaxText is the longest text that an Embedder is given, in characters; beyond it, a ticket is mostly
// pasted logs.
const MaxText = 20_000

// ErrRefused marks a text that the model will not have, whoever asks and however often.
var ErrRefused = errors.New("the model refuses the text")

// Embedder turns texts into vectors. It may be used concurrently.
type Embedder interface {
	// Model names where the vectors come from: those of different models cannot be compared.
	Model() string
	// Embed gives a Result for each text, in their order. Texts have at most MaxText characters, and none is
	// blank. An error says that the model could not be asked; results that came before it are given all the
	// same. Unless it is a gather.PermanentError, asking again may help, after the wait of a
	// backoff.RetryAfterError if there is one. Neither error nor results repeat a text.
	Embed(ctx context.Context, texts []string) ([]Result, error)
}

// Result is a text's vector, or why there is none: Err matches ErrRefused when it is because of the text,
// and another when asking again may help. Without either, the text's turn did not come.
type Result struct {
	Vector Vector
	Err    error
}

// Tenants runs fn in a transaction that sees nothing but the tenant's rows.
type Tenants interface {
	InTenant(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error
}
