package tenantstore

import (
	"context"
	"log/slog"
	"time"
)

// SetBatch has purges go in small steps.
func (s *Store) SetBatch(rows int64) { s.batch = rows }

// KeepSealedAt is KeepSealed by a clock of the test's.
func (s *Store) KeepSealedAt(ctx context.Context, again <-chan time.Time, logger *slog.Logger) {
	s.keepSealed(ctx, again, logger)
}

// For tests of the tables' order.
var (
	Tables        = tables
	ChildrenFirst = childrenFirst
	Kept          = kept
)
