package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// maxBody holds a description beyond the gateway's limit, so that its refusal can be tried out.
const maxBody = 1 << 20

// refusal is an error that the caller of the admin API can do something about.
type refusal struct {
	status int
	detail string
}

func (e *refusal) Error() string { return e.detail }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// problem is an error as the caller sees it: problem details by RFC 9457.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// fail answers with err; one that is ours alone is logged and not told.
func (w *World) fail(rw http.ResponseWriter, r *http.Request, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		w.opts.Logger.ErrorContext(r.Context(), "simulator request failed", "path", r.URL.Path, "error", err)
		refused = &refusal{http.StatusInternalServerError, "the simulator failed: see its log"}
	}
	writeBody(rw, "application/problem+json", refused.status,
		problem{http.StatusText(refused.status), refused.status, refused.detail})
}

func writeJSON(rw http.ResponseWriter, status int, body any) {
	writeBody(rw, "application/json", status, body)
}

func writeBody(rw http.ResponseWriter, contentType string, status int, body any) {
	rw.Header().Set("Content-Type", contentType)
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	enc := json.NewEncoder(rw)
	enc.SetIndent("", "  ")
	// The caller has gone when this fails, and the status is sent.
	_ = enc.Encode(body) //nolint:errchkjson // every type that is passed in can be encoded
}

// readJSON decodes the body strictly. The media type is insisted on, because a foreign web page cannot
// make a browser send it without asking first.
func readJSON(rw http.ResponseWriter, r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "send the header Content-Type: application/json")
	}
	dec := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody))
	dec.DisallowUnknownFields()
	var tooLarge *http.MaxBytesError
	err := dec.Decode(into)
	switch {
	case errors.As(err, &tooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, io.EOF):
		return refuse(http.StatusBadRequest, "the body is empty: send a JSON object, {} at least")
	case err != nil:
		return refuse(http.StatusBadRequest, "the body is not what is expected here: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "there is something after the JSON object: send one object")
	}
	return nil
}
