package importfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Reject is a record that was not taken. It is an error after which reading goes on.
//
//nolint:errname // it is what is kept in reject files before it is an error
type Reject struct {
	// Line is where the record begins, from 1.
	Line   int
	Reason string
	// Raw is the record as it was written; of a very long one, its beginning.
	Raw string
	// Header is the header of the CSV file that Raw comes from, when Raw could not be taken apart.
	Header string
	// Record is Raw as a JSON object, when it could be taken apart.
	Record json.RawMessage
	// Cut: Raw is not all of the record.
	Cut bool
}

func (r *Reject) Error() string { return fmt.Sprintf("line %d: %s", r.Line, r.Reason) }

// keptOfBroken is how much is kept of a record that cannot be read, in bytes.
const keptOfBroken = 64 << 10

const (
	reasonTooLong = `is longer than 4 MiB, or a quote (") is not closed`
	reasonNotUTF8 = `is not UTF-8: save the file as UTF-8 (Excel: "CSV UTF-8"; elsewhere: iconv -f WINDOWS-1252 -t UTF-8). ` +
		`The reject file shows it read as Windows-1252`
	reasonNUL = "holds a NUL byte, which no text does"
)

// badText says what makes raw no text; empty when it is one.
func badText(raw string) string {
	switch {
	case !utf8.ValidString(raw):
		return reasonNotUTF8
	case strings.IndexByte(raw, 0) >= 0:
		return reasonNUL
	}
	return ""
}

// readable is raw in UTF-8, which a reject file is written in. What is not UTF-8 most often is what Excel calls CSV.
func readable(raw string) string {
	if utf8.ValidString(raw) {
		return raw
	}
	text, err := charmap.Windows1252.NewDecoder().String(raw)
	if err != nil {
		return strings.ToValidUTF8(raw, "")
	}
	return text
}

// keep takes raw as far as it is worth keeping.
func (r *Reject) keep(raw []byte) {
	if len(raw) > keptOfBroken {
		end := keptOfBroken
		for end > keptOfBroken-utf8.UTFMax && !utf8.RuneStart(raw[end]) {
			end-- // no character is cut apart
		}
		raw, r.Cut = raw[:end], true
	}
	r.Raw = strings.TrimRight(readable(string(raw)), "\r\n")
}

// describe takes a CSV record apart by h, so that it can be corrected field by field.
func (r *Reject) describe(h *header) {
	s := scanner{delimiter: h.delimiter}
	n, v := s.scan([]byte(r.Raw), true)
	if v != recordWhole || n != len(r.Raw) || len(s.spans) != len(h.names) {
		r.Header = h.raw
		return
	}
	r.Record = h.object(s.fields(r.Raw))
}

// object is a record as JSON, under the columns' own names, in the order of the file.
func (h *header) object(fields []string) json.RawMessage {
	var object strings.Builder
	object.WriteByte('{')
	for i, field := range fields {
		if h.columns[i] < 0 {
			continue
		}
		if object.Len() > 1 {
			object.WriteByte(',')
		}
		object.Write(quoteJSON(h.layout.names[h.columns[i]]))
		object.WriteByte(':')
		object.Write(quoteJSON(field))
	}
	object.WriteByte('}')
	return json.RawMessage(object.String())
}

// quoteJSON is text in JSON as a person would write it: < and > stay.
func quoteJSON(text string) []byte {
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return []byte(`""`) // there is no string that cannot be encoded
	}
	return bytes.TrimRight(quoted.Bytes(), "\n")
}
