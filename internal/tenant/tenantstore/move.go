package tenantstore

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Assign has the enhancer of that name work for the tenant from the end of the transaction on, and does also in it, where the tenant
// is assigned to it already as well. The name is one of tenant.EnhancerOf.
func (s *Store) Assign(ctx context.Context, id, enhancer string, version int64, also Also) (Record, error) {
	return s.change(ctx, "move", id, version, also, func(_ postgres.Tx, now Record) (assignments, error) {
		switch {
		case now.Status == StatusDeleted:
			return assignments{}, ErrDeleted
		case now.Enhancer == enhancer:
			return assignments{}, nil
		}
		return assignments{set: "enhancer = $2", args: []any{enhancer}}, nil
	})
}
