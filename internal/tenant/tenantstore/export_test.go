package tenantstore

import (
	"context"
	"log/slog"
	"time"
)

// SetBatch has purges go in small steps.
func (s *Store) SetBatch(rows int64) { s.batch = rows }

// BeginPurge is Purge in two steps, so that something can happen between them.
func (s *Store) BeginPurge(ctx context.Context, id string) (finish func() (map[string]int64, error), err error) {
	p, err := s.beginPurge(ctx, id, 0)
	return func() (map[string]int64, error) { return p.removed, p.finish(ctx, nil) }, err
}

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
