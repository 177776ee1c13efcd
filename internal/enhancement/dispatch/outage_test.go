package dispatch_test

import (
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// What is dead is measured, and forgotten when it is back.
func TestOutagesAreMeasured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	j := w.queue("alpha", "1")
	d, _ := w.replica(never)
	if _, err := w.ledger.DependencyFailed(t.Context(), "alpha", ledger.Failure{
		Dependency: enhancement.DependencyServiceDesk, JobID: j.ID, Run: 1, Step: enhancement.StepUpdateTicket, Reason: "example", Plea: true,
	}); err != nil {
		t.Fatal(err)
	}
	for _, there := range []bool{true, false} {
		if err := d.Measure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.measured(telemetry.MetricOutage + `{dependency="servicedesk",tenant_id="alpha"}`); (got != "") != there {
			t.Errorf("measured %q, want that there is something: %t", got, there)
		}
		if _, err := w.ledger.DependencyWorks(t.Context(), "alpha", enhancement.DependencyServiceDesk); err != nil {
			t.Fatal(err)
		}
	}
}
