package bulkload_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/importfile"
	"github.com/ai-agents/ai-agents/internal/importfile/bulkload"
)

// record is a row of the tests: "id" or "id:text".
type record string

func (record) Validate() error { return nil }

func (r record) id() string { id, _, _ := strings.Cut(string(r), ":"); return id }

// schema dates a record by its length: "2026-01-01" and a day for each byte.
func schema() *importfile.Schema[record] {
	return &importfile.Schema[record]{
		Kind: "records", Key: record.id,
		When: func(r record) time.Time {
			if strings.HasSuffix(string(r), ":undated") {
				return time.Time{}
			}
			return time.Date(2026, 1, len(r), 0, 0, 0, 0, time.UTC)
		},
	}
}

// lines is a source with a record a line; "!" is a reject, an error stands for itself.
type lines struct {
	all  []string
	line int
	end  error
	// ask is called before each record.
	ask func(line int)
}

func (s *lines) Next() (importfile.Row[record], error) {
	if s.ask != nil {
		s.ask(s.line + 1)
	}
	if s.line == len(s.all) {
		if s.end != nil {
			return importfile.Row[record]{}, s.end
		}
		return importfile.Row[record]{}, io.EOF
	}
	text := s.all[s.line]
	s.line++
	row := importfile.Row[record]{Value: record(text), Line: s.line, Raw: text}
	if text == "!" {
		return importfile.Row[record]{}, s.Reject(row, errors.New("example"))
	}
	return row, nil
}

func (*lines) Reject(row importfile.Row[record], reason error) *importfile.Reject {
	return &importfile.Reject{Line: row.Line, Reason: reason.Error(), Raw: row.Raw}
}

func (s *lines) Offset() int64 { return int64(100 * s.line) }

// store keeps what is put, as a database would, and refuses what begins with "bad".
type store struct {
	rows    map[string]record
	batches []int
	// fails: what begins with "bad" makes it fail, which is not about the rows.
	fails bool
}

func (s *store) put(_ context.Context, rows []record) (gather.Change, error) {
	s.batches = append(s.batches, len(rows))
	if slices.ContainsFunc(rows, func(r record) bool { return strings.HasPrefix(string(r), "bad") }) {
		err := errors.New("value too long")
		if s.fails {
			return gather.Change{}, fmt.Errorf("put: %w", err)
		}
		return gather.Change{}, fmt.Errorf("put: %w", &bulkload.RefusedError{Reason: "too long", Err: err})
	}
	var change gather.Change
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.id()] {
			return gather.Change{}, fmt.Errorf("%s is there twice", r.id())
		}
		seen[r.id()] = true
		switch old, there := s.rows[r.id()]; {
		case !there:
			change.Added++
		case old == r:
			change.Unchanged++
		default:
			change.Changed++
		}
		s.rows[r.id()] = r
	}
	return change, nil
}

// run loads all into a store and says what was rejected.
type run struct {
	store    *store
	summary  bulkload.Summary
	rejected []string
	progress []bulkload.Progress
	err      error
}

func load(t *testing.T, source *lines, opts bulkload.Options) run {
	t.Helper()
	r := run{store: &store{rows: map[string]record{}}}
	opts.Rejected = func(reject *importfile.Reject) error {
		r.rejected = append(r.rejected, reject.Error())
		return nil
	}
	opts.Progress = func(p bulkload.Progress) { r.progress = append(r.progress, p) }
	r.summary, r.err = bulkload.Load(t.Context(), source, schema(), r.store.put, opts)
	return r
}

func TestLoad(t *testing.T) {
	t.Parallel()
	r := load(t, &lines{all: []string{"a", "!", "b", "c", "d", "!", "e"}}, bulkload.Options{Rows: 3})
	want := bulkload.Summary{Change: gather.Change{Added: 5}, Read: 7, Rejected: 2}
	if diff := cmp.Diff(want, r.summary); diff != "" || r.err != nil {
		t.Errorf("%v\n%s", r.err, diff)
	}
	if diff := cmp.Diff([]string{"line 2: example", "line 6: example"}, r.rejected); diff != "" {
		t.Error(diff)
	}
	// A reject takes a place in its batch: a file of nothing else must not be one batch.
	if diff := cmp.Diff([]int{2, 2, 1}, r.store.batches); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]bulkload.Progress{{Read: 3, Offset: 300}, {Read: 6, Offset: 600}, {Read: 7, Offset: 700}}, r.progress); diff != "" {
		t.Error(diff)
	}
	bytes := load(t, &lines{all: []string{"a:123456", "b:1", "c:1"}}, bulkload.Options{Bytes: 8})
	if diff := cmp.Diff([]int{1, 2}, bytes.store.batches); diff != "" {
		t.Error(diff)
	}
	nothing := load(t, &lines{}, bulkload.Options{})
	if nothing.err != nil || nothing.summary != (bulkload.Summary{}) || len(nothing.store.batches) != 0 {
		t.Errorf("of nothing: %+v", nothing)
	}
}

