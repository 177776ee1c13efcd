package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// A large body is not decoded as the others are: huma makes a tree of all of it before it looks at any, and that of 30 MB of
// empty rows takes gigabytes. It is read row by row here; only one at a time becomes a tree, of a size that is bounded.

const (
	// mostRowBytes is how long a row may be, in JSON.
	mostRowBytes = 1 << 20
	// mostFields is how many fields a row may have, and mostName how long their names may be: more than any kind has.
	mostFields, mostName = 32, 64
)

// errRowTooLarge is a row of more than mostRowBytes.
var errRowTooLarge = errors.New("the row is too large")

// rowReader reads rows of the type from a body of the form {"rows": [...]}.
type rowReader[T uploadable] struct {
	schemas huma.Registry
	schema  *huma.Schema
	// body is what is left to decode; see pace.
	body *pace
	json *json.Decoder
	rows []T
	// at is the row that is read, and wrong what is wrong with those before.
	at    int
	wrong []FieldProblem
}

func newRowReader[T uploadable](schemas huma.Registry, schema *huma.Schema, body []byte) *rowReader[T] {
	r := &rowReader[T]{schemas: schemas, schema: schema, body: &pace{data: body}}
	r.json = json.NewDecoder(r.body)
	return r
}

// pace hands out data up to a point, which goes ahead with the rows: the decoder would otherwise take in any length at once.
type pace struct {
	data        []byte
	read, until int64
}

// Read implements io.Reader.
func (p *pace) Read(into []byte) (int, error) {
	if p.read == int64(len(p.data)) {
		return 0, io.EOF
	}
	n := copy(into, p.data[p.read:min(p.until, int64(len(p.data)))])
	if n == 0 {
		return 0, errRowTooLarge
	}
	p.read += int64(n)
	return n, nil
}

// readRows gives the rows, or tells what is wrong with the body: at most mostFaults things. What comes after is not read.
func (r *rowReader[T]) readRows() ([]T, *Problem) {
	r.goOn()
	if begin, err := r.json.Token(); err != nil || begin != json.Delim('{') {
		return nil, r.broken(err, "expected object")
	}
	for {
		name, err := r.json.Token()
		switch {
		case err != nil:
			return nil, r.broken(err, "")
		case name == json.Delim('}') && r.rows == nil:
			return nil, invalid(FieldProblem{Location: "body", Message: "expected required property rows to be present"})
		case name == json.Delim('}'):
			return r.finish()
		case name != "rows":
			return nil, invalid(FieldProblem{Location: "body", Message: "has a field besides rows"})
		case r.rows != nil:
			return nil, invalid(FieldProblem{Location: locationRows, Message: "is there twice"})
		}
		if refused := r.readArray(); refused != nil {
			return nil, refused
		}
	}
}

const locationRows = "body.rows"

func (r *rowReader[T]) readArray() *Problem {
	if begin, err := r.json.Token(); err != nil || begin != json.Delim('[') {
		if err != nil {
			return r.broken(err, "")
		}
		return invalid(FieldProblem{Location: locationRows, Message: "expected array"})
	}
	r.rows = []T{}
	for ; ; r.at++ {
		r.goOn()
		if !r.json.More() {
			break
		}
		if r.at == adminapi.MaxBatch {
			return invalid(FieldProblem{Location: locationRows, Message: fmt.Sprintf("expected array length <= %d", adminapi.MaxBatch)})
		}
		var text json.RawMessage
		if err := r.json.Decode(&text); err != nil {
			return r.broken(err, "")
		}
		r.readRow(text)
		if len(r.wrong) >= mostFaults {
			return invalid(r.wrong[:mostFaults]...)
		}
	}
	if _, err := r.json.Token(); err != nil { // the end of the array
		return r.broken(err, "")
	}
	if len(r.rows) == 0 && len(r.wrong) == 0 {
		return invalid(FieldProblem{Location: locationRows, Message: "expected array length >= 1"})
	}
	return nil
}

// finish makes sure that nothing follows.
func (r *rowReader[T]) finish() ([]T, *Problem) {
	r.goOn()
	if _, err := r.json.Token(); !errors.Is(err, io.EOF) {
		return nil, r.broken(err, "something follows the object")
	}
	if len(r.wrong) > 0 {
		return nil, invalid(r.wrong...)
	}
	return r.rows, nil
}

// goOn allows the decoder another row.
func (r *rowReader[T]) goOn() { r.body.until = r.json.InputOffset() + mostRowBytes }

// broken is a body that cannot be read on. Without err it is JSON, but not what was expected.
func (r *rowReader[T]) broken(err error, expected string) *Problem {
	switch {
	case errors.Is(err, errRowTooLarge):
		place := FieldProblem{Location: "body", Message: fmt.Sprintf("has something larger than %d KiB, which no row may be", mostRowBytes>>10)}
		if r.rows != nil {
			place.Location = fmt.Sprintf("%s[%d]", locationRows, r.at)
		}
		return invalid(place)
	case err != nil:
		expected = "is no JSON"
	}
	p := problem(http.StatusBadRequest, "the request is not valid: see errors")
	p.Errors = []FieldProblem{{Location: "body", Message: expected}}
	return p
}

// readRow adds the row, or what is wrong with it.
func (r *rowReader[T]) readRow(text json.RawMessage) {
	place := fmt.Sprintf("%s[%d]", locationRows, r.at)
	tree, fault := flat(text)
	if fault != "" {
		r.wrong = append(r.wrong, FieldProblem{Location: place, Message: fault})
		return
	}
	path, found := huma.NewPathBuffer(nil, 0), &huma.ValidateResult{}
	path.Push(place)
	huma.Validate(r.schemas, r.schema, path, huma.ModeWriteToServer, tree, found)
	for _, err := range found.Errors {
		r.wrong = append(r.wrong, faultOf(err))
	}
	if len(found.Errors) > 0 {
		return
	}
	var row T
	if err := json.Unmarshal(text, &row); err != nil {
		r.wrong = append(r.wrong, FieldProblem{Location: place, Message: plain(err.Error())})
		return
	}
	if wrong := faults(place, row.Validate()); len(wrong) > 0 {
		r.wrong = append(r.wrong, wrong...)
		return
	}
	r.rows = append(r.rows, row)
}

// flat makes the tree of a row: an object whose values are neither lists nor objects, as those of all kinds are. Otherwise it
// says what is wrong with it.
func flat(text json.RawMessage) (tree map[string]any, fault string) {
	row := json.NewDecoder(bytes.NewReader(text))
	// The text was scanned already, so it is JSON.
	if begin, _ := row.Token(); begin != json.Delim('{') {
		return nil, "expected object"
	}
	tree = map[string]any{}
	for row.More() {
		token, _ := row.Token()
		name, _ := token.(string)
		value, err := row.Token()
		_, nested := value.(json.Delim)
		_, again := tree[name]
		switch {
		case err != nil: // a number that is too large, for one
			return nil, "a value has another type or form than documented"
		case len(name) > mostName:
			return nil, "has a field that is not documented"
		case again:
			return nil, "has a field twice"
		case nested:
			return nil, "has a list or an object where a text belongs"
		case len(tree) == mostFields:
			return nil, "has more fields than documented"
		}
		tree[name] = value
	}
	return tree, ""
}
