package bulkload

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"

	"github.com/ai-agents/ai-agents/internal/importfile"
)

// batch is what is written, or found wrong, together.
type batch[T importfile.Record] struct {
	rows    []importfile.Row[T]
	rejects []*importfile.Reject
	bytes   int
	read    int
	skipped int
	// repeated rows have the key of an earlier one, in this batch or another, and take its place; merged ones add to it.
	repeated, merged int
	offset           int64
	limited          bool
	// end is why no batch follows: io.EOF, or what the source failed for; nil when one does.
	end error
}

// collector makes batches of a source's rows.
type collector[T importfile.Record] struct {
	source Source[T]
	schema *importfile.Schema[T]
	opts   Options
	taken  int
	// seen has a hash of every key: eight bytes a row are affordable for files that are not.
	seen map[uint64]struct{}
	seed maphash.Seed
}

func newCollector[T importfile.Record](source Source[T], schema *importfile.Schema[T], opts Options) *collector[T] {
	return &collector[T]{source: source, schema: schema, opts: opts, seen: make(map[uint64]struct{}), seed: maphash.MakeSeed()}
}

// run sends batches until one has an end, or ctx is done.
func (c *collector[T]) run(ctx context.Context, out chan<- *batch[T]) {
	for {
		b := c.collect(ctx)
		select {
		case <-ctx.Done():
			return
		case out <- b:
		}
		if b.end != nil {
			return
		}
	}
}

// collect reads one batch; rows that may have to be merged are one batch all together.
func (c *collector[T]) collect(ctx context.Context) *batch[T] {
	b := &batch[T]{}
	places := make(map[string]int) // key: place in rows
	for b.end == nil && ctx.Err() == nil && !c.isFull(b) {
		if c.opts.Limit > 0 && c.taken == c.opts.Limit {
			b.end, b.limited = io.EOF, c.hasMore(ctx)
			break
		}
		row, err := c.source.Next()
		if reject, is := errors.AsType[*importfile.Reject](err); is {
			b.read++
			b.rejects = append(b.rejects, reject)
			b.bytes += len(reject.Raw)
			continue
		}
		if err != nil {
			b.end = err
			break
		}
		b.read++
		b.bytes += len(row.Raw)
		c.add(b, places, row)
	}
	b.offset = c.source.Offset()
	return b
}

// hasMore looks whether anything follows that would have been taken, or rejected.
func (c *collector[T]) hasMore(ctx context.Context) bool {
	for ctx.Err() == nil {
		row, err := c.source.Next()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil || !c.tooOld(row) {
			return true
		}
	}
	return true
}

func (c *collector[T]) isFull(b *batch[T]) bool {
	return c.schema.Merge == nil && (len(b.rows)+len(b.rejects) >= c.opts.Rows || b.bytes >= c.opts.Bytes)
}

// add takes a row into b. places knows where in b.rows a key is.
func (c *collector[T]) add(b *batch[T], places map[string]int, row importfile.Row[T]) {
	if c.tooOld(row) {
		b.skipped++
		return
	}
	c.taken++
	key := c.schema.Key(row.Value)
	place, here := places[key]
	if here && c.schema.Merge != nil {
		c.merge(b, &b.rows[place], row)
		return
	}
	hash := maphash.String(c.seed, key)
	if _, seen := c.seen[hash]; seen {
		b.repeated++
	}
	c.seen[hash] = struct{}{}
	if here {
		b.rows[place] = row
		return
	}
	places[key] = len(b.rows)
	b.rows = append(b.rows, row)
}

func (c *collector[T]) merge(b *batch[T], into *importfile.Row[T], row importfile.Row[T]) {
	if err := c.schema.Merge(&into.Value, row.Value); err != nil {
		b.rejects = append(b.rejects, c.source.Reject(row, fmt.Errorf("contradicts line %d: %w", into.Line, err)))
		return
	}
	b.merged++
	into.Merged = append(into.Merged, row)
}

func (c *collector[T]) tooOld(row importfile.Row[T]) bool {
	if c.opts.Since.IsZero() || c.schema.When == nil {
		return false
	}
	changed := c.schema.When(row.Value)
	return !changed.IsZero() && changed.Before(c.opts.Since)
}