func TestTheLastOfAnIDWins(t *testing.T) {
	t.Parallel()
	all := []string{"a:1", "b:1", "a:2", "c:1", "b:2", "d:1"}
	for rows, batches := range map[int][]int{100: {4}, 3: {3, 2}, 1: {1, 1, 1, 1, 1, 1}} {
		r := load(t, &lines{all: all}, bulkload.Options{Rows: rows})
		want := map[string]record{"a": "a:2", "b": "b:2", "c": "c:1", "d": "d:1"}
		if diff := cmp.Diff(want, r.store.rows); diff != "" || r.err != nil {
			t.Errorf("%d rows a batch: %v\n%s", rows, r.err, diff)
		}
		if r.summary.Repeated != 2 || r.summary.Read != 6 || !cmp.Equal(r.store.batches, batches) {
			t.Errorf("%d rows a batch: %+v in %v", rows, r.summary, r.store.batches)
		}
	}
}

func TestSinceAndLimit(t *testing.T) {
	t.Parallel()
	all := []string{"a", "bb", "ccc", "!", "d:undated", "eeee", "ffff", "g"}
	r := load(t, &lines{all: all}, bulkload.Options{Since: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)})
	want := bulkload.Summary{Change: gather.Change{Added: 4}, Read: 8, Skipped: 3, Rejected: 1}
	if diff := cmp.Diff(want, r.summary); diff != "" || r.err != nil {
		t.Errorf("since: %v\n%s", r.err, diff)
	}
	source := &lines{all: all}
	r = load(t, source, bulkload.Options{Since: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), Limit: 2})
	want = bulkload.Summary{Change: gather.Change{Added: 2}, Read: 5, Skipped: 2, Rejected: 1, Limited: true}
	if diff := cmp.Diff(want, r.summary); diff != "" || r.err != nil || source.line != 6 {
		t.Errorf("limit: %v, line %d\n%s", r.err, source.line, diff)
	}
	// What follows the limit decides whether there may be more: a row or a reject does, older rows and the end do not.
	for _, c := range []struct {
		after []string
		more  bool
	}{{nil, false}, {[]string{"a", "bb"}, false}, {[]string{"a", "eeee"}, true}, {[]string{"!"}, true}} {
		source := &lines{all: append([]string{"cccc", "dddd"}, c.after...)}
		r := load(t, source, bulkload.Options{Since: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), Limit: 2})
		if r.err != nil || r.summary.Limited != c.more || r.summary.Added != 2 || r.summary.Read != 2 {
			t.Errorf("%v after the limit: %v, %+v", c.after, r.err, r.summary)
		}
	}
	if r := load(t, &lines{all: all[:3]}, bulkload.Options{Limit: 4}); r.summary.Limited || r.summary.Added != 3 {
		t.Errorf("a limit that is not reached: %+v", r.summary)
	}
}

func TestADryRunStoresNothing(t *testing.T) {
	t.Parallel()
	r := load(t, &lines{all: []string{"a", "!", "b", "a"}}, bulkload.Options{DryRun: true})
	want := bulkload.Summary{Valid: 2, Read: 4, Rejected: 1, Repeated: 1}
	if diff := cmp.Diff(want, r.summary); diff != "" || r.err != nil || len(r.store.batches) != 0 {
		t.Errorf("%v, %v\n%s", r.err, r.store.batches, diff)
	}
}

func TestRowsThatTheStoreRefuses(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 64 {
		all = append(all, fmt.Sprintf("r%d", i))
	}
	all[0], all[40], all[63] = "bad1", "bad2", "bad3"
	r := load(t, &lines{all: all}, bulkload.Options{})
	if r.err != nil || r.summary.Added != 61 || r.summary.Rejected != 3 || len(r.store.rows) != 61 {
		t.Errorf("%v, %+v", r.err, r.summary)
	}
	want := []string{
		"line 1: too long",
		"line 41: too long",
		"line 64: too long",
	}
	if diff := cmp.Diff(want, r.rejected); diff != "" {
		t.Error(diff)
	}
	// Halving, not one by one: each bad row costs two puts a level.
	if most := 1 + 3*2*6; len(r.store.batches) > most {
		t.Errorf("%d puts for 3 bad rows of 64, more than %d", len(r.store.batches), most)
	}
}

