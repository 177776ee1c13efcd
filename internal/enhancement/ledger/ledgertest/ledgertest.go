// Package ledgertest brings jobs of the ledger into the state in which a test needs them.
package ledgertest

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

// Claim has a job run, as if its message had arrived and there were room for it, and says what it is like then; one that has begun
// already stays as it is. All that waits of the tenant begins with it.
func Claim(ctx context.Context, l *ledger.Ledger, tenantID, jobID string) (ledger.Found, error) {
	if _, err := l.Queued(ctx, tenantID, jobID); err != nil {
		return ledger.Found{}, err
	}
	const all = 10_000
	if _, err := l.Admit(ctx, tenantID, all, all); err != nil {
		return ledger.Found{}, err
	}
	return l.Queued(ctx, tenantID, jobID)
}
