package importfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// nextLine gives the record of the next line that has one.
func (r *Reader[T]) nextLine() (Row[T], error) {
	w := r.input.window
	for {
		number := w.line
		data, whole := w.physicalLine()
		switch {
		case !whole && w.full():
			reject := &Reject{Line: number, Reason: reasonTooLong}
			reject.keep(w.skipLine(keptOfBroken + 1))
			return Row[T]{}, reject
		case !whole:
			return Row[T]{}, atLine(number, w.err)
		case len(data) == 0:
			return Row[T]{}, io.EOF
		}
		line := strings.TrimSpace(string(data))
		w.skip(len(data))
		if line == "" {
			continue
		}
		return r.parseLine(number, line)
	}
}

// parseLine reads a record, or the entry of a reject file that holds one.
func (r *Reader[T]) parseLine(number int, line string) (Row[T], error) {
	row := Row[T]{Line: number, Raw: line}
	if reason := badText(line); reason != "" {
		row.Raw = readable(line)
		return Row[T]{}, r.Reject(row, errors.New(reason))
	}
	object, err := parseObject(line)
	if err != nil {
		return Row[T]{}, r.Reject(row, err)
	}
	if entry, is := asEntry(object); is {
		return r.parseEntry(number, entry)
	}
	if row.Value, err = r.fromObject(object); err != nil {
		return Row[T]{}, r.Reject(row, err)
	}
	return row, nil
}

// parseEntry reads the record in an entry of a reject file.
func (r *Reader[T]) parseEntry(number int, e entry) (Row[T], error) {
	row := Row[T]{Line: number, Raw: strings.TrimSpace(e.Raw)}
	switch {
	case e.Cut:
		reason := fmt.Sprintf("only the beginning of this record is here: correct it in line %d of the file it came from", e.Line)
		return Row[T]{}, &Reject{Line: number, Reason: reason, Raw: e.Raw, Header: e.Header, Cut: true}
	case e.Header != "":
		return r.parseCSVEntry(number, e)
	case len(e.Record) > 0:
		row.Raw = string(e.Record)
	}
	object, err := parseObject(row.Raw)
	if err == nil {
		row.Value, err = r.fromObject(object)
	}
	if err != nil {
		return Row[T]{}, r.Reject(row, err)
	}
	return row, nil
}

// parseCSVEntry reads the record of a CSV file, which comes with the header of that file.
func (r *Reader[T]) parseCSVEntry(number int, e entry) (Row[T], error) {
	reject := &Reject{Line: number, Raw: e.Raw, Header: e.Header}
	records, err := newCSVRecords(newWindow(strings.NewReader(e.Header+"\n"+e.Raw)), r.schema.layout())
	if err != nil {
		reject.Reason = oneLine(err)
		return Row[T]{}, reject
	}
	row, err := r.nextCSV(records)
	if wrong, is := errors.AsType[*Reject](err); is {
		reject.Reason, reject.Record = wrong.Reason, wrong.Record
		return Row[T]{}, reject
	}
	if _, more := records.next(); err != nil || !errors.Is(more, io.EOF) {
		reject.Reason = `"raw" has to hold one record`
		return Row[T]{}, reject
	}
	row.Line = number
	return row, nil
}

func parseObject(line string) (map[string]json.RawMessage, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &object); err != nil {
		if wrongType, is := errors.AsType[*json.UnmarshalTypeError](err); is {
			return nil, fmt.Errorf("is a JSON %s: a record is a JSON object, {…}, in one line", wrongType.Value)
		}
		return nil, fmt.Errorf("is no JSON: %w", err)
	}
	if object == nil {
		return nil, errors.New("is null: a record is a JSON object, {…}, in one line")
	}
	return object, nil
}

// fromObject makes a record of a JSON object, and names all that is wrong with it.
func (r *Reader[T]) fromObject(object map[string]json.RawMessage) (T, error) {
	var (
		value T
		errs  []error
		seen  = make(map[*Column[T]]string, len(object))
	)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		column := r.schema.column(name)
		if column == nil {
			errs = append(errs, fmt.Errorf("unknown field %q", excerpt(name)))
			continue
		}
		if other, twice := seen[column]; twice {
			errs = append(errs, fmt.Errorf("%s: is given twice, as %q and as %q", column.Name, other, name))
			continue
		}
		seen[column] = name
		text, err := textOf(object[name], column.Time != nil)
		if err == nil {
			err = r.set(&value, column, text)
		} else {
			err = fmt.Errorf("%s: %w", column.Name, err)
		}
		errs = append(errs, err)
	}
	return value, errors.Join(errs...)
}

// textOf is a JSON value as the text a CSV file would have: a string, nothing for null, and, where numbers have a meaning,
// a number's digits.
func textOf(value json.RawMessage, number bool) (string, error) {
	switch c := value[0]; {
	case c == '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return "", fmt.Errorf("is no JSON: %w", err)
		}
		return text, nil
	case c == 'n':
		return "", nil
	case c == '{':
		return "", errors.New("is an object; a string is wanted")
	case c == '[':
		return "", errors.New("is a list; a string is wanted")
	case c == 't' || c == 'f':
		return "", fmt.Errorf("is %s; a string is wanted", value)
	case number:
		return string(value), nil
	default:
		return "", fmt.Errorf(`is a number; a string is wanted: "%s"`, excerpt(string(value)))
	}
}
