package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// unstorable is what is said of text that PostgreSQL does not take, and that means something else to whoever reads it next.
const unstorable = "has a character that cannot be stored: text is UTF-8 without NUL"

// errNotUTF8 is said of a body. encoding/json would put another character in place of each invalid byte, and say nothing.
var errNotUTF8 = errors.New(unstorable)

// decodeJSON is json.Unmarshal that refuses what is no UTF-8.
func decodeJSON(data []byte, into any) error {
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	return json.Unmarshal(data, into)
}

// storable looks through what an operation was given, in path, query, headers and body, and names the texts that cannot be
// stored, at most mostFaults of them.
func storable(in any) []FieldProblem {
	var found []FieldProblem
	look(reflect.ValueOf(in), "", &found)
	return found
}

// look goes through everything below v, which is at the place.
func look(v reflect.Value, place string, found *[]FieldProblem) {
	if len(*found) == mostFaults {
		return
	}
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		if text := v.String(); strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
			*found = append(*found, FieldProblem{Location: place, Message: unstorable})
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			look(v.Elem(), place, found)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // an address, or JSON that was decoded for its own sake
		}
		for i := range v.Len() {
			look(v.Index(i), fmt.Sprintf("%s[%d]", place, i), found)
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			// A key is the client's text: it is not repeated.
			look(key, place, found)
			look(value, place, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				look(v.Field(i), below(place, field), found)
			}
		}
	}
}

// below is the place of a field, as huma names it: path.tenant_id, query.cursor, body.rows[0].title.
func below(place string, field reflect.StructField) string {
	for _, from := range []string{"path", "query", "header"} {
		if name, ok := field.Tag.Lookup(from); ok {
			name, _, _ = strings.Cut(name, ",")
			return from + "." + name
		}
	}
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	switch {
	case field.Anonymous && name == "":
		return place
	case place == "" && field.Name == "Body":
		return "body"
	case name == "":
		name = field.Name
	}
	return strings.TrimPrefix(place+"."+name, ".")
}
