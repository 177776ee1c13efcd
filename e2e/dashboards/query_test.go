package dashboards_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// asked is a query of a panel, with its variables filled in as Grafana would.
type asked struct {
	dashboard, panel, ref string
	expr                  string
	graph, exemplars      bool
}

func (a asked) String() string { return a.dashboard + ", " + a.panel + ", query " + a.ref }

// filled are the values of the variables in queries.
type filled struct{ span, rate, tenant string }

func (f filled) in(expr string) string {
	seconds := strings.TrimSuffix(f.span, "s")
	return strings.NewReplacer("$__range_s", seconds, "$__range", f.span, "$__rate_interval", f.rate, "$tenant_id", f.tenant).Replace(expr)
}

func everyQuery(t *testing.T, f filled) []asked {
	t.Helper()
	var all []asked
	for _, b := range boards(t) {
		for _, p := range b.pictures() {
			for _, q := range p.Targets {
				a := asked{dashboard: b.file, panel: p.Title, ref: q.RefID, expr: f.in(q.Expr), graph: q.Range, exemplars: q.Exemplar}
				if strings.Contains(a.expr, "$") {
					t.Errorf("%v: a variable is left in %s", a, a.expr)
				}
				all = append(all, a)
			}
		}
	}
	return all
}

func parsed(t *testing.T, a asked) parser.Expr {
	t.Helper()
	expr, err := parser.ParseExpr(a.expr)
	if err != nil {
		t.Fatalf("%v: %v in %s", a, err, a.expr)
	}
	return expr
}

var anyFilling = filled{span: "3600s", rate: "60s", tenant: "example-clinic"}

// Every replica reports these for the whole platform: to add them up would count the same several times.
var reportedByEveryReplica = []string{
	"queue_depth", "enhancement_running_jobs", "enhancement_queue_oldest_seconds", "enhancement_oldest_seconds", "reconcile_silence_seconds",
	"dependency_outage_seconds", "enhancement_paused", "llm_budget_state",
}

func TestWhatEveryReplicaReportsIsNotAddedUp(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range everyQuery(t, anyFilling) {
		parser.Inspect(parsed(t, a), func(node parser.Node, path []parser.Node) error {
			s, is := node.(*parser.VectorSelector)
			if !is || !slices.Contains(reportedByEveryReplica, s.Name) {
				return nil
			}
			seen[s.Name] = true
			for _, above := range slices.Backward(path) {
				if agg, is := above.(*parser.AggregateExpr); is {
					if agg.Op != parser.MAX {
						t.Errorf("%v takes the %s of %s: take the max over the replicas first", a, agg.Op, s.Name)
					}
					return nil
				}
			}
			t.Errorf("%v shows %s of each replica: take the max", a, s.Name)
			return nil
		})
	}
	if len(seen) < 5 {
		t.Errorf("only %v are asked for: does the test still find them?", seen)
	}
}

// A platform has hundreds of tenants: a graph with a line for each can neither be read nor be paid for.
func TestNoGraphHasALineForEachTenant(t *testing.T) {
	bounded := 0
	for _, a := range everyQuery(t, anyFilling) {
		if !a.graph {
			continue
		}
		expr := parsed(t, a)
		byTenant, top := false, false
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			switch n := node.(type) {
			case *parser.AggregateExpr:
				top = top || n.Op == parser.TOPK
				byTenant = byTenant || !n.Without && slices.Contains(n.Grouping, "tenant_id")
			case *parser.VectorSelector:
				byTenant = byTenant || strings.Contains(n.Name, ":max") && !aggregated(expr)
			}
			return nil
		})
		if byTenant && !top {
			t.Errorf("%v has a line for each tenant: wrap it in busiest", a)
		}
		if top {
			bounded++
		}
	}
	if bounded == 0 {
		t.Error("no graph is by tenant: does the test still find them?")
	}
}

// aggregated says whether the outermost of a query, `or` aside, brings many series together.
func aggregated(expr parser.Expr) bool {
	for {
		switch e := expr.(type) {
		case *parser.ParenExpr:
			expr = e.Expr
		case *parser.BinaryExpr:
			expr = e.LHS
		case *parser.AggregateExpr:
			return true
		default:
			return false
		}
	}
}
