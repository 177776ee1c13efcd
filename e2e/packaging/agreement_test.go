package packaging_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/packaging"
	"github.com/ai-agents/ai-agents/internal/sidecar/secretsfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func local(t *testing.T) *packaging.Local {
	t.Helper()
	file, err := packaging.ReadLocal(root(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Apps) == 0 {
		t.Fatal("dapr.yaml has no apps")
	}
	return file
}

func TestComposeAgreesWithTheLocalApps(t *testing.T) {
	clean(t, packaging.Agree(local(t), load(t, "", "")))
}

func TestWhereComposeDiffersIsSeen(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"  gateway-dapr:\n", "  gateway-sidecar:\n", "services gateway and gateway-dapr are wanted"},
		{"  gateway-dapr:\n", "  other-dapr:\n", "other is too much"},
		{`APP_PORT: "8081"`, `APP_PORT: "8091"`, "gateway: APP_PORT is 8091"},
		{`DAPR_HTTP_PORT: "3510"`, `DAPR_HTTP_PORT: "3511"`, "enhancer: DAPR_HTTP_PORT"},
		{"PUBLIC_ADDR: 0.0.0.0:8080", "PUBLIC_ADDR: 0.0.0.0:8088", "gateway: PUBLIC_ADDR"},
		{"GATEWAY_URL: http://gateway:8080", "GATEWAY_URL: http://gateway:8081", "console: GATEWAY_URL"},
		{"GATEWAY_URL: http://gateway:8080", "GATEWAY_URL: http://doorway:8080", "console: GATEWAY_URL"},
		{"SHUTDOWN_DELAY: 0s", "SHUTDOWN_DELAY: 5s", "gateway: SHUTDOWN_DELAY"},
		{"SHUTDOWN_DELAY: 0s", "SHUTDOWN_DELAYS: 0s", "gateway: SHUTDOWN_DELAYS is not in dapr.yaml"},
		{"ipv4_address: 10.89.46.89", "ipv4_address: 10.89.46.90", "OUTBOUND_ALLOWED_NETWORKS"},
		{"aliases: [simulator.outside]", "aliases: [simulator.inside]", "enhancer: LLM_BASE_URL"},
		{"--app-id=console", "--app-id=enhancer", `console-dapr: --app-id is "enhancer"`},
		{"--config=/components/configuration-gateway.yaml", "--config=/components/configuration-console.yaml", "gateway-dapr: --config"},
		{"--dapr-listen-addresses=127.0.0.1", "--dapr-listen-addresses=0.0.0.0", "gateway-dapr: --dapr-listen-addresses"},
		{"      - --metrics-port=9110\n", "", "enhancer-dapr: --metrics-port"},
		{"- --app-protocol=http", "- --app-protocol=http\n      - --app-max-concurrency=1", "app-max-concurrency is too much"},
		{"network_mode: service:console", "network_mode: service:gateway", "console-dapr: network_mode"},
		{"APP_API_TOKEN: *gateway-app", "APP_API_TOKEN: *gateway-api", "gateway and its sidecar differ in APP_API_TOKEN"},
		{"target: gateway, args", "target: console, args", "gateway: dapr.yaml runs"},
		{"build: {context: ., target: gateway", "command: [probe]\n    build: {context: ., target: gateway", "no command is wanted"},
	} {
		says(t, packaging.Agree(local(t), load(t, c.from, c.to)), c.says)
	}
	file := local(t)
	file.Apps[0].ID = "another"
	says(t, packaging.Agree(file, load(t, "", "")), "another-dapr are wanted")
	says(t, packaging.Agree(file, load(t, "", "")), "simulator is too much")
}

// TestSidecarsHaveWhatTheComponentsAskTheirEnvironmentFor: a component that misses one does not load.
func TestSidecarsHaveWhatTheComponentsAskTheirEnvironmentFor(t *testing.T) {
	project := load(t, "", "")
	scoped := regexp.MustCompile(`(?m)^scopes: \[(.*)\]`)
	asked := regexp.MustCompile(`(?m)envRef: ([A-Z_]+)|\$\{([A-Z_]+)\}`)
	files, err := filepath.Glob(filepath.Join(root(t), "components/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		apps := []string{strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "configuration-"), ".yaml")}
		if match := scoped.FindSubmatch(content); match != nil {
			apps = strings.Split(string(match[1]), ", ")
		}
		for _, match := range asked.FindAllSubmatch(content, -1) {
			variable := string(match[1]) + string(match[2])
			for _, app := range apps {
				n++
				if value := project.Services[app+"-dapr"].Environment[variable]; value == nil || *value == "" {
					t.Errorf("%s wants %s, which %s-dapr has not", filepath.Base(name), variable, app)
				}
			}
		}
	}
	if n == 0 {
		t.Fatal("no component asks for anything")
	}
}

// TestTheSecretsFileHasWhatMayBeRead: it holds what the configurations allow the apps to read, and the components' own.
func TestTheSecretsFileHasWhatMayBeRead(t *testing.T) {
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "secrets.json")
	err = secretsfile.Write(path, "postgres://admin@postgres/ai_agents", secretsfile.Config{
		AppPassword: "example", ConsolePassword: "example", RedisPassword: "example", TenantKeyset: keyset, BootstrapToken: "example", SignInSecret: "example",
		LLMKey: "example", LLMFallbackKey: "example", EmbeddingsKey: "example", SimulatorKey: "example",
	})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var written map[string]string
	if err := json.Unmarshal(content, &written); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root(t), "components/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text := read(t, "components/"+filepath.Base(name))
		for _, match := range regexp.MustCompile(`allowedSecrets: \[(.*)\]`).FindAllStringSubmatch(text, -1) {
			for secret := range strings.SplitSeq(match[1], ", ") {
				wanted[strings.Trim(secret, `"`)] = true
			}
		}
		for _, match := range regexp.MustCompile(`secretKeyRef:\n\s+name: (\S+)`).FindAllStringSubmatch(text, -1) {
			wanted[match[1]] = true
		}
	}
	if got, want := slices.Sorted(maps.Keys(written)), slices.Sorted(maps.Keys(wanted)); !slices.Equal(got, want) {
		t.Errorf("written %q, wanted %q", got, want)
	}
}
