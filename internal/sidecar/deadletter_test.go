package sidecar_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

func TestReceiveRaw(t *testing.T) {
	wrapped := func(data string) string {
		return `{"specversion":"1.0","datacontenttype":"application/octet-stream","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(data)) + `"}`
	}
	for name, c := range map[string]struct {
		body, want string
		whole      bool
	}{
		"a message":              {wrapped(`{"data":1}`), `{"data":1}`, true},
		"nothing":                {wrapped(""), "", true},
		"bytes that are no text": {wrapped("\xff\x00"), "\xff\x00", true},
		"no CloudEvent":          {"<", "<", true},
		"a field of its own":     {`{"data_base64":5}`, `{"data_base64":5}`, true},
		"too large":              {strings.Repeat("x", 2<<20+1), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var got sidecar.Raw
			err := error(nil)
			handler := sidecar.ReceiveRaw(func(_ context.Context, m sidecar.Raw) error { got = m; return err }, slog.New(slog.DiscardHandler))
			for _, answer := range []string{"SUCCESS", "RETRY"} {
				rec := httptest.NewRecorder()
				handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body)))
				if string(got.Data) != c.want || got.Whole != c.whole || strings.TrimSpace(rec.Body.String()) != `{"status":"`+answer+`"}` {
					t.Errorf("%q, whole %t, answered %s", got.Data, got.Whole, rec.Body)
				}
				err = errors.New("example")
			}
		})
	}
}
