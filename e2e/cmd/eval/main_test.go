package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/evaluation"
)

func TestSettings(t *testing.T) {
	for name, tc := range map[string]struct{ url, model, price, want string }{
		"none":             {"", "", "", ""},
		"a real model":     {"https://llm.example.com/v1", "m", "2.5", ""},
		"no model":         {"https://llm.example.com/v1", "", "", "go together"},
		"no server":        {"", "m", "", "go together"},
		"a price in words": {"https://llm.example.com/v1", "m", "cheap", "EVAL_LLM_PRICE_PROMPT_PER_MTOK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("EVAL_LLM_BASE_URL", tc.url)
			t.Setenv("EVAL_LLM_MODEL", tc.model)
			if tc.price != "" {
				t.Setenv("EVAL_LLM_PRICE_PROMPT_PER_MTOK", tc.price)
			}
			t.Setenv("EVAL_LLM_API_KEY", "example-key")
			config, err := settings()
			switch {
			case tc.want != "":
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "example-key") {
					t.Errorf("got %v", err)
				}
			case err != nil || (config != nil) != (tc.url != ""):
				t.Errorf("got %v, %v", config, err)
			case config != nil && (config.BaseURL != tc.url || config.APIKey != "example-key" || config.Prices.Prompt != 2.5):
				t.Errorf("got %+v", config)
			}
		})
	}
}

// The figures of somebody's model are not the documentation's.
func TestARealModelsTableIsNotWritten(t *testing.T) {
	t.Setenv("EVAL_LLM_BASE_URL", "https://llm.example.com/v1")
	t.Setenv("EVAL_LLM_MODEL", "m")
	if err := run(t.Context(), []string{"-write"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "-write is for the simulator") {
		t.Errorf("got %v", err)
	}
}

func TestAWorseFigureEndsTheCommandWithAnError(t *testing.T) {
	var out bytes.Buffer
	err := show(&out, evaluation.Report{Subject: "simulator", Simulated: true}, true)
	if err == nil || !strings.Contains(err.Error(), "gate.json") || !strings.Contains(out.String(), `"simulated": true`) {
		t.Errorf("got %v, %s", err, &out)
	}
}
