package alerting_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/alerting"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func rules(t *testing.T) []alerting.Rule {
	t.Helper()
	all, err := alerting.ReadRules(filepath.Join(root(t), alerting.RulesDir))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func glob(t *testing.T, pattern ...string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(append([]string{root(t)}, pattern...)...))
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing is like %s (%v)", filepath.Join(pattern...), err)
	}
	return found
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	path, err := alerting.Find(program)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, output)
	}
	return string(output)
}

func TestTheRulesAreRight(t *testing.T) {
	run(t, "promtool", append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, glob(t, alerting.RulesDir, "*.yaml")...)...)
}

func TestRulesDoWhatTheirCasesSay(t *testing.T) {
	for _, file := range glob(t, alerting.TestsDir, "*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			run(t, "promtool", "test", "rules", file)
		})
	}
}

// cases is what of a file for `promtool test rules` is looked at here.
type cases struct {
	Tests []struct {
		Series []struct{} `yaml:"input_series"`
		Alerts []struct {
			Name     string `yaml:"alertname"`
			Expected []struct {
				Labels map[string]string `yaml:"exp_labels"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		Exprs []struct {
			Expr string `yaml:"expr"`
		} `yaml:"promql_expr_test"`
	} `yaml:"tests"`
}

func readCases(t *testing.T) cases {
	t.Helper()
	var all cases
	for _, file := range glob(t, alerting.TestsDir, "*.yaml") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var some cases
		if err := yaml.Unmarshal(content, &some); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all.Tests = append(all.Tests, some.Tests...)
	}
	return all
}

// A rule that never fired in a test may never fire, and one that was never seen silent may always do. It is silent by what is measured,
// and when nothing is.
func TestEveryAlertIsSeenFiringAndSilent(t *testing.T) {
	all := readCases(t)
	for _, rule := range rules(t) {
		if rule.Alert == "" {
			continue
		}
		var fires, silent, unmeasured bool
		for _, test := range all.Tests {
			for _, a := range test.Alerts {
				if a.Name != rule.Alert {
					continue
				}
				silent = silent || len(a.Expected) == 0 && len(test.Series) > 0
				unmeasured = unmeasured || len(test.Series) == 0
				for _, e := range a.Expected {
					fires = fires || has(e.Labels, rule.Labels)
				}
			}
		}
		if !fires {
			t.Errorf("%s %v: no case in %s sees it fire", rule.Alert, rule.Labels, alerting.TestsDir)
		}
		if !unmeasured {
			t.Errorf("%s: no case looks at it when nothing is measured", rule.Alert)
		}
		if !silent && rule.Alert != "Watchdog" { // which always fires
			t.Errorf("%s: no case sees it silent", rule.Alert)
		}
	}
}

func has(labels, wanted map[string]string) bool {
	for name, value := range wanted {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// What nothing uses and no case looks at is not known to be right.
func TestEveryRecordingRuleIsLookedAt(t *testing.T) {
	all, recorded := readCases(t), rules(t)
	for _, rule := range recorded {
		if rule.Record == "" {
			continue
		}
		used := slices.ContainsFunc(recorded, func(other alerting.Rule) bool {
			return other.Alert != "" && slices.Contains(metrics(t, other.Expr), rule.Record)
		})
		for _, test := range all.Tests {
			for _, e := range test.Exprs {
				used = used || slices.Contains(metrics(t, e.Expr), rule.Record)
			}
		}
		if !used {
			t.Errorf("%s: no case looks at it, and no alert either", rule.Record)
		}
	}
}
