package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// A cursor is opaque to clients: where a list goes on, and of which list, so that one is not taken for another's.
type cursor[T any] struct {
	List string `json:"l"`
	At   T      `json:"a"`
}

// encodeCursor says where the list goes on.
func encodeCursor[T any](list string, at T) string {
	// What is encoded here are strings, numbers and times, which does not fail.
	text, _ := json.Marshal(cursor[T]{list, at})
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeCursor reads what encodeCursor made for the same list; the zero value for none.
func decodeCursor[T any](list, text string) (at T, err error) {
	if text == "" {
		return at, nil
	}
	var c cursor[T]
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &c)
	}
	if err != nil || c.List != list {
		return at, badCursor()
	}
	return c.At, nil
}

// badCursor is the answer to a cursor that the list has not given, also to one that looks like it.
func badCursor() *Problem {
	p := problem(http.StatusBadRequest, "the cursor is not one that this list gave: begin without a cursor")
	p.Errors = []FieldProblem{{Location: "query.cursor", Message: "is not the value of next of an earlier page of this list"}}
	return p
}

// Paging is what lists are asked with.
type Paging struct {
	Cursor string `query:"cursor" doc:"The value of next of the page before; none for the first page." maxLength:"500"`
	Limit  int    `query:"limit"  doc:"How many items the page has at most." default:"50" maximum:"500" minimum:"1"`
}

// cut shortens items, which were asked for with one more than limit, and says whether there is another page.
func cut[T any](items []T, limit int) (page []T, more bool) {
	if len(items) > limit {
		return items[:limit], true
	}
	if items == nil {
		items = []T{}
	}
	return items, false
}
