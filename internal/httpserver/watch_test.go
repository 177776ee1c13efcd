package httpserver_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/httpserver"
)

func TestWhatAnAppDependsOnIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var failing error
		up, looks := map[string]bool{}, 0
		health := httpserver.NewHealth(quiet(), map[string]httpserver.Check{
			"postgres": func(context.Context) error { looks++; return failing },
			"redis": func(ctx context.Context) error { // which hangs
				<-ctx.Done()
				return ctx.Err()
			},
		})
		ended := make(chan struct{})
		go func() {
			health.Watch(ctx, func(name string, is bool) { up[name] = is })
			close(ended)
		}()
		time.Sleep(4 * time.Second) // the patience of a look, and some more
		synctest.Wait()
		if !up["postgres"] || up["redis"] || len(up) != 2 || looks != 1 {
			t.Errorf("after %d looks %v", looks, up)
		}
		failing = errors.New("example: refused")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if up["postgres"] || looks != 2 {
			t.Errorf("after %d looks %v", looks, up)
		}
		failing = nil
		cancel()
		<-ended
		if up["postgres"] {
			t.Error("it was looked after the end")
		}
	})
}

func TestTheEndOfACertificate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tls.crt")
	if _, err := httpserver.CertificateEnd(file); err == nil {
		t.Error("a file that is not there has an end")
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, c := range map[string]struct {
		text string
		err  string
	}{
		"the server's": {string(own), ""},
		"after a key":  {"-----BEGIN EXAMPLE-----\nAAAA\n-----END EXAMPLE-----\n" + string(own), ""},
		"none":         {"example", "holds none"},
		"a broken one": {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x509"},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		at, err := httpserver.CertificateEnd(file)
		if c.err == "" && (err != nil || !at.Equal(server.Certificate().NotAfter)) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %s, %v", name, at, err)
		}
	}
}
