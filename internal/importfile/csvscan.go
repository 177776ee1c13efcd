package importfile

import "strings"

// verdict is what became of looking for a CSV record.
type verdict int

const (
	recordWhole verdict = iota
	// recordOpen: more text is needed to tell.
	recordOpen
	recordBroken
)

// span is where in a record a field is.
type span struct {
	start, end int
	// doubled: the field has quotes that are written twice.
	doubled bool
}

// scanner finds the fields of CSV records. It keeps its memory from record to record.
type scanner struct {
	delimiter byte
	spans     []span
	// reason says what is broken.
	reason string
}

// Reasons for which a record is broken.
const (
	reasonOpenQuote  = `a quote (") is not closed`
	reasonBareQuote  = `a quote (") stands in a field that does not begin with one: enclose the field in quotes and write its quotes twice`
	reasonAfterQuote = `text follows a closing quote ("): write the quotes of a field twice`
)

// scan looks for the record at the beginning of data and gives its length, line end included. last tells that nothing
// follows data. It reads what RFC 4180 describes, with line ends of either kind.
func (s *scanner) scan(data []byte, last bool) (int, verdict) {
	s.spans = s.spans[:0]
	for pos := 0; ; {
		var v verdict
		if pos < len(data) && data[pos] == '"' {
			pos, v = s.quoted(data, pos+1, last)
		} else {
			pos, v = s.plain(data, pos)
		}
		switch {
		case v != recordWhole:
			return 0, v
		case pos == len(data):
			if !last {
				return 0, recordOpen
			}
			return pos, recordWhole
		case data[pos] == '\n':
			return pos + 1, recordWhole
		}
		pos++ // the delimiter
	}
}

// plain reads a field without quotes up to what ends it.
func (s *scanner) plain(data []byte, start int) (int, verdict) {
	pos := start
	for pos < len(data) && data[pos] != s.delimiter && data[pos] != '\n' {
		if data[pos] == '"' {
			s.reason = reasonBareQuote
			return pos, recordBroken
		}
		pos++
	}
	end := pos
	if end > start && data[end-1] == '\r' && (pos == len(data) || data[pos] == '\n') {
		end--
	}
	s.spans = append(s.spans, span{start: start, end: end})
	return pos, recordWhole
}

// quoted reads a field up to what follows its closing quote; start is behind the opening one.
func (s *scanner) quoted(data []byte, start int, last bool) (int, verdict) {
	doubled := false
	for pos := start; pos < len(data); pos++ {
		if data[pos] != '"' {
			continue
		}
		if pos+1 < len(data) && data[pos+1] == '"' {
			doubled = true
			pos++
			continue
		}
		return s.closed(data, span{start: start, end: pos, doubled: doubled}, last)
	}
	s.reason = reasonOpenQuote
	if last {
		return len(data), recordBroken
	}
	return len(data), recordOpen
}

// closed checks what follows a closing quote.
func (s *scanner) closed(data []byte, field span, last bool) (int, verdict) {
	s.spans = append(s.spans, field)
	rest := data[field.end+1:]
	pos := field.end + 1
	if len(rest) > 0 && rest[0] == '\r' {
		rest, pos = rest[1:], pos+1
	}
	switch {
	case len(rest) == 0 && !last:
		return pos, recordOpen
	case len(rest) == 0, rest[0] == '\n':
		return pos, recordWhole
	case rest[0] == s.delimiter && pos == field.end+1:
		return pos, recordWhole
	}
	s.reason = reasonAfterQuote
	return pos, recordBroken
}

// fields cuts the record that was scanned last out of raw, which holds it.
func (s *scanner) fields(raw string) []string {
	fields := make([]string, len(s.spans))
	for i, f := range s.spans {
		fields[i] = raw[f.start:f.end]
		if f.doubled {
			fields[i] = strings.ReplaceAll(fields[i], `""`, `"`)
		}
	}
	return fields
}
