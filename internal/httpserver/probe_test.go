package httpserver_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/httpserver"
)

func TestOneArgumentMakesAProbe(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{{[]string{"gateway"}, false}, {[]string{"gateway", "probe"}, true}, {[]string{"gateway", "probe", "x"}, false}, {[]string{"probe"}, false}} {
		if got := httpserver.IsProbe(c.args); got != c.want {
			t.Errorf("%q: %v", c.args, got)
		}
	}
}

// TestAProbeSaysWhatTheAppSays asks a real readiness handler, in all that it can answer.
func TestAProbeSaysWhatTheAppSays(t *testing.T) {
	down := errors.New("no answer")
	for name, c := range map[string]struct {
		check error
		want  int
	}{"ready": {nil, 0}, "not ready": {down, 1}} {
		health := httpserver.NewHealth(slog.New(slog.DiscardHandler), map[string]httpserver.Check{"postgres": func(context.Context) error { return c.check }})
		routes := http.NewServeMux()
		routes.HandleFunc("GET /readyz", health.Ready)
		server := httptest.NewServer(routes)
		address, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"", "0.0.0.0", "127.0.0.1"} {
			var problems bytes.Buffer
			env := map[string]string{"APP_PORT": address.Port(), "INTERNAL_HOST": host}
			status := httpserver.Probe(t.Context(), func(name string) string { return env[name] }, &problems)
			if status != c.want || (status == 0) != (problems.Len() == 0) {
				t.Errorf("%s at %q: status %d, want %d: %s", name, host, status, c.want, problems.String())
			}
		}
		server.Close()
	}
}

func TestAProbeSaysWhyItCannotAsk(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	for port, says := range map[string]string{"": "APP_PORT is not set", "x y": "ask for readiness", nobody: "ask for readiness"} {
		var problems bytes.Buffer
		status := httpserver.Probe(t.Context(), func(name string) string {
			return map[string]string{"APP_PORT": port}[name]
		}, &problems)
		if status != 1 || !strings.Contains(problems.String(), says) {
			t.Errorf("port %q: status %d: %s", port, status, problems.String())
		}
	}
}
