package knowledge_test

import (
	"compress/gzip"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/outbound"
)

// findAt asks a knowledge base at url, by a guard with this setting.
func findAt(t *testing.T, url, allowed string) (gather.Result, error) {
	t.Helper()
	var networks outbound.Networks
	if err := networks.Decode(allowed); err != nil {
		t.Fatal(err)
	}
	transport := outbound.New(outbound.Config{AllowedNetworks: networks}, slog.New(slog.DiscardHandler)).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	source := knowledge.NewLive(endpoints{"north": {BaseURL: url, APIKey: apiKey}}, &mapCache{}, knowledge.Options{Transport: transport})
	return source.Find(t.Context(), gather.Query{TenantID: "north", Ticket: vpnTicket()})
}

func TestSSRFKnowledgeURL(t *testing.T) {
	t.Parallel()
	base := knowledgetest.New(knowledgetest.Options{APIKey: apiKey, Articles: []knowledgetest.Article{vpnArticle()}})
	server := httptest.NewServer(base)
	t.Cleanup(server.Close)
	for name, url := range map[string]string{
		"this machine": server.URL, "metadata": "http://169.254.169.254/latest", "metadata in IPv6": "http://[fd00:ec2::254]",
		"a private address": "https://192.168.1.1:8443/kb",
	} {
		byDefault := knowledge.NewLive(endpoints{"north": {BaseURL: url, APIKey: apiKey}}, &mapCache{}, knowledge.Options{})
		_, err := byDefault.Find(t.Context(), gather.Query{TenantID: "north", Ticket: vpnTicket()})
		refused, ok := errors.AsType[*outbound.RefusedError](err)
		if !ok || !isPermanent(err) {
			t.Errorf("%s: %v, want a permanent refusal", name, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, refused.Error()) || strings.Contains(text, "dial") {
			t.Errorf("%s: %s, want what to do and not where it led", name, text)
		}
		checkDiscreet(t, "the error", err.Error())
	}
	if n := len(base.Calls()); n != 0 {
		t.Fatalf("%d requests arrived", n)
	}
	if result, err := findAt(t, server.URL, "127.0.0.1"); err != nil || len(result.Items) != 1 {
		t.Errorf("where it is allowed: %+v, %v", result, err)
	}
}

func TestSSRFAKnowledgeBaseThatRedirects(t *testing.T) {
	t.Parallel()
	base := knowledgetest.New(knowledgetest.Options{APIKey: apiKey, Articles: []knowledgetest.Article{vpnArticle()}})
	elsewhere := httptest.NewServer(base)
	t.Cleanup(elsewhere.Close)
	for _, target := range []string{elsewhere.URL, "http://127.0.0.2/", "http://169.254.169.254/latest/meta-data/"} {
		server := httptest.NewServer(http.RedirectHandler(target, http.StatusTemporaryRedirect))
		t.Cleanup(server.Close)
		_, err := findAt(t, server.URL, "127.0.0.1")
		if !isPermanent(err) || !strings.Contains(err.Error(), "redirects elsewhere") {
			t.Errorf("%s: %v, want a permanent error that says so", target, err)
		}
	}
	if n := len(base.Calls()); n != 0 {
		t.Errorf("%d requests were redirected", n)
	}
}

func TestAnAnswerThatUnpacksToALotIsRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		blanks := []byte(strings.Repeat(" ", 1<<20))
		for range 256 {
			if _, err := packed.Write(blanks); err != nil {
				return
			}
		}
		_ = packed.Close()
	}))
	t.Cleanup(server.Close)
	if _, err := findAt(t, server.URL, "127.0.0.1"); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v, want the answer refused for its length", err)
	}
}
