package alerting_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table says in words what the rules say in expressions; all else in it is held against them.
func TestTheTableOfAlertsIsThatOfTheRules(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root(t), "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented, shipped []string
	for line := range strings.SplitSeq(string(content), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 5 || !strings.HasPrefix(cells[0], "`") {
			continue
		}
		if len(cells[2]) < len("always") {
			t.Errorf("%s: when it fires is not told", cells[0])
		}
		documented = append(documented, strings.Join(slices.Delete(cells, 2, 3), " | "))
	}
	for _, rule := range rules(t) {
		if rule.Alert == "" {
			continue
		}
		page := strings.TrimPrefix(rule.Annotations["runbook_url"], runbooks+"docs/")
		lasts := rule.For
		if lasts == "" {
			lasts = "–"
		}
		shipped = append(shipped, strings.Join([]string{
			"`" + rule.Alert + "`", rule.Labels["severity"], lasts, "[" + strings.TrimSuffix(filepath.Base(page), ".md") + "](" + page + ")",
		}, " | "))
	}
	slices.Sort(documented)
	slices.Sort(shipped)
	if diff := cmp.Diff(shipped, documented); diff != "" {
		t.Errorf("docs/alerts.md is not of the rules (- rules, + document):\n%s", diff)
	}
}
