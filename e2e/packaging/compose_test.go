package packaging_test

import (
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/packaging"
)

// required are the settings that compose refuses to do without.
func required(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`\$\{([A-Z0-9_]+):\?`).FindAllStringSubmatch(read(t, packaging.ComposeFile), -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestComposeFollowsTheSpecification(t *testing.T) {
	clean(t, packaging.CheckCompose(load(t, "", "")))
}

func TestComposeIsRefusedWhenItDoesNot(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"restart: unless-stopped", "restarts: unless-stopped", "restarts"},
		{"networks: [data]", "networks: [date]", "date"},
		{"target: /etc/redis.conf", "targets: /etc/redis.conf", "targets"},
		{"network_mode: service:gateway", "network_mode: service:doorway", "doorway"},
	} {
		_, err := packaging.Compose(t.Context(), root(t), change(t, packaging.ComposeFile, c.from, c.to), settings(t))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.to, err)
		}
	}
}

// TestNothingThatHasToBeMadeMayBeEmpty empties each of them.
func TestNothingThatHasToBeMadeMayBeEmpty(t *testing.T) {
	names := required(t)
	if len(names) == 0 {
		t.Fatal("nothing is required")
	}
	content := change(t, packaging.ComposeFile, "", "")
	for _, name := range names {
		env := settings(t)
		env[name] = ""
		if _, err := packaging.Compose(t.Context(), root(t), content, env); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsWrongWithAServiceIsSeen(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"redis:7.2.11-bookworm", "redis:latest", "redis: image redis:latest has no version"},
		{"redis:7.2.11-bookworm", "redis", "redis: image redis has no version"},
		{"redis:7.2.11-bookworm", "redis:7", "redis: image redis:7 is not pinned"},
		{"ghcr.io/ai-agents/gateway:", "ghcr.io/ai-agents/doorway:", "gateway: target gateway is called"},
		{`test: ["CMD", "/gateway", "probe"]`, "disable: true", "gateway: give it a health check"},
		{"    x-no-healthcheck: it runs one command, and ends\n", "", "agentctl: give it a health check"},
		{"./deploy/grafana/grafana.ini:", "./deploy/grafana/none.ini:", "none.ini, which does not exist"},
		{"./components:/components:ro", "./components:/components", "may write to"},
		{`"127.0.0.1:8089:8089"`, `"8089:8089"`, "simulator publishes 8089"},
		{"cap_drop: [ALL]", "cap_drop: [NET_RAW]", "gateway: want read_only"},
		{"read_only: true", "read_only: false", "gateway-dapr: want read_only"},
		{`security_opt: ["no-new-privileges:true"]`, "security_opt: []", "gateway may gain privileges"},
		{`    restart: "no"` + "\n    command: [up]", "    command: [up]", "waits for the end of migrate"},
		{"placement: {condition: service_started}", "placement: {condition: service_healthy}", "waits for the health of placement"},
	} {
		says(t, packaging.CheckCompose(load(t, c.from, c.to)), c.says)
	}
}

func TestSettingsAreTheOnesOfTheExample(t *testing.T) {
	env, err := packaging.Env(strings.NewReader(read(t, ".env.example")))
	if err != nil {
		t.Fatal(err)
	}
	used := packaging.Variables(change(t, packaging.ComposeFile, "", ""), load(t, "", ""))
	for _, name := range used {
		if _, there := env[name]; !there {
			t.Errorf("%s is not in .env.example", name)
		}
	}
	for name, value := range env {
		if !slices.Contains(used, name) {
			t.Errorf("%s is in .env.example and nothing uses it", name)
		}
		if slices.Contains(required(t), name) && value != "" && !strings.HasPrefix(name, "LLM_") {
			t.Errorf("%s has a value in .env.example, which all would share", name)
		}
	}
	// Both ways to use one are seen.
	more := packaging.Variables(change(t, packaging.ComposeFile, "LOG_LEVEL:-info", "LOG_LEVEL:-${OTHER_LEVEL:-info}"),
		load(t, "environment: SMTP_PASSWORD", "environment: OTHER_PASSWORD"))
	for _, name := range []string{"OTHER_LEVEL", "OTHER_PASSWORD"} {
		if !slices.Contains(more, name) {
			t.Errorf("%s is not seen", name)
		}
	}
}

// TestPrometheusFindsItsTargets: each is a service, or an alias of one, on a network of Prometheus.
func TestPrometheusFindsItsTargets(t *testing.T) {
	config, project := read(t, "deploy/prometheus/prometheus.yaml"), load(t, "", "")
	clean(t, lost(t, config, project))
	says(t, lost(t, strings.Replace(config, "gateway:8081", "doorway:8081", 1), project), "doorway")
	says(t, lost(t, strings.Replace(config, "gateway:8081", "gateway:8099", 1), project), "8099")
	says(t, lost(t, config, load(t, "networks: [dapr, watch]", "networks: [dapr]")), "placement")
}

func lost(t *testing.T, config string, project *types.Project) []string {
	t.Helper()
	var found []string
	targets := targetsOf(t, config)
	if len(targets) < len(project.Services)/4 {
		t.Fatalf("too few targets: %q", targets)
	}
	for _, target := range targets {
		host, port, err := net.SplitHostPort(target)
		if err != nil {
			t.Fatal(err)
		}
		if host == "127.0.0.1" {
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(project.Services)), func(s types.ServiceConfig) bool {
			network, there := s.Networks["watch"]
			return there && (s.Name == host || network != nil && slices.Contains(network.Aliases, host)) && mentions(project, &s, port)
		}) {
			found = append(found, target+" is found by nobody")
		}
	}
	return found
}

// mentions: something that the service, or what shares its network, is told has the port; the rest are their programs' own.
func mentions(project *types.Project, service *types.ServiceConfig, port string) bool {
	if slices.Contains([]string{"9093", "8888"}, port) {
		return true
	}
	words := slices.Concat(service.Command, project.Services[service.Name+"-dapr"].Command)
	for _, value := range service.Environment {
		if value != nil {
			words = append(words, *value)
		}
	}
	return slices.ContainsFunc(words, func(word string) bool { return word == port || strings.HasSuffix(word, "="+port) })
}

func targetsOf(t *testing.T, config string) []string {
	t.Helper()
	type group struct {
		Static []struct {
			Targets []string `yaml:"targets"`
		} `yaml:"static_configs"`
	}
	var file struct {
		Scrape   []group `yaml:"scrape_configs"`
		Alerting struct {
			To []group `yaml:"alertmanagers"`
		} `yaml:"alerting"`
	}
	if err := yaml.Unmarshal([]byte(config), &file); err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, group := range slices.Concat(file.Scrape, file.Alerting.To) {
		for _, static := range group.Static {
			targets = append(targets, static.Targets...)
		}
	}
	return targets
}
