package observe

import (
	"fmt"
	"strings"
	"time"
)

// scopeSidecar is the scope of the spans of daprd's API, which marks ordinary answers as errors, such as that another was first to
// write a key.
const scopeSidecar = "dapr-diagnostics"

// Tree shows the trace for a terminal: a line for each span, below its parent, with its beginning and duration. A span whose parent
// is not there, or not yet, stands at the top and says so.
func (t *Trace) Tree() string {
	var out strings.Builder
	children := map[string][]*Span{}
	there := map[string]bool{}
	for i := range t.Spans {
		there[t.Spans[i].ID] = true
	}
	for i := range t.Spans {
		parent := t.Spans[i].ParentID
		if !there[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], &t.Spans[i])
	}
	t.branch(&out, children, "", 0)
	return out.String()
}

func (t *Trace) branch(out *strings.Builder, children map[string][]*Span, parent string, depth int) {
	for _, s := range children[parent] {
		remark := ""
		switch {
		case s.Failed() && s.Tags["otel.scope.name"] == scopeSidecar:
			remark = "  (answered with an error)"
		case s.Failed():
			remark = "  FAILED"
		}
		if parent == "" && s.ParentID != "" {
			remark += "  (its parent " + s.ParentID + " is missing)"
		}
		const nameWidth = 46
		name := strings.Repeat("  ", depth) + s.Name
		fmt.Fprintf(out, "%-*s %-10s %9s  after %9s%s\n", nameWidth, name, s.Service,
			readable(s.Duration), readable(s.Start.Sub(t.start())), remark)
		t.branch(out, children, s.ID, depth+1)
	}
}

// readable is a duration to a tenth of a millisecond.
func readable(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/float64(time.Millisecond/time.Microsecond))
}
