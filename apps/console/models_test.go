package main

import (
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
)

func TestModelsWithAPriceAreOffered(t *testing.T) {
	cfg := config{LLM: openai.Server{Model: "example-usual"}, LLMFallback: openai.Fallback{Model: "example-small"}}
	if got := offered(cfg).Offered(); len(got) != 0 {
		t.Errorf("without a table: %q", got)
	}
	cfg.Prices = openai.PriceTable{"example-small": {}, "example-large": {}}
	if got := offered(cfg).Offered(); !slices.Equal(got, []string{"example-large", "example-small", "example-usual"}) {
		t.Errorf("offered %q", got)
	}
}
