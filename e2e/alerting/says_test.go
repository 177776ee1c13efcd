package alerting_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// runbooks is where they are read.
const runbooks = "https://github.com/ai-agents/ai-agents/blob/main/"

func TestEveryAlertSaysWhatIsWrong(t *testing.T) {
	for _, rule := range rules(t) {
		if rule.Alert == "" {
			continue
		}
		want := []string{"critical", "warning"}
		if rule.Alert == "Watchdog" {
			want = []string{"none"} // nobody is to be told of it
		}
		if !slices.Contains(want, rule.Labels["severity"]) {
			t.Errorf("%s: severity %q, want one of %v", rule.Alert, rule.Labels["severity"], want)
		}
		summary, description := rule.Annotations["summary"], rule.Annotations["description"]
		if summary == "" || strings.HasSuffix(summary, ".") {
			t.Errorf("%s: the summary %q is no title", rule.Alert, summary)
		}
		if !strings.HasSuffix(description, ".") {
			t.Errorf("%s: the description %q is no sentence", rule.Alert, description)
		}
		if !strings.Contains(summary+description, "$value") && !ofState(rule.Expr) {
			t.Errorf("%s: neither summary nor description has the value", rule.Alert)
		}
		if byTenant(t, rule.Expr) && !strings.Contains(summary, "$labels.tenant_id") {
			t.Errorf("%s: the summary does not name the tenant", rule.Alert)
		}
	}
}

// ofState says that the alert is of a state, which its name tells: what is compared with a number for being equal.
func ofState(expr string) bool { return equal.MatchString(expr) || expr == "vector(1)" }

var equal = regexp.MustCompile(`== [012]\b`)

// byTenant says whether the alert's series have a tenant each.
func byTenant(t *testing.T, expr string) bool {
	t.Helper()
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	by := false
	for {
		switch e := tree.(type) {
		case *parser.BinaryExpr:
			tree = e.LHS
			continue
		case *parser.ParenExpr:
			tree = e.Expr
			continue
		case *parser.AggregateExpr:
			by = slices.Contains(e.Grouping, "tenant_id")
		case *parser.VectorSelector:
			by = strings.HasPrefix(e.Name, "tenant:") || e.Name == "enhancement_success_rate"
		}
		return by
	}
}

// An alert at night leads to what to do about it, and whoever reads there finds the alert.
func TestEveryAlertLeadsToItsRunbook(t *testing.T) {
	for _, rule := range rules(t) {
		if rule.Alert == "" {
			continue
		}
		link, ours := strings.CutPrefix(rule.Annotations["runbook_url"], runbooks)
		file, anchor, _ := strings.Cut(link, "#")
		if !ours || !strings.HasPrefix(file, "docs/runbooks/") {
			t.Errorf("%s: runbook_url %q is no runbook of ours", rule.Alert, rule.Annotations["runbook_url"])
			continue
		}
		content, err := os.ReadFile(filepath.Join(root(t), file))
		if err != nil {
			t.Errorf("%s: %v", rule.Alert, err)
			continue
		}
		if anchor != "" && !slices.Contains(anchors(string(content)), anchor) {
			t.Errorf("%s: %s has no heading for #%s", rule.Alert, file, anchor)
		}
		if !strings.Contains(string(content), rule.Alert) {
			t.Errorf("%s: %s does not name it", rule.Alert, file)
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#{1,6} +(.*)$`)

// anchors are those that GitHub gives the headings of a text.
func anchors(text string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, match[1]))
	}
	return found
}

var dashboard = regexp.MustCompile(`^/d/(ai-agents-[a-z]+)(\?var-tenant_id=\{\{ \$labels\.tenant_id \| urlquery \}\})?$`)

func TestEveryDashboardOfAnAlertExists(t *testing.T) {
	var shipped strings.Builder
	for _, file := range glob(t, "deploy/grafana/dashboards/*.json") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shipped.Write(content)
	}
	either := regexp.MustCompile(`^(.*)\{\{ if \$labels\.tenant_id \}\}(.*)\{\{ else \}\}(.*)\{\{ end \}\}$`)
	for _, rule := range rules(t) {
		link, found := rule.Annotations["dashboard_url"]
		if !found {
			continue
		}
		links := []string{link}
		if match := either.FindStringSubmatch(link); match != nil {
			links = []string{match[1] + match[2], match[1] + match[3]}
		}
		for _, link := range links {
			match := dashboard.FindStringSubmatch(link)
			if match == nil {
				t.Errorf("%s: dashboard_url %q is not as /d/ai-agents-…", rule.Alert, link)
				continue
			}
			if !strings.Contains(shipped.String(), `"uid": "`+match[1]+`"`) {
				t.Errorf("%s: there is no dashboard %s", rule.Alert, match[1])
			}
		}
	}
}

// metrics are those that an expression asks for, as they are named in it.
func metrics(t *testing.T, expr string) []string {
	t.Helper()
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var names []string
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			names = append(names, selector.Name)
		}
		return nil
	})
	return names
}

// foreign are the metrics of others that rules may use: those that Prometheus makes for each target, of the Go client, of daprd's control
// plane, of Prometheus and of Alertmanager.
var foreign = []string{
	"up", "process_start_time_seconds", "dapr_sentry_issuercert_expiry_timestamp",
	"prometheus_rule_evaluation_failures_total", "prometheus_config_last_reload_successful",
	"prometheus_notifications_alertmanagers_discovered", "prometheus_notifications_errors_total", "prometheus_notifications_latency_seconds_count",
	"alertmanager_config_last_reload_successful", "alertmanager_notifications_failed_total",
}

func TestEveryMetricOfTheRulesExists(t *testing.T) {
	known := slices.Clone(foreign)
	for _, family := range telemetry.NewMetrics().Families() {
		known = append(known, family.Name)
		if family.Kind == telemetry.KindHistogram {
			known = append(known, family.Name+"_bucket", family.Name+"_count", family.Name+"_sum")
		}
	}
	all := rules(t)
	for _, rule := range all {
		known = append(known, rule.Record)
	}
	for _, rule := range all {
		for _, name := range metrics(t, rule.Expr) {
			if !slices.Contains(known, name) {
				t.Errorf("%s%s: nothing makes the metric %s", rule.Record, rule.Alert, name)
			}
		}
	}
}

// The quantile of what lies beyond the last bound is the last bound: were that the limit of the alert, it could not fire.
func TestTheBucketsReachBeyondTheLimitOfHighLatency(t *testing.T) {
	const limit = 120
	for _, family := range telemetry.NewMetrics().Families() {
		if family.Name != telemetry.MetricEnhancementDuration {
			continue
		}
		if !slices.Contains(family.Buckets, limit) || slices.Max(family.Buckets) <= limit {
			t.Errorf("the bounds are %v, want %d among them, and more", family.Buckets, limit)
		}
		return
	}
	t.Error("there is no " + telemetry.MetricEnhancementDuration)
}
