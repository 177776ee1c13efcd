package importfile

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Column is one field of a kind of record. One of Text and Time says where its value goes.
type Column[T any] struct {
	// Name is the column's own: the key in JSON, the first choice in a CSV header.
	Name string
	// Aliases are other names it is known by, the better ones first. Case does not matter, nor do _, - and space.
	Aliases []string
	// Text is where a text goes.
	Text func(*T) *string
	// HTML says that the text may be HTML.
	HTML bool
	// Time is where a date goes.
	Time func(*T) *time.Time
}

// Schema describes a kind of record.
type Schema[T any] struct {
	// Kind is the plural that messages use: "tickets".
	Kind    string
	Columns []Column[T]
	// Required lists the columns a CSV header must have; of several in one entry, one is enough.
	Required [][]string
	// Key is what a row is known by in the store: of two with the same key the later one wins, or is merged.
	Key func(T) string
	// Merge adds what a later row with the same key says to an earlier one; an error says how it contradicts that. Nil where
	// the later row wins. With it, all rows are held in memory until the file has been read.
	Merge func(into *T, later T) error
	// When is when the row last changed by its own account, zero when it does not say; nil for a kind without dates.
	When func(T) time.Time
}

// layout is a Schema without its type: what a header is matched with.
type layout struct {
	kind     string
	names    []string
	aliases  [][]string
	required [][]string
}

func (s *Schema[T]) layout() *layout {
	l := &layout{kind: s.Kind, required: s.Required}
	for i := range s.Columns {
		l.names = append(l.names, s.Columns[i].Name)
		l.aliases = append(l.aliases, s.Columns[i].Aliases)
	}
	return l
}

// column finds a column by any of its names.
func (s *Schema[T]) column(name string) *Column[T] {
	wanted := plainName(name)
	for i := range s.Columns {
		c := &s.Columns[i]
		if plainName(c.Name) == wanted {
			return c
		}
		for _, alias := range c.Aliases {
			if plainName(alias) == wanted {
				return c
			}
		}
	}
	return nil
}

// set puts a value that was written as text into the record.
func (r *Reader[T]) set(value *T, c *Column[T], text string) error {
	if c.Time != nil {
		at, err := ParseTime(text)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		*c.Time(value) = at
		return nil
	}
	if c.HTML && r.opts.Markup != nil {
		text = r.opts.Markup(text)
	}
	*c.Text(value) = text
	return nil
}

// fill makes a record of fields, which stand in the order of h.
func (r *Reader[T]) fill(h *header, fields []string) (T, error) {
	var (
		value T
		errs  []error
	)
	for i, field := range fields {
		if i >= len(h.columns) || h.columns[i] < 0 {
			continue
		}
		if err := r.set(&value, &r.schema.Columns[h.columns[i]], field); err != nil {
			errs = append(errs, err)
		}
	}
	return value, errors.Join(errs...)
}

// plainName is a column's name as names are compared: "Request_ID " is "request id".
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '\u00a0' {
			return ' '
		}
		return r
	}, name)
	return strings.Join(strings.Fields(strings.ToLower(name)), " ")
}
