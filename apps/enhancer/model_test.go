package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func TestWhichModelIsAsked(t *testing.T) {
	server := openai.Server{Provider: openai.ProviderOpenAI, BaseURL: "http://llm.example/v1", Model: "m"}
	local := openai.Server{Provider: openai.ProviderOllama, BaseURL: "http://192.0.2.20:11434/v1", Model: "m"}
	for name, c := range map[string]struct {
		cfg     openai.Config
		key     string
		model   bool
		says    string // in the log or the error
		refused bool
	}{
		"no key":             {cfg: openai.Config{Server: server}, says: "no language model is configured"},
		"a key":              {cfg: openai.Config{Server: server, Prices: openai.Prices{Prompt: 1}}, key: "example-key", model: true},
		"no price":           {cfg: openai.Config{Server: server}, key: "example-key", model: true, says: "LLM_PRICES"},
		"a price of nothing": {cfg: openai.Config{Server: local, PriceTable: openai.PriceTable{"m": {}}}, model: true},
		"no key of fallback": {
			cfg: openai.Config{Server: server, Fallback: openai.Fallback{Model: "n", BaseURL: "http://other.example/v1"}},
			key: "example-key", says: sidecar.SecretLLMFallbackAPIKey, refused: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			llm, err := newLLM(c.cfg, sidecar.Secrets{sidecar.SecretLLMAPIKey: c.key}, telemetry.NewMetrics(), slog.New(slog.NewTextHandler(&log, nil)))
			said := log.String()
			if err != nil {
				said += err.Error()
			}
			if (llm != nil) != c.model || (err != nil) != c.refused || !strings.Contains(said, c.says) || c.says == "" && said != "" {
				t.Errorf("got %v, %v; said %s", llm, err, said)
			}
		})
	}
}
