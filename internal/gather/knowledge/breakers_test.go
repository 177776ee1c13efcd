package knowledge_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
)

// A knowledge base that is dead is left alone for a while: nobody waits for it, what is remembered still stands in, and the
// neighbour, who has another one, is asked as ever.
func TestADeadKnowledgeBaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(vpnArticle())
		var switches []string
		w.source = knowledge.NewLive(endpoints{
			"north": {BaseURL: "https://kb.example.com", APIKey: apiKey}, "south": {BaseURL: "https://kb.example.com", APIKey: apiKey},
		}, w.cache, knowledge.Options{
			Transport: inProcess{w.base}, Clock: func() time.Time { return w.now },
			Switched: func(tenantID string, off bool) { switches = append(switches, fmt.Sprint(tenantID, " ", off)) },
		})
		w.mustFind(t, "north")
		w.now = w.now.Add(2 * time.Hour)
		w.setFaults(t, knowledgetest.Faults{Status: http.StatusBadGateway})
		before := len(w.base.Calls())
		for range breaker.DefaultFailures + 5 {
			if got := w.mustFind(t, "north"); len(got.Items) != 1 || !strings.Contains(got.Note, "cached copy") {
				t.Errorf("found %+v", got)
			}
		}
		if calls := len(w.base.Calls()) - before; calls != breaker.DefaultFailures {
			t.Errorf("%d calls, want %d", calls, breaker.DefaultFailures)
		}
		clear(w.cache.entries)
		if _, err := w.find(t.Context(), "north"); err == nil || !isPermanent(err) || !strings.Contains(err.Error(), "the next try is in 15s") {
			t.Errorf("without a copy: %v", err)
		}
		w.setFaults(t, knowledgetest.Faults{})
		if got := w.mustFind(t, "south"); len(got.Items) != 1 {
			t.Errorf("the neighbour finds %+v", got)
		}
		time.Sleep(breaker.DefaultPause + time.Second)
		if got := w.mustFind(t, "north"); len(got.Items) != 1 || got.Note != "" {
			t.Errorf("afterwards: %+v", got)
		}
		if want := []string{"north true", "north false"}; !slices.Equal(switches, want) {
			t.Errorf("told %q, want %q", switches, want)
		}
	})
}

// Wrong settings are no outage, and whoever mends them must not wait.
func TestARefusalDoesNotSilenceAKnowledgeBase(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	w.setFaults(t, knowledgetest.Faults{Status: http.StatusUnauthorized})
	for range 3 * breaker.DefaultFailures {
		_, err := w.find(t.Context(), "north")
		if open, silent := errors.AsType[*breaker.OpenError](err); silent {
			t.Fatalf("not asked any more: %v", open)
		}
	}
	w.setFaults(t, knowledgetest.Faults{})
	w.mustFind(t, "north")
}

func TestAnotherKnowledgeBaseIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	known := endpoints{"north": {BaseURL: "https://kb.example.com", APIKey: apiKey}}
	open := false
	w.source = knowledge.NewLive(known, w.cache, knowledge.Options{Transport: inProcess{w.base}, Switched: func(_ string, off bool) { open = off }})
	w.setFaults(t, knowledgetest.Faults{Status: http.StatusBadGateway})
	for range breaker.DefaultFailures {
		if _, err := w.find(t.Context(), "north"); err == nil {
			t.Fatal("it answers")
		}
	}
	if !open {
		t.Fatal("it is still asked")
	}
	w.setFaults(t, knowledgetest.Faults{})
	known["north"] = knowledge.Endpoint{BaseURL: "https://kb.example.com/new", APIKey: apiKey}
	if _, err := w.find(t.Context(), "north"); err != nil && strings.Contains(err.Error(), "not asked") || open {
		t.Errorf("the new one: %v, off %t", err, open)
	}
}
