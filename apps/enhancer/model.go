package main

import (
	"fmt"
	"log/slog"

	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// newLLM returns nil, and says so once, when no model is configured: notes then carry the gathered
// context alone.
func newLLM(cfg openai.Config, secrets sidecar.Secrets, metrics *telemetry.Metrics, logger *slog.Logger) (synthesis.LLM, error) {
	cfg.APIKey, cfg.Fallback.APIKey = secrets[sidecar.SecretLLMAPIKey], secrets[sidecar.SecretLLMFallbackAPIKey]
	if !cfg.Configured() {
		logger.Warn("no language model is configured, notes will carry the gathered context only", "unset", sidecar.SecretLLMAPIKey)
		return nil, nil //nolint:nilnil // no model is a valid choice
	}
	switched := func(dependency string) func(off bool) {
		return func(off bool) {
			metrics.Breaker("", dependency, off)
			logger.Warn("a language model switched", "dependency", dependency, "asked", !off)
		}
	}
	cfg.Logger, cfg.Switched, cfg.Fallback.Switched = logger, switched("llm"), switched("llm_fallback")
	llm, err := openai.Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure the language model: %w", err)
	}
	if unpriced := cfg.Unpriced(); len(unpriced) > 0 {
		logger.Warn("the price of a language model is not known: what it costs is missing in reports, and no budget stops it",
			"models", unpriced, "set", "LLM_PRICES")
	}
	return llm, nil
}
