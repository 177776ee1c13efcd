package openai_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// TestWhereAndHowProvidersAreAsked wants paths and headers as each of them documents them.
func TestWhereAndHowProvidersAreAsked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		provider openai.Provider
		path     string
		version  string
		model    string
		noKey    bool
		wantPath string
		wantKey  string // the header
	}{
		"openai":        {openai.ProviderOpenAI, "/v1", "", "m", false, "/v1/chat/completions", "Authorization"},
		"azure":         {openai.ProviderAzure, "", "", "my.notes", false, "/openai/deployments/my.notes/chat/completions?api-version=" + openai.DefaultAzureVersion, "Api-Key"},
		"azure version": {openai.ProviderAzure, "/", "2025-01-01-preview", "m", false, "/openai/deployments/m/chat/completions?api-version=2025-01-01-preview", "Api-Key"},
		"azure escaped": {openai.ProviderAzure, "", "", "a/b?c", false, "/openai/deployments/a%2Fb%3Fc/chat/completions?api-version=" + openai.DefaultAzureVersion, "Api-Key"},
		"azure v1":      {openai.ProviderAzure, "/openai/v1/", "", "m", false, "/openai/v1/chat/completions", "Api-Key"},
		"azure behind":  {openai.ProviderAzure, "/gateway", "", "m", false, "/gateway/openai/deployments/m/chat/completions?api-version=" + openai.DefaultAzureVersion, "Api-Key"},
		"vllm":          {openai.ProviderVLLM, "/v1", "", "org/model", false, "/v1/chat/completions", "Authorization"},
		"ollama":        {openai.ProviderOllama, "/v1", "", "example:8b", true, "/v1/chat/completions", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var path string
			var header http.Header
			client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path, header = r.URL.RequestURI(), r.Header.Clone()
				_, _ = w.Write([]byte(`{"choices":[{"message":{"content":"{}"}}]}`))
			}), func(c *openai.Config) {
				c.Provider, c.BaseURL = tc.provider, strings.TrimSuffix(c.BaseURL, "/llm/v1")+tc.path
				c.APIVersion, c.Model = tc.version, tc.model
				if tc.noKey {
					c.APIKey = ""
				}
			})
			if _, err := client.Complete(t.Context(), prompt()); err != nil {
				t.Fatal(err)
			}
			if path != tc.wantPath {
				t.Errorf("asked %s", path)
			}
			for _, name := range []string{"Authorization", "Api-Key"} {
				if got := header.Get(name); (got != "") != (name == tc.wantKey) || got != "" && !strings.HasSuffix(got, key) {
					t.Errorf("%s is %q", name, got)
				}
			}
		})
	}
}

func TestServersThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		server openai.Server
		want   string
	}{
		"unknown":          {openai.Server{Provider: "bard"}, "use openai, azure, vllm or ollama"},
		"azure at OpenAI":  {openai.Server{Provider: openai.ProviderAzure, BaseURL: "https://api.openai.com/v1"}, "give the server's own"},
		"ollama at OpenAI": {openai.Server{Provider: openai.ProviderOllama, BaseURL: "https://api.openai.com/v1"}, "give the server's own"},
		"openai at Azure":  {openai.Server{BaseURL: "https://example.openai.azure.com"}, "set the provider to azure"},
		"azure's path":     {openai.Server{Provider: openai.ProviderAzure, BaseURL: "https://example.openai.azure.com/openai/"}, "leave out /openai"},
		"azure deployment": {openai.Server{Provider: openai.ProviderAzure, BaseURL: "https://example.openai.azure.com/openai/deployments/m"}, "leave out /openai"},
		"ollama's path":    {openai.Server{Provider: openai.ProviderOllama, BaseURL: "http://127.0.0.1:11434"}, "below /v1"},
		"version":          {openai.Server{APIVersion: "2024-10-21"}, "leave it out"},
		"odd version":      {openai.Server{Provider: openai.ProviderAzure, BaseURL: "https://example.openai.azure.com", APIVersion: "newest"}, "they look like"},
		"model":            {openai.Server{Model: "two words"}, "spaces"},
	} {
		if tc.server.BaseURL == "" {
			tc.server.BaseURL = "https://llm.example/v1"
		}
		if tc.server.Model == "" {
			tc.server.Model = "m"
		}
		if _, err := openai.New(openai.Config{Server: tc.server}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openai.New(openai.Config{Server: openai.Server{BaseURL: "https://example.openai.azure.com/openai/v1", Model: "m"}}); err != nil {
		t.Errorf("Azure's OpenAI API with a bearer token: %v", err)
	}
}

func TestTheTenantsModelAndTemperature(t *testing.T) {
	t.Parallel()
	zero, high := 0.0, 1.5
	for name, tc := range map[string]struct {
		model       string
		temperature *float64
		wantModel   string
		want        float64
		ignored     bool
	}{
		"none":        {"", nil, "example-model", 0.1, false},
		"offered":     {"small-model", &high, "small-model", 1.5, false},
		"the usual":   {"example-model", &zero, "example-model", 0, false},
		"not offered": {"dear-model", nil, "example-model", 0.1, true},
	} {
		var offers func(string) bool
		client, fake, log := start(t, openaitest.Faults{}, func(c *openai.Config) {
			c.Models = []string{"small-model"}
			offers = c.Offers
		})
		p := prompt()
		p.Model, p.Temperature, p.TenantID = tc.model, tc.temperature, "example-clinic"
		got, err := client.Complete(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		sent := fake.Calls()[0]
		if got.Model != tc.wantModel || got.Calls[0].Model != tc.wantModel || sent.Model != tc.wantModel {
			t.Errorf("%s: asked %s, accounted %+v", name, sent.Model, got)
		}
		if diff := sent.Temperature - tc.want; diff > 1e-6 || diff < -1e-6 {
			t.Errorf("%s: temperature is %v", name, sent.Temperature)
		}
		// The draft's account says so, and not the log at every request.
		if offers(tc.model) == tc.ignored && tc.model != "" || strings.Contains(log.String(), "is not offered") {
			t.Errorf("%s: offered %v, logged %s", name, offers(tc.model), log)
		}
		// Only the usual model's price is known here.
		if got.Calls[0].Unpriced != (tc.wantModel == "small-model") {
			t.Errorf("%s: the call is %+v", name, got.Calls[0])
		}
	}
}
