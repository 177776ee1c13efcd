package importfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvRecords reads the records of a CSV file.
type csvRecords struct {
	w      *window
	scan   scanner
	header *header
}

// csvRecord is one of them.
type csvRecord struct {
	line   int
	raw    string
	fields []string
}

// newCSVRecords reads the header.
func newCSVRecords(w *window, l *layout) (*csvRecords, error) {
	c := &csvRecords{w: w}
	candidates := delimiters
	if separator := c.excelSeparator(); separator != 0 {
		candidates = string(rune(separator))
	}
	if err := c.skipBlankLines(); err != nil {
		return nil, err
	}
	if err := c.chooseDelimiter(candidates, l); err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	n, err := c.await()
	if err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	raw := string(w.bytes()[:n])
	if reason := badText(raw); reason != "" {
		return nil, errors.New("the header " + reason)
	}
	if c.header, err = newHeader(raw, c.scan.delimiter, c.scan.fields(raw), l); err != nil {
		return nil, err
	}
	w.skip(n)
	return c, nil
}

// skipBlankLines moves to the header.
func (c *csvRecords) skipBlankLines() error {
	for {
		line, whole := c.w.physicalLine()
		switch {
		case len(line) == 0 && c.w.atEOF():
			return errors.New("the file is empty: a CSV file begins with a header that names the columns")
		case !whole && !c.w.full():
			return atLine(c.w.line, c.w.err)
		case len(bytes.TrimSpace(line)) > 0:
			return nil
		}
		c.w.skip(len(line))
	}
}

// chooseDelimiter takes the one of candidates by which the header has the most columns we know, the first among equals.
func (c *csvRecords) chooseDelimiter(candidates string, l *layout) error {
	best, most := candidates[0], -1
	var firstErr error
	for i := range len(candidates) {
		c.scan.delimiter = candidates[i]
		n, err := c.await()
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		known := 0
		for _, name := range c.scan.fields(string(c.w.bytes()[:n])) {
			if column, _ := l.find(name); column >= 0 {
				known++
			}
		}
		if known > most {
			best, most = candidates[i], known
		}
	}
	c.scan.delimiter = best
	if most < 0 {
		return firstErr
	}
	return nil
}

// excelSeparator reads the line "sep=;" with which some programs tell Excel the delimiter; 0 when there is none.
func (c *csvRecords) excelSeparator() byte {
	line, _ := c.w.physicalLine()
	separator, found := bytes.CutPrefix(bytes.ToLower(bytes.TrimRight(line, "\r\n")), []byte("sep="))
	if !found || len(separator) != 1 || separator[0] == '"' {
		return 0
	}
	c.w.skip(len(line))
	return separator[0]
}

// errBroken says that there is no record at the window's beginning; the scanner has the reason.
var errBroken = errors.New("broken record")

// await gives the length of the record at the window's beginning, taking in as much as that needs. Errors are io.EOF,
// errBroken, and what the file cannot be read for.
func (c *csvRecords) await() (int, error) {
	for {
		data, last := c.w.bytes(), c.w.atEOF()
		if len(data) == 0 && last {
			return 0, io.EOF
		}
		n, v := c.scan.scan(data, last)
		switch {
		case v == recordWhole:
			return n, nil
		case v == recordBroken:
			return 0, fmt.Errorf("%w: %s", errBroken, c.scan.reason)
		case c.w.fill() || c.w.atEOF():
		case c.w.full():
			c.scan.reason = reasonTooLong
			return 0, fmt.Errorf("%w: %s", errBroken, c.scan.reason)
		default:
			return 0, atLine(c.w.line, c.w.err)
		}
	}
}

// next gives the next record that has as many fields as the header. Errors are as of Reader.Next.
func (c *csvRecords) next() (csvRecord, error) {
	for {
		line := c.w.line
		n, err := c.await()
		switch {
		case errors.Is(err, errBroken):
			return csvRecord{}, c.reject(c.scan.reason)
		case err != nil:
			return csvRecord{}, err
		}
		raw := string(c.w.bytes()[:n])
		c.w.skip(n)
		if isBlank(raw, c.header.delimiter) {
			continue
		}
		record := csvRecord{line: line, raw: strings.TrimRight(raw, "\r\n"), fields: c.scan.fields(raw)}
		if reason := c.check(&record); reason != "" {
			reject := &Reject{Line: line, Reason: reason, Raw: readable(record.raw)}
			reject.describe(c.header)
			return csvRecord{}, reject
		}
		return record, nil
	}
}

// check says what is wrong with a record as a whole.
func (c *csvRecords) check(record *csvRecord) string {
	if reason := badText(record.raw); reason != "" {
		return reason
	}
	want := len(c.header.names)
	for len(record.fields) > want && record.fields[len(record.fields)-1] == "" {
		record.fields = record.fields[:len(record.fields)-1]
	}
	if len(record.fields) != want {
		return fmt.Sprintf("has %d fields, the header has %d: enclose a field that holds %q or a line break in quotes",
			len(record.fields), want, c.header.delimiter)
	}
	return ""
}

// reject passes over a broken record, which ends where a line begins with a record that is none. What lies between
// is one reject: the lines of a broken text mean nothing one by one.
func (c *csvRecords) reject(reason string) *Reject {
	reject := &Reject{Line: c.w.line, Reason: reason, Header: c.header.raw}
	var raw []byte
	for {
		raw = append(raw, c.w.skipLine(keptOfBroken+1-len(raw))...)
		_, err := c.await()
		if (err == nil && len(c.scan.spans) == len(c.header.names)) || (err != nil && !errors.Is(err, errBroken)) {
			break
		}
	}
	reject.keep(raw)
	return reject
}

// isBlank tells a line with nothing in it, as spreadsheets leave behind.
func isBlank(raw string, delimiter byte) bool {
	return strings.Trim(raw, "\r\n\t \""+string(rune(delimiter))) == ""
}

func (r *Reader[T]) nextCSV(records *csvRecords) (Row[T], error) {
	record, err := records.next()
	if err != nil {
		return Row[T]{}, err
	}
	row := Row[T]{Line: record.line, Raw: record.raw, header: records.header}
	if row.Value, err = r.fill(records.header, record.fields); err != nil {
		return Row[T]{}, r.Reject(row, err)
	}
	return row, nil
}
