package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

func TestSettingsOfThePollForMissedWebhooks(t *testing.T) {
	t.Setenv("APP_PORT", "8082")
	for name, c := range map[string]struct{ value, said string }{
		"RECONCILE_INTERVAL": {"-1s", "RECONCILE_INTERVAL is -1s"},
		"RECONCILE_GRACE":    {"-1s", "RECONCILE_GRACE is -1s"},
		"RECONCILE_MAX_AGE":  {"2m", "RECONCILE_MAX_AGE is 2m0s: use more than RECONCILE_GRACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, c.value)
			if _, err := loadConfig(); err == nil || !strings.Contains(err.Error(), c.said) {
				t.Errorf("%s=%s: %v", name, c.value, err)
			}
		})
	}
	cfg, err := loadConfig()
	if err != nil || cfg.Reconcile.Interval != time.Minute || cfg.Reconcile.Grace != 2*time.Minute || cfg.Reconcile.MaxAge != 72*time.Hour {
		t.Errorf("by default %+v, %v", cfg.Reconcile, err)
	}
}

func TestTheLimitOfAPrompt(t *testing.T) {
	t.Setenv("APP_PORT", "8082")
	cfg, err := loadConfig()
	if err != nil || cfg.PromptTokens != synthesis.DefaultPromptTokens {
		t.Errorf("by default %d, %v", cfg.PromptTokens, err)
	}
	t.Setenv("LLM_PROMPT_TOKENS", "500")
	if _, err := loadConfig(); err == nil || !strings.Contains(err.Error(), "LLM_PROMPT_TOKENS is 500: use 3000 or more") {
		t.Errorf("got %v", err)
	}
}

func TestWhoseEnhancerItIs(t *testing.T) {
	t.Setenv("APP_PORT", "8082")
	if cfg, err := loadConfig(); err != nil || cfg.Tenant != "" {
		t.Errorf("by default %q, %v", cfg.Tenant, err)
	}
	for value, ok := range map[string]bool{"alpha": true, "Alpha": false, "a,b": false, strings.Repeat("a", 50): false} {
		t.Setenv("ENHANCER_TENANT", value)
		if _, err := loadConfig(); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "ENHANCER_TENANT is") {
			t.Errorf("%q: %v", value, err)
		}
	}
}
