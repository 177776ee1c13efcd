package ledger

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// openings is how many of the tenant's jobs may be admitted now, of those for which there is room.
func openings(_ context.Context, _ postgres.Tx, _ string, most int) (int, error) { return most, nil }
