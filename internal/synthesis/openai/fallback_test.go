package openai_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

const otherKey = "sk-example-of-another-9876543210"

// pair is two servers, of which the second is the fallback.
type pair struct {
	llm           synthesis.LLM
	first, second *openaitest.Server
	log           *bytes.Buffer
}

func newPair(t *testing.T, first, second openaitest.Faults, change func(*openai.Config)) pair {
	t.Helper()
	p := pair{first: openaitest.New(key, nil), second: openaitest.New(otherKey, nil), log: &bytes.Buffer{}}
	var urls []string
	for fake, faults := range map[*openaitest.Server]openaitest.Faults{p.first: first, p.second: second} {
		if err := fake.SetFaults(faults); err != nil {
			t.Fatal(err)
		}
	}
	for _, fake := range []*openaitest.Server{p.first, p.second} {
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		t.Cleanup(fake.Close)
		urls = append(urls, server.URL)
	}
	config := openai.Config{
		Server:   openai.Server{BaseURL: urls[0] + "/v1", APIKey: key, Model: "first"},
		Fallback: openai.Fallback{BaseURL: urls[1], Provider: openai.ProviderAzure, APIKey: otherKey, Model: "second"},
		Timeout:  10 * time.Second, Backoff: time.Millisecond, Models: []string{"preferred"},
		PriceTable: openai.PriceTable{"first": {Prompt: 1, Completion: 1}, "preferred": {Prompt: 5, Completion: 5}, "second": {Prompt: 3, Completion: 3}},
		Logger:     slog.New(slog.NewJSONHandler(p.log, nil)),
	}
	if change != nil {
		change(&config)
	}
	var err error
	if p.llm, err = openai.Open(config); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTheFallbackIsAsked of whatever the first model fails of, and each call is accounted for with the model that it asked.
func TestTheFallbackIsAsked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults openaitest.Faults
		first  int // calls
	}{
		"broken":          {openaitest.Faults{Status: 500}, 3},
		"throttled":       {openaitest.Faults{Status: 429, RetryAfter: 3600}, 1},
		"wrong key":       {openaitest.Faults{Status: 401}, 1},
		"out of quota":    {openaitest.Faults{Shape: openaitest.ShapeQuota}, 1},
		"filter":          {openaitest.Faults{ContentFilter: true}, 1},
		"Azure's filter":  {openaitest.Faults{Shape: openaitest.ShapeFilter}, 1},
		"refusal":         {openaitest.Faults{Shape: openaitest.ShapeRefusal}, 1},
		"no answer":       {openaitest.Faults{EmptyChoices: true}, 1},
		"failure inside":  {openaitest.Faults{FailureInside: true}, 1},
		"cut off":         {openaitest.Faults{Shape: openaitest.ShapeCutOff}, 3},
		"prompt too long": {openaitest.Faults{Shape: openaitest.ShapeTooLong}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, tc.faults, openaitest.Faults{}, nil)
			got, err := p.llm.Complete(t.Context(), prompt())
			if err != nil || !strings.Contains(got.Text, "Renewed") || got.Model != "second" {
				t.Fatalf("got %+v, %v", got, err)
			}
			if len(got.Calls) != tc.first+1 || len(p.first.Calls()) != tc.first || len(p.second.Calls()) != 1 {
				t.Fatalf("%d calls counted, %d and %d made", len(got.Calls), len(p.first.Calls()), len(p.second.Calls()))
			}
			for _, call := range got.Calls[:tc.first] {
				if call.Model != "first" || call.Error == "" {
					t.Errorf("a first call is %+v", call)
				}
			}
			last := got.Calls[tc.first]
			if want := 3 * float64(last.PromptTokens+last.CompletionTokens) / 1e6; last.Model != "second" || last.Error != "" || last.CostUSD != want {
				t.Errorf("the last call is %+v", last)
			}
			for _, secret := range []string{key, otherKey} {
				if strings.Contains(p.log.String(), secret) {
					t.Error("a key is in the log")
				}
			}
		})
	}
}

