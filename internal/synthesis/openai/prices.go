package openai

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Prices are those of the usual model, in US dollars per million tokens; for the price of nothing, a PriceTable says so.
type Prices struct {
	Prompt     float64 `envconfig:"LLM_PRICE_PROMPT_PER_MTOK"`
	Completion float64 `envconfig:"LLM_PRICE_COMPLETION_PER_MTOK"`
}

func (p Prices) validate() error { return errors.Join(amount(p.Prompt), amount(p.Completion)) }

// Price is that of one model, in US dollars per million tokens. Zero, for a model of one's own, costs nothing.
type Price struct {
	Prompt     float64 `yaml:"prompt"`
	Completion float64 `yaml:"completion"`
	// CachedPrompt is for tokens of a prompt that the server has read before; Prompt when nil.
	CachedPrompt *float64 `yaml:"cached_prompt"`
}

// cost is what tokens cost in US dollars; cached of the promptTokens the server had read before.
func (p Price) cost(promptTokens, cached, completionTokens int) float64 {
	const perMillion = 1e6
	again := p.Prompt
	if p.CachedPrompt != nil {
		again = *p.CachedPrompt
	}
	return (float64(promptTokens-cached)*p.Prompt + float64(cached)*again + float64(completionTokens)*p.Completion) / perMillion
}

// PriceTable has the prices of models by their names.
//
//nolint:recvcheck // only what reads it changes it
type PriceTable map[string]Price

// Decode reads a table in YAML or JSON, or the path of a file that holds one.
func (t *PriceTable) Decode(value string) error {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil
	}
	if !strings.ContainsAny(value, "{\n") {
		content, err := os.ReadFile(value)
		if err != nil {
			return fmt.Errorf("the price table is neither a file that can be read, nor YAML or JSON: %w", err)
		}
		value = string(content)
	}
	decoder := yaml.NewDecoder(strings.NewReader(value))
	decoder.KnownFields(true)
	var table PriceTable
	// An empty file is a table without prices.
	if err := decoder.Decode((*map[string]Price)(&table)); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the price table is not of the form {model: {prompt: 2.5, completion: 10, cached_prompt: 1.25}}: %w", err)
	}
	*t = table
	return table.validate()
}

// validate names every price that is none.
func (t PriceTable) validate() error {
	var errs []error
	for _, model := range slices.Sorted(maps.Keys(t)) {
		price := t[model]
		err := errors.Join(validModel(model), amount(price.Prompt), amount(price.Completion))
		if price.CachedPrompt != nil {
			err = errors.Join(err, amount(*price.CachedPrompt))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("price of %q: %w", model, err))
		}
	}
	return errors.Join(errs...)
}

func amount(price float64) error {
	if price < 0 || math.IsNaN(price) || math.IsInf(price, 0) {
		return fmt.Errorf("price %v is not an amount", price)
	}
	return nil
}
