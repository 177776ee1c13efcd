package servicedesktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// maxInput bounds what is read of a call, in bytes.
const maxInput = 1 << 20

// inputError is an input the server refuses with 400.
type inputError struct {
	code    int
	field   string
	message string
}

func (e *inputError) Error() string { return fmt.Sprintf("%d %s %s", e.code, e.field, e.message) }

func (s *Server) refuse(w http.ResponseWriter, err error) {
	var bad *inputError
	if !errors.As(err, &bad) {
		bad = &inputError{code: codeInvalid, message: "Invalid Input"}
	}
	s.fail(w, http.StatusBadRequest, bad.code, bad.field, bad.message)
}

// formInput reads input_data of a write: it has to be a field of a URL-encoded form.
func formInput(w http.ResponseWriter, r *http.Request) (string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return "", &inputError{code: codeInvalid, message: "Content-Type must be application/x-www-form-urlencoded"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxInput)
	if err := r.ParseForm(); err != nil {
		return "", &inputError{code: codeInvalid, message: "The form cannot be read"}
	}
	if !r.PostForm.Has("input_data") {
		return "", &inputError{code: codeMissing, field: "input_data", message: "Mandatory parameter missing"}
	}
	return r.PostForm.Get("input_data"), nil
}

// strictJSON decodes one JSON value and refuses unknown keys and anything after it.
func strictJSON(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode: something follows the value")
	}
	return nil
}

// objectOf decodes a JSON object and refuses keys that are not allowed.
func objectOf(raw string, allowed ...string) (map[string]json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := strictJSON([]byte(raw), &keys); err != nil || keys == nil {
		return nil, &inputError{code: codeInvalid, field: "input_data", message: "Invalid JSON"}
	}
	for key := range keys {
		if !slices.Contains(allowed, key) {
			return nil, &inputError{code: codeInvalid, field: key, message: "Extra key found in JSON"}
		}
	}
	return keys, nil
}

// unknownKey recognises the decoder's complaint, for which SDP has words of its own.
func unknownKey(err error) error {
	if _, key, found := strings.Cut(err.Error(), "unknown field "); found {
		return &inputError{code: codeInvalid, field: strings.Trim(key, `"`), message: "Extra key found in JSON"}
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &inputError{code: codeInvalid, field: mistyped.Field, message: "Invalid Input"}
	}
	return &inputError{code: codeInvalid, message: "Invalid Input"}
}