// A tenant that chose its model is not moved to somebody else's server; on the same one another model may help it.
func TestATenantsChoiceStaysOnItsServer(t *testing.T) {
	t.Parallel()
	asked := prompt()
	asked.Model = "preferred"
	p := newPair(t, openaitest.Faults{Status: 500}, openaitest.Faults{}, nil)
	got, err := p.llm.Complete(t.Context(), asked)
	if err == nil || got.Fallback || len(p.second.Calls()) != 0 || len(got.Calls) != 3 {
		t.Errorf("got %+v, %v, and %d requests elsewhere", got, err, len(p.second.Calls()))
	}
	if !strings.Contains(p.log.String(), "keeps its tickets from the fallback's server") {
		t.Errorf("the log does not tell: %s", p.log)
	}
	asked.Model = "no longer offered"
	if _, err := p.llm.Complete(t.Context(), asked); err == nil || len(p.second.Calls()) != 0 {
		t.Errorf("a choice that is offered no longer: %v, and %d requests elsewhere", err, len(p.second.Calls()))
	}
	p = newPair(t, openaitest.Faults{}, openaitest.Faults{}, nil)
	if got, err := p.llm.Complete(t.Context(), asked); err != nil || got.Model != "first" {
		t.Errorf("got %+v, %v", got, err)
	}
	p = newPair(t, openaitest.Faults{Status: 500}, openaitest.Faults{}, func(c *openai.Config) { c.Fallback = openai.Fallback{Model: "small"} })
	asked.Model = "preferred"
	_, _ = p.llm.Complete(t.Context(), asked)
	if calls := p.first.Calls(); len(calls) == 0 || calls[len(calls)-1].Model != "small" {
		t.Errorf("the same server was asked %+v", calls)
	}
}

