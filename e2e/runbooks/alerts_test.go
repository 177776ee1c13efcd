package runbooks_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// rules are a file of alerts, as far as pages are concerned.
type rules struct {
	Groups []struct {
		Rules []struct {
			Record      string            `yaml:"record"`
			Alert       string            `yaml:"alert"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// inRules are the rules that ship: the alerts with the names of their pages, and the names that are recorded.
func inRules(t *testing.T) (alerts map[string]string, records []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), "deploy", "prometheus", "rules", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no rules: %v", err)
	}
	alerts = map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content rules
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, group := range content.Groups {
			for _, rule := range group.Rules {
				if rule.Record != "" {
					records = append(records, rule.Record)
					continue
				}
				_, page, _ := strings.Cut(rule.Annotations["runbook_url"], "/docs/runbooks/")
				page, _, _ = strings.Cut(page, "#")
				alerts[rule.Alert] = strings.TrimSuffix(page, ".md")
			}
		}
	}
	return alerts, records
}

// Who comes from an alert finds it on the page to which it leads, and in the index.
func TestEveryAlertIsOnItsPage(t *testing.T) {
	t.Parallel()
	alerts, _ := inRules(t)
	texts := pages(t)
	_, index, _ := strings.Cut(texts["README"], "\n## By alert\n")
	index, _, _ = strings.Cut(index, "\n## ")
	for _, alert := range sorted(alerts) {
		page := alerts[alert]
		symptoms, _, _ := strings.Cut(texts[page], "\n## Diagnosis\n")
		if !strings.Contains(symptoms, "`"+alert+"`") {
			t.Errorf("%s leads to %q, whose symptoms do not name it", alert, page)
		}
		row := regexp.MustCompile("(?m)^\\|.*`" + alert + "`.*\\]\\(" + regexp.QuoteMeta(page) + "\\.md\\) \\|$")
		if !row.MatchString(index) {
			t.Errorf("the index does not lead from %s to %s.md", alert, page)
		}
	}
	for _, match := range regexp.MustCompile("`([A-Za-z]+)`").FindAllStringSubmatch(index, -1) {
		if alerts[match[1]] == "" {
			t.Errorf("the index has the alert %s, which there is not", match[1])
		}
	}
}

// What pages ask Prometheus for is there to be had: a metric of ours, what is recorded, or what Prometheus and its like say of themselves.
func TestThePromQLAsksForWhatThereIs(t *testing.T) {
	t.Parallel()
	_, records := inRules(t)
	documented := read(t, filepath.Join(root(t), "docs", "metrics.md"))
	for where, expr := range expressions(t) {
		for _, name := range metrics(expr) {
			if !slices.Contains(records, name) && !strings.Contains(documented, "`"+suffix.ReplaceAllString(name, "")+"`") && !foreign.MatchString(name) {
				t.Errorf("%s asks for %s, which there is not", where, name)
			}
		}
	}
	if got := metrics(`sum by (a) (rate(b_total{c="d"}[5m])) / on (e) group_left (f) g:h offset 1h > bool 14.4 * 0.01 and up`); !slices.Equal(got, []string{"b_total", "g:h", "up"}) {
		t.Errorf("found %q", got)
	}
}

var (
	suffix   = regexp.MustCompile(`_(bucket|sum|count)$`)
	foreign  = regexp.MustCompile(`^(up|ALERTS|(process|go|prometheus|alertmanager|dapr|otelcol)_\w+)$`)
	aside    = regexp.MustCompile(`"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	word     = regexp.MustCompile(`(^|[^\w:.])([A-Za-z_:][\w:]*)(\s*\()?`)
	keywords = []string{"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}
)

// metrics are the names of the metrics in an expression.
func metrics(expr string) []string {
	var names []string
	for _, match := range word.FindAllStringSubmatch(aside.ReplaceAllString(expr, " "), -1) {
		if match[3] == "" && !slices.Contains(keywords, match[2]) {
			names = append(names, match[2])
		}
	}
	return names
}
