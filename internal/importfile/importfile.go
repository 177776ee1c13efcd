// Package importfile owns the files that are imported: reading records from CSV and JSON Lines one at a time, so
// that a file may be larger than the memory; the columns and their other names; the forms in which dates may be
// written; and the reject file, which keeps what could not be read so that it can be corrected and imported.
//
// It does not store anything. A Reader gives rows of a kind; package bulkload puts them into a store.
package importfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxRecord is how many bytes a record may have. More is no ticket but a broken file.
const MaxRecord = 4 << 20

// Record is what a row becomes. Validate names what is missing or wrong.
type Record interface{ Validate() error }

// Row is one record and where it came from.
type Row[T Record] struct {
	Value T
	// Line is where the record begins, from 1.
	Line int
	// Raw is the record as it was written, without its line end.
	Raw string
	// Merged are later rows that became part of this one.
	Merged []Row[T]

	// header is what Raw's fields mean when the row does not come out of this file's own header: a reject file of a
	// CSV file brings one along.
	header *header
}

// Options say how to read.
type Options struct {
	// Markup makes text of the columns that may be HTML; nil leaves them as they are.
	Markup func(html string) string
}

// Reader reads the records of one file.
type Reader[T Record] struct {
	schema   *Schema[T]
	opts     Options
	input    *input
	next     func() (Row[T], error)
	header   *header // of a CSV file, else nil
	warnings []string
}

// Open opens the file at path, or takes stdin when path is "-". The file may be packed with gzip, and be UTF-8 or, with a
// byte order mark, UTF-16. Errors say what is wrong with the file as a whole: it cannot be opened, is of another
// format, or lacks a required column. The caller closes the Reader.
func Open[T Record](path string, stdin io.Reader, schema *Schema[T], opts Options) (*Reader[T], error) {
	in, err := openInput(path, stdin)
	if err != nil {
		return nil, err
	}
	r := &Reader[T]{schema: schema, opts: opts, input: in}
	if err := r.begin(path); err != nil {
		_ = in.Close() // what is wrong with the file matters more
		return nil, err
	}
	return r, nil
}

func (r *Reader[T]) begin(path string) error {
	kind, err := r.input.format(path)
	if err != nil {
		return err
	}
	if kind == formatJSONLines {
		r.next = r.nextLine
		return nil
	}
	records, err := newCSVRecords(r.input.window, r.schema.layout())
	if err != nil {
		return err
	}
	r.header, r.warnings = records.header, records.header.warnings
	r.next = func() (Row[T], error) { return r.nextCSV(records) }
	return nil
}

// Next gives the next valid row. A record that is wrong is a *Reject, after which reading goes on; io.EOF is the end
// of the file; every other error is the end of what can be read.
func (r *Reader[T]) Next() (Row[T], error) {
	row, err := r.next()
	if err != nil {
		return Row[T]{}, err
	}
	if err := row.Value.Validate(); err != nil {
		return Row[T]{}, r.Reject(row, err)
	}
	return row, nil
}

// Reject is row as a reject, for a reason that only the store knew. Unlike Next it may be called while another
// goroutine reads.
func (r *Reader[T]) Reject(row Row[T], reason error) *Reject {
	reject := &Reject{Line: row.Line, Reason: oneLine(reason), Raw: row.Raw}
	switch {
	case row.header != nil:
		reject.describe(row.header)
	case json.Valid([]byte(row.Raw)):
		reject.Record = json.RawMessage(row.Raw)
	}
	return reject
}

// Warnings say what the header has that was not understood, once each.
func (r *Reader[T]) Warnings() []string { return r.warnings }

// Offset is how many bytes of the file, packed or not, have been read. It runs ahead of Next by what is buffered.
func (r *Reader[T]) Offset() int64 { return r.input.offset() }

// Size is the file's size in bytes; 0 when it is not known.
func (r *Reader[T]) Size() int64 { return r.input.size }

// Close closes the file.
func (r *Reader[T]) Close() error { return r.input.Close() }

// oneLine is err in one line: errors.Join puts each of its errors into a line of its own.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// atLine says where err was met. Errors at the end of a packed or remote file name no place themselves.
func atLine(line int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("line %d: the packed file ends in the middle, so it is not complete: get it again: %w", line, err)
	}
	return fmt.Errorf("line %d: %w", line, err)
}
