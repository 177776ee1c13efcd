package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// MinRetention is how long entries are kept at least. The database refuses to remove younger ones.
const MinRetention = 90 * 24 * time.Hour

// What the entry about a removal says: the newest entry that was removed, on which the log's first one follows.
const (
	detailLastSeq  = "last_seq"
	detailLastHash = "last_hash"
)

const (
	// pruneBatch entries are removed in one transaction, for which all wait who append.
	pruneBatch = 10_000
	// pruneTimeout bounds one such transaction.
	pruneTimeout = time.Minute
)

var errRetention = errors.New("audit entries are kept for 90 days (2160h) at least")

// Retention is for how long entries are kept.
type Retention struct {
	Keep time.Duration `envconfig:"AUDIT_RETENTION" default:"2160h"`
}

// Validate refuses what the database would refuse later.
func (r Retention) Validate() error {
	if r.Keep < MinRetention {
		return fmt.Errorf("AUDIT_RETENTION: %s is too short: %w", r.Keep, errRetention)
	}
	return nil
}

// Prune removes the entries that are older than keep, and says how many. Each removal is itself an entry. It needs a log as
// console_user.
func (l *Log) Prune(ctx context.Context, keep time.Duration) (int64, error) {
	if keep < MinRetention {
		return 0, fmt.Errorf("prune the audit log: %w", errRetention)
	}
	var removed int64
	for {
		n, err := l.pruneOnce(ctx, keep)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("prune the audit log: %w", err)
		}
		if n < pruneBatch {
			return removed, nil
		}
	}
}

func (l *Log) pruneOnce(ctx context.Context, keep time.Duration) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	err = l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, "SELECT audit_prune($1, $2)", keep, pruneBatch).Scan(&n)
	})
	return n, err
}

// KeepFor prunes now and then once every interval, until ctx ends. A failure is logged, and what was not removed is
// removed the next time. Several processes may do it at once.
func (l *Log) KeepFor(ctx context.Context, keep, interval time.Duration, logger *slog.Logger) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, string(OperationAuditPrune)))
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		removed, err := l.Prune(ctx, keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			logger.ErrorContext(ctx, "the audit log was not pruned", "error", err, "again_in", interval)
		case removed > 0:
			logger.InfoContext(ctx, "the audit log was pruned", "removed", removed, "older_than", keep)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}
