package tenantstore

import (
	"context"
	"log/slog"
	"time"
)

// resealBatch is how many values are sealed anew before the rest is counted again.
const resealBatch = 1000

// KeepSealed seals the stored values with the primary key, and removes previous signing secrets whose time is over, now and
// each interval until ctx ends. It is what makes a new primary key take effect on what is stored. Several processes may do
// it at once.
func (s *Store) KeepSealed(ctx context.Context, interval time.Duration, logger *slog.Logger) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	s.keepSealed(ctx, ticker.C, logger)
}

func (s *Store) keepSealed(ctx context.Context, again <-chan time.Time, logger *slog.Logger) {
	var unreadable int64
	for {
		unreadable = s.resealAll(ctx, unreadable, logger)
		select {
		case <-ctx.Done():
			return
		case <-again:
		}
	}
}

// resealAll gives how many values are unreadable; known is how many were, so that it is told once and not each interval.
func (s *Store) resealAll(ctx context.Context, known int64, logger *slog.Logger) int64 {
	for {
		resealed, left, err := s.Reseal(ctx, resealBatch)
		if ctx.Err() != nil {
			return known
		}
		if resealed > 0 {
			logger.InfoContext(ctx, "secrets were sealed with the primary key", "count", resealed, "left", left)
		}
		if resealed == resealBatch && left > 0 {
			continue // one that does not open does not keep the others waiting; it is told at the end
		}
		if err != nil {
			logger.ErrorContext(ctx, "not all secrets could be sealed with the primary key", "left", left, "error", err)
		}
		break
	}
	_, unreadable, err := s.SealedWith(ctx)
	if err != nil {
		logger.ErrorContext(ctx, "the sealed secrets could not be counted", "error", err)
		return known
	}
	if unreadable > known {
		logger.ErrorContext(ctx, "there are secrets that no key of the keyset opens: put their key back, or replace them", "count", unreadable)
	}
	return unreadable
}
