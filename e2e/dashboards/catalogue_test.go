package dashboards_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

var (
	metricName = regexp.MustCompile("^`([a-z_]+)`<br>(counter|gauge|histogram)$")
	labelOf    = regexp.MustCompile("^`([a-z_]+)`(: (.*))?$")
	recorded   = regexp.MustCompile(`(?m)- record: (\S+)$`)
	// What Prometheus, its client and daprd bring is in no catalogue of ours: the stack has to have it.
	foreign = regexp.MustCompile(`^(up|ALERTS|go_.*|process_.*|dapr_.*)$`)
	// What Prometheus adds to every series.
	added = []string{"job", "instance", "app_id", "service", "le", model.MetricNameLabel}
)

// catalogue gives the labels of each metric, with their values where docs/metrics.md lists them.
func catalogue(t *testing.T) map[string]map[string][]string {
	t.Helper()
	all := map[string]map[string][]string{}
	for line := range strings.Lines(string(read(t, "docs/metrics.md"))) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		match := metricName.FindStringSubmatch(strings.TrimSpace(cells[1]))
		if match == nil {
			continue
		}
		of := map[string][]string{}
		for part := range strings.SplitSeq(strings.TrimSpace(cells[2]), "<br>") {
			label := labelOf.FindStringSubmatch(part)
			if label == nil {
				continue
			}
			var values []string
			if listed := strings.Split(label[3], ", "); strings.HasPrefix(label[3], "`") && strings.HasSuffix(label[3], "`") {
				for _, v := range listed {
					values = append(values, strings.Trim(v, "`"))
				}
			}
			of[label[1]] = values
		}
		all[match[1]] = of
		if match[2] == "histogram" {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				all[match[1]+suffix] = of
			}
		}
	}
	if len(all) < 40 {
		t.Fatalf("docs/metrics.md has %d metrics: does the test still read it?", len(all))
	}
	return all
}

func recordings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository(t), "deploy/prometheus/rules/*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files with rules, %v", len(files), err)
	}
	var names []string
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range recorded.FindAllStringSubmatch(string(content), -1) {
			names = append(names, match[1])
		}
	}
	return names
}

// A metric, label or value that is renamed in the code is renamed here. The stack is not needed for that.
func TestQueriesKnowTheCatalogue(t *testing.T) {
	known, rules := catalogue(t), recordings(t)
	checked := 0
	for _, a := range everyQuery(t, anyFilling) {
		parser.Inspect(parsed(t, a), func(node parser.Node, _ []parser.Node) error {
			s, is := node.(*parser.VectorSelector)
			if !is || foreign.MatchString(s.Name) || slices.Contains(rules, s.Name) {
				return nil
			}
			checked++
			of, is := known[s.Name]
			if !is {
				t.Errorf("%v asks for %s, which is neither in docs/metrics.md nor recorded", a, s.Name)
				return nil
			}
			for _, m := range s.LabelMatchers {
				values, is := of[m.Name]
				switch {
				case slices.Contains(added, m.Name):
				case !is:
					t.Errorf("%v asks for %s by %s, which it has not", a, s.Name, m.Name)
				case values != nil && !slices.ContainsFunc(values, m.Matches):
					t.Errorf("%v asks for %s with %v, and there are %q", a, s.Name, m, values)
				}
			}
			return nil
		})
	}
	if checked < 100 {
		t.Errorf("%d selections were checked: does the test still find them?", checked)
	}
}
