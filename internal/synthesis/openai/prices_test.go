package openai_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
)

func TestPriceTable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "prices.yaml")
	if err := os.WriteFile(file, []byte("# examples\ndear: {prompt: 2.5, completion: 10, cached_prompt: 1.25}\nown:\n  prompt: 0\n  completion: 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"file": file, "JSON": `{"dear":{"prompt":2.5,"completion":10,"cached_prompt":1.25},"own":{"prompt":0,"completion":0}}`,
		"YAML": "dear: {prompt: 2.5, completion: 10, cached_prompt: 1.25}\nown: {}",
	} {
		var table openai.PriceTable
		if err := table.Decode(value); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		dear := table["dear"]
		if len(table) != 2 || dear.Prompt != 2.5 || dear.Completion != 10 || dear.CachedPrompt == nil || *dear.CachedPrompt != 1.25 {
			t.Errorf("%s: %+v", name, table)
		}
	}
	var none openai.PriceTable
	if err := none.Decode(" "); err != nil || none != nil {
		t.Errorf("nothing: %v, %v", none, err)
	}
}

func TestPriceTablesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ value, want string }{
		"no file":   {filepath.Join(t.TempDir(), "none.yaml"), "neither a file that can be read"},
		"a typo":    {`{"m":{"prompts":1}}`, "prompts"},
		"a list":    {"- m\n- n", "not of the form"},
		"negative":  {`{"m":{"prompt":-1}}`, `price of "m"`},
		"not one":   {`{"m":{"completion":.nan}}`, `price of "m"`},
		"cached":    {`{"m":{"cached_prompt":-0.1}}`, `price of "m"`},
		"a model":   {`{"two words":{"prompt":1}}`, "spaces"},
		"not JSON":  {`{"m":`, "not of the form"},
		"no number": {`{"m":{"prompt":"cheap"}}`, "not of the form"},
	} {
		var table openai.PriceTable
		if err := table.Decode(tc.value); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestModelsWithoutPrices(t *testing.T) {
	t.Parallel()
	c := openai.Config{
		Server: openai.Server{BaseURL: "https://llm.example/v1", Model: "usual"}, Models: []string{"known", "unknown"},
		Fallback: openai.Fallback{Model: "other"}, PriceTable: openai.PriceTable{"known": {Prompt: 1}},
	}
	if got := c.Unpriced(); !slices.Equal(got, []string{"usual", "unknown", "other"}) {
		t.Errorf("got %q", got)
	}
	c.Prices.Prompt = 1
	if got := c.Unpriced(); !slices.Equal(got, []string{"unknown", "other"}) {
		t.Errorf("with a price of its own: %q", got)
	}
	c.PriceTable["usual"] = openai.Price{}
	if _, err := openai.New(c); err == nil || !strings.Contains(err.Error(), "use one of the two") {
		t.Errorf("two prices: %v", err)
	}
}