func TestFailuresThatAreNotTheRows(t *testing.T) {
	t.Parallel()
	s := &store{rows: map[string]record{}, fails: true}
	summary, err := bulkload.Load(t.Context(), &lines{all: []string{"a", "b", "bad", "c", "d"}}, schema(), s.put, bulkload.Options{Rows: 2})
	if err == nil || summary.Added != 2 || summary.Read != 2 || summary.Rejected != 0 || len(s.batches) != 2 {
		t.Errorf("%v, %+v after %v", err, summary, s.batches)
	}
}

func TestASourceThatFails(t *testing.T) {
	t.Parallel()
	failure := errors.New("example: the disk is gone")
	r := load(t, &lines{all: []string{"a", "b", "c"}, end: failure}, bulkload.Options{Rows: 2})
	if !errors.Is(r.err, failure) || r.summary.Added != 3 {
		t.Errorf("%v, %+v", r.err, r.summary)
	}
	cut := fmt.Errorf("line 4: %w", io.ErrUnexpectedEOF)
	if r := load(t, &lines{all: []string{"a"}, end: cut}, bulkload.Options{}); !errors.Is(r.err, io.ErrUnexpectedEOF) || r.summary.Added != 1 {
		t.Errorf("a packed file that is cut: %v, %+v", r.err, r.summary)
	}
}

func TestRejectsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	full := errors.New("example: the disk is full")
	for _, text := range []string{"!", "bad"} {
		s := &store{rows: map[string]record{}}
		_, err := bulkload.Load(t.Context(), &lines{all: []string{"a", text}}, schema(), s.put,
			bulkload.Options{Rejected: func(*importfile.Reject) error { return full }})
		if !errors.Is(err, full) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	merging := schema()
	merging.Merge = func(into *record, later record) error {
		if strings.HasSuffix(string(later), "no") {
			return errors.New("example")
		}
		*into += later[len(later.id()):]
		return nil
	}
	var rejected []string
	opts := bulkload.Options{Rows: 2, Rejected: func(r *importfile.Reject) error { rejected = append(rejected, r.Error()); return nil }}
	s := &store{rows: map[string]record{}}
	source := &lines{all: []string{"a:1", "bad:1", "c:1", "a:2", "a:no", "bad:2", "d:1"}}
	summary, err := bulkload.Load(t.Context(), source, merging, s.put, opts)
	if diff := cmp.Diff(map[string]record{"a": "a:1:2", "c": "c:1", "d": "d:1"}, s.rows); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff(bulkload.Summary{Change: gather.Change{Added: 3}, Read: 7, Merged: 2, Rejected: 3}, summary); diff != "" {
		t.Error(diff)
	}
	const refused = "too long"
	want := []string{"line 5: contradicts line 1: example", "line 2: " + refused, "line 6: " + refused}
	if diff := cmp.Diff(want, rejected); diff != "" {
		t.Error(diff)
	}
}

func TestReadsAheadWhileItWrites(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute) // far beyond what is needed: only a deadlock lasts that long
	defer stop()
	third := make(chan struct{})
	source := &lines{all: []string{"a", "b", "c", "d"}, ask: func(line int) {
		if line == 4 {
			close(third)
		}
	}}
	s := &store{rows: map[string]record{}}
	_, err := bulkload.Load(ctx, source, schema(), func(ctx context.Context, rows []record) (gather.Change, error) {
		select {
		case <-third: // the batch after the one that is written has been read
		case <-ctx.Done():
			return gather.Change{}, ctx.Err()
		}
		return s.put(ctx, rows)
	}, bulkload.Options{Rows: 2})
	if err != nil || len(s.rows) != 4 {
		t.Errorf("%v, %v", err, s.rows)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	s := &store{rows: map[string]record{}}
	put := func(ctx context.Context, rows []record) (gather.Change, error) {
		if len(s.batches) == 1 {
			stop()
			<-ctx.Done()
			return gather.Change{}, fmt.Errorf("rolled back: %w", ctx.Err())
		}
		return s.put(ctx, rows)
	}
	summary, err := bulkload.Load(ctx, &lines{all: []string{"a", "b", "c", "d"}}, schema(), put, bulkload.Options{Rows: 2})
	if !errors.Is(err, bulkload.ErrInterrupted) || summary.Added != 2 || summary.Read != 2 {
		t.Errorf("while writing: %v, %+v", err, summary)
	}

	ctx, stop = context.WithCancel(t.Context())
	silent := make(chan struct{})
	source := &lines{all: []string{"a"}, ask: func(line int) {
		if line == 2 {
			stop()
			<-silent // as standard input that nobody writes to
		}
	}}
	summary, err = bulkload.Load(ctx, source, schema(), s.put, bulkload.Options{Rows: 2})
	if !errors.Is(err, bulkload.ErrInterrupted) || summary.Read != 0 {
		t.Errorf("while reading: %v, %+v", err, summary)
	}
	close(silent)
}
