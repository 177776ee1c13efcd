// Package bulkload owns the way of many rows from a reader into a store: batches, reading ahead while a batch is written,
// finding the rows that the store refuses, and the account of what became of all of them.
//
// Each batch is stored as a whole or not at all. Rows are upserted, so after an interruption the same import is run
// again: what is there already counts as unchanged.
package bulkload

import (
	"context"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/importfile"
)

// Bounds of a batch, whichever is reached first.
const (
	DefaultRows  = 1000
	DefaultBytes = 16 << 20
)

// Source gives rows, as importfile.Reader does. It is asked by one goroutine at a time, but for Reject and Offset.
type Source[T importfile.Record] interface {
	Next() (importfile.Row[T], error)
	Reject(row importfile.Row[T], reason error) *importfile.Reject
	Offset() int64
}

// Put stores rows of one tenant, all or none, and says what that changed. No two have the same key. Its error is a
// *RefusedError when it is what is in the rows that cannot be stored.
type Put[T importfile.Record] func(ctx context.Context, rows []T) (gather.Change, error)

// Options say what to load and how.
type Options struct {
	// Since leaves out rows that last changed before; rows that do not say are taken. Zero takes all.
	Since time.Time
	// Limit ends the load after so many rows; 0 for none.
	Limit int
	// DryRun reads and checks everything and stores nothing.
	DryRun bool
	// Rows and Bytes bound a batch; 0 for the defaults.
	Rows, Bytes int
	// Rejected hears of every reject, in the order of the batches. An error ends the load. Nil for nobody.
	Rejected func(*importfile.Reject) error
	// Progress is called after each batch, with what was done so far. Nil for nobody.
	Progress func(Progress)
}

func (o Options) withDefaults() Options {
	if o.Rows <= 0 {
		o.Rows = DefaultRows
	}
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	return o
}

// Progress is how far a load has got.
type Progress struct {
	// Read is the number of records, Offset the number of bytes of the source, that are behind it.
	Read   int
	Offset int64
}

// Summary is what became of the rows.
type Summary struct {
	gather.Change

	// Read counts the records, the rejected ones included, of the batches that are done.
	Read int
	// Valid counts the rows that a dry run would have stored.
	Valid int
	// Skipped rows are older than Options.Since. Repeated ones have the key of an earlier one and took its place; Merged ones
	// became part of it.
	Skipped, Repeated, Merged, Rejected int
	// Limited: the load ended at Options.Limit, and more rows follow.
	Limited bool
}

// RefusedError says that rows cannot be stored for what is in them; others may.
type RefusedError struct {
	// Reason says why, without what led there.
	Reason string
	Err    error
}

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// ErrInterrupted says that the load ended because its context did.
var ErrInterrupted = errors.New("interrupted")

// Load reads source to its end and puts its rows, one batch being read while another is written. The summary counts what
// was stored, also when there is an error: the batch in which that occurred was rolled back, and those before stay. It
// is ErrInterrupted when ctx ended. Load does not wait then for a source that does not answer; the source may be
// closed, but not used any more.
func Load[T importfile.Record](
	ctx context.Context, source Source[T], schema *importfile.Schema[T], put Put[T], opts Options,
) (Summary, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	opts = opts.withDefaults()
	l := &loader[T]{source: source, schema: schema, put: put, opts: opts}
	batches := make(chan *batch[T])
	go newCollector(source, schema, opts).run(ctx, batches)
	for {
		select {
		case <-ctx.Done():
			return l.summary, interrupted(ctx)
		case b := <-batches:
			if err := l.take(ctx, b); err != nil {
				return l.summary, err
			}
			if b.end != nil {
				return l.summary, endOf(b.end)
			}
		}
	}
}
