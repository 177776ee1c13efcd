package servicedesktest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
)

// object is JSON under construction; the shapes differ too much by edition for structs.
type object map[string]any

// The status codes, outer and inner, that the server is known to send.
const (
	codeSuccess      = 2000
	codeWarning      = 3000
	codeFailed       = 4000
	codeInvalid      = 4001
	codeNotPerformed = 4003
	codeInternal     = 4004
	codeNotFound     = 4007
	codeMissing      = 4012
	codeRateLimit    = 4015
	codeBadKey       = 4022
)

func success() object { return object{"status_code": codeSuccess, "status": "success"} }

func (s *Server) respond(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/vnd.manageengine.sdp.v3+json;charset=UTF-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		s.opts.Logger.Debug("servicedesk fake could not answer", "error", err)
	}
}

// entity answers with one object; its response_status is an object.
func (s *Server) entity(w http.ResponseWriter, status int, key string, value object) {
	s.respond(w, status, object{key: value, "response_status": success()})
}

// list answers with one page; its response_status is an array.
func (s *Server) list(w http.ResponseWriter, key string, items []object, info object) {
	s.respond(w, http.StatusOK, object{key: items, "list_info": info, "response_status": []object{success()}})
}

// fail answers with an inner code and, when it is about one, the field.
func (s *Server) fail(w http.ResponseWriter, status, code int, field, message string) {
	inner := object{"status_code": code, "type": "failed", "message": message}
	if field != "" {
		inner["field"] = field
	}
	s.respond(w, status, object{"response_status": object{
		"status_code": codeFailed, "status": "failed", "messages": []object{inner},
	}})
}

// warn is the success that failed.
func (s *Server) warn(w http.ResponseWriter) {
	s.respond(w, http.StatusOK, object{"response_status": object{
		"status_code": codeWarning, "status": "warning",
		"messages": []object{{"status_code": codeNotPerformed, "type": "failed", "message": "Cannot perform the operation"}},
	}})
}

func (s *Server) invalidURL(w http.ResponseWriter, _ *http.Request) {
	s.fail(w, http.StatusNotFound, codeNotFound, "", "Invalid URL")
}

func (s *Server) unauthorized(w http.ResponseWriter) {
	s.fail(w, http.StatusUnauthorized, codeBadKey, "", "Invalid authtoken or session expired")
}

// throttled has no Retry-After in either edition. The status of the block page on-premises
// is not known; 400 makes sure that nobody relies on it.
func (s *Server) throttled(w http.ResponseWriter) {
	if s.cloud() {
		s.fail(w, http.StatusTooManyRequests, codeRateLimit, "", "API rate limit exceeded")
		return
	}
	page(w, http.StatusBadRequest, "Blocked", "URL blocked as maximum access limit exceeded")
}

func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1><p>%s</p></body></html>\n",
		html.EscapeString(title), html.EscapeString(title), html.EscapeString(text))
}
