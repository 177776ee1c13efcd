package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/sidecar"
)

// askSidecar asks an app's sidecar as the app does, whoever has taken it over.
func askSidecar(t *testing.T, app, method, path string, body io.Reader) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, running.SidecarURL(app)+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Dapr-Api-Token", running.APIToken(app))
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestAnAppReadsNoSecretButItsOwn(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(running.SecretsFile())
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]string{}
	if err := json.Unmarshal(content, &stored); err != nil {
		t.Fatal(err)
	}
	for app, own := range map[string][]string{
		"gateway": {sidecar.SecretDatabaseURL, sidecar.SecretTenantKeyset},
		"enhancer": {
			sidecar.SecretDatabaseURL, sidecar.SecretTenantKeyset, sidecar.SecretLLMAPIKey, sidecar.SecretLLMFallbackAPIKey,
			sidecar.SecretEmbeddingsAPIKey,
		},
		"console": {
			sidecar.SecretConsoleDatabaseURL, sidecar.SecretTenantKeyset, sidecar.SecretLLMAPIKey, sidecar.SecretLLMFallbackAPIKey,
			access.BootstrapSecret,
		},
		"simulator": {sidecar.SecretSimulatorKey, sidecar.SecretLLMAPIKey},
	} {
		for _, name := range own {
			if stored[name] == "" {
				t.Errorf("%s is not in the store: this test proves nothing of it", name)
			}
		}
		for name, value := range stored {
			want := http.StatusForbidden
			if slices.Contains(own, name) {
				want = http.StatusOK
			}
			status, answer := askSidecar(t, app, http.MethodGet, "/v1.0/secrets/secretstore/"+name, nil)
			if status != want || want != http.StatusOK && strings.Contains(answer, value) {
				t.Errorf("%s asks for %s: %d, want %d", app, name, status, want)
			}
		}
		if status, answer := askSidecar(t, app, http.MethodGet, "/v1.0/secrets/secretstore/bulk", nil); status == http.StatusOK {
			var all map[string]json.RawMessage
			if err := json.Unmarshal([]byte(answer), &all); err != nil {
				t.Fatal(err)
			}
			for name := range all {
				if !slices.Contains(own, name) {
					t.Errorf("%s is given %s among all", app, name)
				}
			}
		}
	}
}

// What an app may publish is proven by every other test. This one publishes nothing.
func TestAnAppPublishesNothingThatIsAnothers(t *testing.T) {
	t.Parallel()
	for app, topics := range map[string][]string{
		"gateway": {event.TopicTenantChanged, event.TopicDead, "e2e:unknown"}, "enhancer": {event.TopicEnhancement, event.TopicTenantChanged, "e2e:unknown"},
		"console": {event.TopicDead, "e2e:unknown"},
	} {
		for _, topic := range topics {
			status, answer := askSidecar(t, app, http.MethodPost, "/v1.0/publish/pubsub/"+topic, strings.NewReader(`{}`))
			if status != http.StatusForbidden {
				t.Errorf("%s publishes to %s: %d %s", app, topic, status, answer)
			}
		}
	}
	if status, answer := askSidecar(t, "simulator", http.MethodPost, "/v1.0/publish/pubsub/"+event.TopicEnhancement, strings.NewReader(`{}`)); status < 400 {
		t.Errorf("the simulator publishes: %d %s", status, answer)
	}
}
