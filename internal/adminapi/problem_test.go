package adminapi

import (
	"net/http"
	"strings"
	"testing"
)

func TestProblemsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for status, says := range map[int][]string{
		http.StatusUnauthorized:        {"example", "agentctl login", "agentctl token create"},
		http.StatusForbidden:           {"example", "agentctl whoami"},
		http.StatusNotFound:            {"example"},
		http.StatusPreconditionFailed:  {"example", "changed by someone else"},
		http.StatusTooManyRequests:     {"example", "Try again in 7s"},
		http.StatusInternalServerError: {"example", "correlation id c-1"},
		http.StatusServiceUnavailable:  {"example", "c-1", "in a moment"},
	} {
		c := dial(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(HeaderCorrelation, "c-1")
			w.Header().Set("Retry-After", "7")
			answer(w, status, Problem{Detail: "example"})
		})
		_, err := c.CreateToken(t.Context(), CreateToken{})
		if StatusOf(err) != status {
			t.Errorf("%d: %v", status, err)
			continue
		}
		for _, text := range says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%d says nothing of %q: %v", status, text, err)
			}
		}
	}
}

// TestAProblemDoesNotRepeatWhatWasSent: the value of a field may have been a secret.
func TestAProblemDoesNotRepeatWhatWasSent(t *testing.T) {
	t.Parallel()
	c := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusUnprocessableEntity, map[string]any{
			"title": "Unprocessable Entity", "detail": "validation failed", "errors": []map[string]any{
				{"message": "expected length >= 16", "location": "body.signing_secret", "value": "the-secret"},
				{"message": "unexpected end", "location": "body"},
			},
		})
	})
	_, err := c.CreateTenant(t.Context(), CreateTenant{SigningSecret: "the-secret"})
	want := "validation failed\n  signing_secret: expected length >= 16\n  unexpected end"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestAProblemWithoutWords(t *testing.T) {
	t.Parallel()
	for p, want := range map[*Problem]string{
		{Status: 409}:                      "Conflict (HTTP 409)",
		{Status: 409, Title: "Not now"}:    "Not now (HTTP 409)",
		{Status: 429}:                      "Too Many Requests (HTTP 429)\nTry again in a minute.",
		{Status: 428, Detail: "say which"}: "say which\nThe console wants to know which version is to be changed (If-Match).",
	} {
		if p.Error() != want {
			t.Errorf("%q, want %q", p.Error(), want)
		}
	}
}
