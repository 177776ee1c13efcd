package crew

import (
	"context"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// TakesWork is nil when a replica of the enhancer takes work, ErrNoWorker when none does. For console_user, in a transaction of its own.
func TakesWork(ctx context.Context, tx postgres.Tx, enhancer string) error {
	const query = `
		SELECT EXISTS (SELECT FROM workers WHERE enhancer = $1 AND NOT drain AND state = 'working' AND seen_at >= now() - $2::interval)`
	return answer(ctx, tx, query, enhancer, ErrNoWorker, false)
}

// Gone is nil when no replica of the enhancer was heard of lately, whatever it did, ErrAlive when one was: its workflow engine may have work.
// For console_user.
func Gone(ctx context.Context, tx postgres.Tx, enhancer string) error {
	return answer(ctx, tx, "SELECT EXISTS (SELECT FROM workers WHERE enhancer = $1 AND seen_at >= now() - $2::interval)", enhancer, ErrAlive, true)
}

// answer gives the error where the answer to the question about the enhancer is when.
func answer(ctx context.Context, tx postgres.Tx, query, enhancer string, err error, when bool) error {
	is := false
	if failed := tx.QueryRow(ctx, query, enhancer, silentAfter).Scan(&is); failed != nil {
		return fmt.Errorf("look for the workers of enhancer %q: %w", enhancer, failed)
	}
	if is == when {
		return err
	}
	return nil
}

// WithoutWorkers is how many enhancers have enabled tenants and no replica that takes work. Any app may ask.
func (r *Register) WithoutWorkers(ctx context.Context) (int, error) {
	n := 0
	err := r.db.InPlatform(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, "SELECT enhancers_without_workers($1)", silentAfter).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("look for enhancers without workers: %w", err)
	}
	return n, nil
}
