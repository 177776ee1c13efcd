package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Revision is a number that grows with every document that is added: texts that are derived from documents are up to date
// as long as it is the same. It is 0 for a collection that never had one. The transaction is the tenant's.
func (c Collection) Revision(ctx context.Context, tx postgres.Tx) (int64, error) {
	var revision int64
	err := tx.QueryRow(ctx, `SELECT next_document FROM search_collections WHERE collection = $1`, c).Scan(&revision)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read the revision of %s: %w", c, err)
	}
	return revision, nil
}

// Outdated says whether a part of the index was made by another version of the analyzer. The transaction is the tenant's.
func (c Collection) Outdated(ctx context.Context, tx postgres.Tx) (bool, error) {
	var outdated bool
	const query = `SELECT EXISTS (SELECT FROM search_segments WHERE collection = $1 AND analyzer <> $2)`
	if err := tx.QueryRow(ctx, query, c, analyzerVersion).Scan(&outdated); err != nil {
		return false, fmt.Errorf("look for outdated segments of %s: %w", c, err)
	}
	return outdated, nil
}
