package plantest

import (
	"strings"
	"testing"
)

// plan is a statement with the nodes of its plan.
type plan struct {
	kind, statement, text string
	nodes                 []tree
}

// tree is a node of a plan, as EXPLAIN writes it.
type tree struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Cond     string  `json:"Index Cond"`
	Removed  float64 `json:"Rows Removed by Filter"` // on average of the loops
	Rechecks float64 `json:"Rows Removed by Index Recheck"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []tree  `json:"Plans"`
}

func (p *plan) collect(t tree) {
	p.nodes = append(p.nodes, t)
	for _, child := range t.Plans {
		p.collect(child)
	}
}

// Lookup is how rows of a table are to be found: by an index, with conditions on all of these columns.
type Lookup struct {
	Table, Index string
	Columns      []string
}

// mostRemoved is how many rows a node may read in vain. A statement that goes through a tenant's rows, or through all
// of a table, reads thousands in the tests.
const mostRemoved = 100

// Check fails the test unless every recorded plan that reads the table does it as wanted, and at least two do.
func (r *Recorder) Check(t testing.TB, want Lookup) {
	t.Helper()
	seen := 0
	for _, p := range r.plans {
		reads := false
		for _, n := range p.nodes {
			if n.Relation == want.Table {
				reads = true
				p.checkNode(t, n, want)
			}
		}
		if reads {
			seen++
		}
	}
	if seen < 2 {
		t.Errorf("%d plans read %s, want one for given and one for any arguments", seen, want.Table)
	}
}

func (p *plan) checkNode(t testing.TB, n tree, want Lookup) {
	t.Helper()
	var problems []string
	switch {
	case n.Type != "Index Scan" && n.Type != "Index Only Scan" || n.Index != want.Index:
		problems = append(problems, "by "+n.Type+" "+n.Index)
	case (n.Removed+n.Rechecks)*n.Loops > mostRemoved:
		problems = append(problems, "and throws many rows away")
	}
	for _, column := range want.Columns {
		if !strings.Contains(n.Cond, "("+column+" = ") {
			problems = append(problems, "without a condition on "+column)
		}
	}
	if len(problems) > 0 {
		t.Errorf("the plan %s reads %s %s, want it by %s\n%s\n%s", p.kind, want.Table, strings.Join(problems, ", "), want.Index, p.statement, p.text)
	}
}

// Statements are the statements that were explained.
func (r *Recorder) Statements() []string {
	var all []string
	for _, p := range r.plans {
		all = append(all, p.statement)
	}
	return all
}
