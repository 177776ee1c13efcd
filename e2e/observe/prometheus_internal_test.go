package observe

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

func shippedPrometheus(t *testing.T) []byte {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "deploy/prometheus/prometheus.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// configuration is what the tests look at.
type configuration struct {
	Global map[string]string `yaml:"global"`
	Rules  []string          `yaml:"rule_files"`
	Jobs   []struct {
		Name    string   `yaml:"job_name"`
		Honor   bool     `yaml:"honor_labels"`
		Targets []target `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

func parsed(t *testing.T, content []byte) (c configuration, targets map[string]string) {
	t.Helper()
	if err := yaml.Unmarshal(content, &c); err != nil {
		t.Fatal(err)
	}
	targets = map[string]string{}
	for _, job := range c.Jobs {
		for _, t := range job.Targets {
			targets[job.Name] = strings.TrimSpace(targets[job.Name] + " " + strings.Join(t.Targets, " "))
		}
	}
	return c, targets
}

func TestMovedConfigurationKeepsAllButAddresses(t *testing.T) {
	t.Parallel()
	shipped := shippedPrometheus(t)
	l := &launch{
		opts:  Options{Parts: All, Rules: []string{"/rules/*.yaml"}, Targets: map[string][]string{"extra": {"127.0.0.1:1"}}},
		stack: &stack.Stack{}, ports: ports{prometheus: 2, alertmanager: 3, collectorMetrics: 4},
	}
	content, err := l.moved(shipped)
	if err != nil {
		t.Fatal(err)
	}
	got, targets := parsed(t, content)
	want, _ := parsed(t, shipped)
	if !maps.Equal(got.Global, want.Global) || got.Global["scrape_interval"] != "15s" {
		t.Errorf("got %v, want %v, scraping every 15s", got.Global, want.Global)
	}
	wanted := map[string]string{
		"prometheus": "127.0.0.1:2", "alertmanager": "127.0.0.1:3", "otel-collector": "127.0.0.1:4", "extra": "127.0.0.1:1",
	}
	if !maps.Equal(targets, wanted) || len(got.Rules) != 1 || got.Rules[0] != "/rules/*.yaml" {
		t.Errorf("got targets %v and rules %v, want %v", targets, got.Rules, wanted)
	}
}

func TestIntervalIsForScrapesAndRules(t *testing.T) {
	t.Parallel()
	l := &launch{opts: Options{Parts: Metrics, Interval: time.Second}, stack: &stack.Stack{}}
	content, err := l.moved(shippedPrometheus(t))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := parsed(t, content)
	for _, key := range []string{"scrape_interval", "scrape_timeout", "evaluation_interval"} {
		if got.Global[key] != "1s" {
			t.Errorf("%s is %q, want 1s", key, got.Global[key])
		}
	}
}

func TestConfigurationsThatNoStackCanHave(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		shipped string
		opts    Options
		want    string
	}{
		"a job of nobody": {"scrape_configs: [{job_name: nobody}]", Options{Parts: Metrics}, `"nobody" has no counterpart`},
		"no job for it":   {"scrape_configs: []", Options{Parts: Metrics}, `nothing scrapes "prometheus"`},
		"no jobs":         {"global: {}", Options{Parts: Metrics}, "no scrape_configs"},
		"a job of text":   {"scrape_configs: [x]", Options{Parts: Metrics}, "no mapping"},
		"no YAML":         {"{", Options{Parts: Metrics}, "read"},
		"nothing to pace": {"scrape_configs: []", Options{Parts: Metrics, Interval: time.Second}, "no global"},
	} {
		_, err := (&launch{opts: tc.opts, stack: &stack.Stack{}}).moved([]byte(tc.shipped))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want it to mention %q", name, err, tc.want)
		}
	}
}

func TestAlertsNeedMetrics(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), &stack.Stack{}, Options{Parts: Alerts}); err == nil || !strings.Contains(err.Error(), "need metrics") {
		t.Errorf("got %v", err)
	}
}

func TestAMissingProgramSaysWhatInstallsIt(t *testing.T) {
	t.Parallel()
	l := &launch{opts: Options{Root: t.TempDir()}}
	_, err := l.collector()
	if err == nil || !strings.Contains(err.Error(), buildObservability) {
		t.Errorf("got %v, want it to mention %s", err, buildObservability)
	}
	if _, err := command("tools/x y", "no-such-program"); err == nil || !strings.Contains(err.Error(), "tools/x y") {
		t.Errorf("got %v, want it to say what installs it", err)
	}
}
