package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/answercache"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// newDrafter makes what drafts notes with the model, within tenants' budgets.
func newDrafter(cfg config, db *postgres.DB, tenants drafting.Tenants, state answercache.State, sealer *tenant.Sealer, secrets sidecar.Secrets,
	metrics *telemetry.Metrics, logger *slog.Logger,
) (*drafting.Drafter, error) {
	llm, err := newLLM(cfg.LLM, secrets, metrics, logger)
	if err != nil {
		return nil, err
	}
	llm = newAnswers(cfg, llm, state, sealer, metrics, logger)
	links, err := feedback.NewLinks(cfg.FeedbackURL, feedback.NewTokens(sealer, time.Now))
	if err != nil {
		return nil, err
	}
	return drafting.New(drafting.Deps{
		Tenants: tenants, Synthesizer: synthesis.New(llm, synthesis.Options{PromptTokens: cfg.PromptTokens, Logger: logger}), Feedback: links,
		Budget: budget.NewGuard(budget.New(db), metrics, logger, time.Now), Offers: cfg.LLM.Offers, Meter: metrics, Logger: logger,
	}), nil
}

// newAnswers puts earlier answers before llm, unless there are none to be given.
func newAnswers(cfg config, llm synthesis.LLM, state answercache.State, sealer *tenant.Sealer, metrics *telemetry.Metrics, logger *slog.Logger) synthesis.LLM {
	if llm == nil || cfg.Answers.TTL == 0 {
		return llm
	}
	return answercache.New(cfg.Answers, answercache.Deps{
		LLM: llm, State: state, Sealer: sealer, Asks: cfg.LLM.Asks, Count: func(gave string) { metrics.Cached(telemetry.CacheAnswer, telemetry.CacheResult(gave)) }, Logger: logger, Now: time.Now,
	})
}

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
		logger.Warn("the price of a language model is not known: what it costs is missing in reports, and it is not asked for tenants with a hard limit",
			"models", unpriced, "set", "LLM_PRICES")
	}
	return llm, nil
}
