package bulkload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ai-agents/ai-agents/internal/importfile"
)

// loader writes batches.
type loader[T importfile.Record] struct {
	source  Source[T]
	schema  *importfile.Schema[T]
	put     Put[T]
	opts    Options
	summary Summary
}

// take writes b and accounts for it.
func (l *loader[T]) take(ctx context.Context, b *batch[T]) error {
	for _, reject := range b.rejects {
		if err := l.reject(reject); err != nil {
			return err
		}
	}
	for rows := range slices.Chunk(b.rows, l.opts.Rows) {
		if err := l.write(ctx, rows); err != nil {
			if ctx.Err() != nil {
				return interrupted(ctx)
			}
			return err
		}
	}
	l.summary.Read += b.read
	l.summary.Skipped += b.skipped
	l.summary.Repeated += b.repeated
	l.summary.Merged += b.merged
	l.summary.Limited = b.limited
	if l.opts.Progress != nil {
		l.opts.Progress(Progress{Read: l.summary.Read, Offset: b.offset})
	}
	return nil
}

// write puts rows. When the store refuses them for what is in them, it halves them until it is known which ones
// these are, and rejects them: one bad row is not worth the others.
func (l *loader[T]) write(ctx context.Context, rows []importfile.Row[T]) error {
	if len(rows) == 0 {
		return nil
	}
	if l.opts.DryRun {
		l.summary.Valid += len(rows)
		return nil
	}
	values := make([]T, len(rows))
	for i := range rows {
		values[i] = rows[i].Value
	}
	change, err := l.put(ctx, values)
	if err == nil {
		l.summary.Change = l.summary.Plus(change)
		return nil
	}
	refused, is := errors.AsType[*RefusedError](err)
	switch {
	case !is || ctx.Err() != nil:
		return err
	case len(rows) == 1:
		return l.refuse(rows[0], errors.New(refused.Reason))
	}
	middle := len(rows) / 2
	if err := l.write(ctx, rows[:middle]); err != nil {
		return err
	}
	return l.write(ctx, rows[middle:])
}

// refuse rejects row with all that was merged into it.
func (l *loader[T]) refuse(row importfile.Row[T], reason error) error {
	if err := l.reject(l.source.Reject(row, reason)); err != nil {
		return err
	}
	for _, merged := range row.Merged {
		if err := l.reject(l.source.Reject(merged, reason)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader[T]) reject(reject *importfile.Reject) error {
	l.summary.Rejected++
	if l.opts.Rejected == nil {
		return nil
	}
	return l.opts.Rejected(reject)
}

// endOf is the error in which a source's end results.
func endOf(end error) error {
	if errors.Is(end, io.EOF) && !errors.Is(end, io.ErrUnexpectedEOF) {
		return nil
	}
	return end
}

func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}