// What nobody knows the price of costs 0 in the books, and would never reach a limit.
func TestWithinALimitOnlyModelsWithAPriceAreAsked(t *testing.T) {
	t.Parallel()
	limited := prompt()
	limited.Limited = true
	without := func(models ...string) func(*openai.Config) {
		return func(c *openai.Config) {
			for _, model := range models {
				delete(c.PriceTable, model)
			}
		}
	}
	for name, tc := range map[string]struct {
		first          openaitest.Faults
		change         func(*openai.Config)
		prefers, model string // model is the one that answers; empty for none
		calls          [2]int
	}{
		"both have one":         {openaitest.Faults{Status: 404}, nil, "", "second", [2]int{1, 1}},
		"the fallback has none": {openaitest.Faults{Status: 404}, without("second"), "", "", [2]int{1, 0}},
		"the usual has none":    {openaitest.Faults{}, without("first"), "", "second", [2]int{0, 1}},
		"the chosen has none":   {openaitest.Faults{}, without("preferred"), "preferred", "", [2]int{0, 0}},
		"none has one":          {openaitest.Faults{}, without("first", "second"), "", "", [2]int{0, 0}},
		"it is free":            {openaitest.Faults{}, func(c *openai.Config) { c.PriceTable["first"] = openai.Price{} }, "", "first", [2]int{1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, asked := newPair(t, tc.first, openaitest.Faults{}, tc.change), limited
			asked.Model = tc.prefers
			got, err := p.llm.Complete(t.Context(), asked)
			if calls := [2]int{len(p.first.Calls()), len(p.second.Calls())}; calls != tc.calls {
				t.Errorf("%v requests, want %v: %v", calls, tc.calls, err)
			}
			switch {
			case tc.model == "" && !errors.Is(err, synthesis.ErrNoPrice):
				t.Errorf("%v, want one that says that the price is missing", err)
			case tc.model != "" && (err != nil || got.Model != tc.model):
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	p := newPair(t, openaitest.Faults{}, openaitest.Faults{}, without("first"))
	if got, err := p.llm.Complete(t.Context(), prompt()); err != nil || got.Model != "first" {
		t.Errorf("without a limit: %+v, %v", got, err)
	}
}

// A first model that hangs leaves the second one the time to answer.
func TestTheFallbackHasTimeLeft(t *testing.T) {
	t.Parallel()
	p := newPair(t, openaitest.Faults{Hang: true}, openaitest.Faults{}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got, err := p.llm.Complete(ctx, prompt())
	if err != nil || got.Model != "second" || len(got.Calls) != 2 || got.Calls[0].Model != "first" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

// One that is dead costs no more time, and the second one has a breaker of its own.
func TestTheFallbackOfADeadModel(t *testing.T) {
	t.Parallel()
	var switched, fallbackSwitched []bool
	p := newPair(t, openaitest.Faults{Status: 500}, openaitest.Faults{}, func(c *openai.Config) {
		c.MaxAttempts = 1
		c.Switched = func(off bool) { switched = append(switched, off) }
		c.Fallback.Switched = func(off bool) { fallbackSwitched = append(fallbackSwitched, off) }
	})
	for range 2 * breaker.DefaultFailures {
		if _, err := p.llm.Complete(t.Context(), prompt()); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.first.Calls()) != breaker.DefaultFailures || len(p.second.Calls()) != 2*breaker.DefaultFailures {
		t.Errorf("%d and %d calls", len(p.first.Calls()), len(p.second.Calls()))
	}
	if len(switched) != 1 || !switched[0] || len(fallbackSwitched) != 0 {
		t.Errorf("told %v and %v", switched, fallbackSwitched)
	}
}

func TestBothFail(t *testing.T) {
	t.Parallel()
	p := newPair(t, openaitest.Faults{ContentFilter: true}, openaitest.Faults{Status: 404}, nil)
	got, err := p.llm.Complete(t.Context(), prompt())
	if !errors.Is(err, synthesis.ErrRefused) || !strings.Contains(err.Error(), "status 404") || len(got.Calls) != 2 {
		t.Errorf("%d calls, %v", len(got.Calls), err)
	}
}

func TestTheFallbackIsNotAskedInVain(t *testing.T) {
	t.Parallel()
	p := newPair(t, openaitest.Faults{}, openaitest.Faults{}, nil)
	if got, err := p.llm.Complete(t.Context(), prompt()); err != nil || got.Model != "first" || len(p.second.Calls()) != 0 {
		t.Errorf("asked though the first answered: %+v, %v", got, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.llm.Complete(gone, prompt()); !errors.Is(err, context.Canceled) || len(p.second.Calls()) != 0 {
		t.Errorf("asked though nobody waits: %v", err)
	}
}

// A fallback without a server of its own is another model of the same one.
func TestTheFallbackOnTheSameServer(t *testing.T) {
	t.Parallel()
	var models []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		for _, name := range []string{"large", "small"} {
			if strings.Contains(string(body), `"model":"`+name+`"`) {
				models = append(models, name)
			}
		}
		if r.Header.Get("Authorization") != "Bearer "+key || models[len(models)-1] == "large" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"choices":[{"message":{"content":"{}"}}]}`))
	}))
	t.Cleanup(server.Close)
	llm, err := openai.Open(openai.Config{
		Server: openai.Server{BaseURL: server.URL, APIKey: key, Model: "large"}, Fallback: openai.Fallback{Model: "small"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := llm.Complete(t.Context(), prompt()); err != nil || got.Model != "small" || len(models) != 2 {
		t.Errorf("got %+v, %v; asked %q", got, err, models)
	}
}

func TestFallbacksThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fallback openai.Fallback
		want     string
	}{
		"no model":    {openai.Fallback{BaseURL: "https://other.example/v1"}, "set LLM_FALLBACK_MODEL"},
		"the same":    {openai.Fallback{Model: "m"}, "the fallback is the model itself"},
		"no key":      {openai.Fallback{Model: "m", BaseURL: "https://other.example/v1"}, "llm-fallback-api-key"},
		"no server":   {openai.Fallback{Model: "n", Provider: openai.ProviderAzure}, "set LLM_FALLBACK_BASE_URL"},
		"bad address": {openai.Fallback{Model: "m", BaseURL: "other.example", APIKey: "k"}, "fallback: language model: base URL"},
		"provider":    {openai.Fallback{Model: "m", BaseURL: "https://other.example/v1", APIKey: "k", Provider: "bard"}, "use openai, azure, vllm or ollama"},
	} {
		_, err := openai.Open(openai.Config{Server: openai.Server{BaseURL: "https://llm.example/v1", Model: "m", APIKey: "k"}, Fallback: tc.fallback})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openai.Open(openai.Config{
		Server:   openai.Server{BaseURL: "https://llm.example/v1", Model: "m", APIKey: "k"},
		Fallback: openai.Fallback{Model: "m", BaseURL: "http://127.0.0.1:11434/v1", Provider: openai.ProviderOllama},
	}); err != nil {
		t.Errorf("one that wants no key: %v", err)
	}
}
