package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

func TestReports(t *testing.T) {
	environment(t)
	mustApply(t)
	if out := must(t, "", "report show --tenant alpha --weeks 3"); strings.Count(out, "\n") != 4 || !strings.Contains(out, "(running)") || !strings.Contains(out, "not_enough_data") {
		t.Errorf("says %s", out)
	}
	if out := must(t, "", "report show --tenant alpha --weeks 2 --csv"); strings.Count(out, "\n") != 3 || !strings.HasPrefix(out, "tenant_id,week,") {
		t.Errorf("says %s", out)
	}
	var made adminapi.WeekReport
	if err := json.Unmarshal([]byte(must(t, "", "report show --tenant alpha --json")), &made); err != nil || made.TenantID != "alpha" || !made.Running {
		t.Errorf("%+v, %v", made, err)
	}
	if out := must(t, "", "report inputs --tenant alpha"); !strings.Contains(out, "15 minutes (assumed)") || !strings.Contains(out, "Baseline: none") {
		t.Errorf("says %s", out)
	}
	must(t, "", "report inputs --tenant alpha --research 20")
	must(t, "", "report baseline --tenant alpha --from 2026-01-05")
	if out := must(t, "", "report inputs --tenant alpha --ticket 6"); !strings.Contains(out, "note: 20 minutes\n") || !strings.Contains(out, "ticket: 6 minutes") ||
		!strings.Contains(out, "2026-01-05 to 2026-01-12") {
		t.Errorf("says %s", out)
	}
	if out := must(t, "", "report baseline --tenant alpha --remove --json"); strings.Contains(out, "baseline") || !strings.Contains(out, `"research_minutes"`) {
		t.Errorf("says %s", out)
	}
	fails(t, "", "report show --tenant alpha --week 2026-47", "2026-W47")
	fails(t, "", "report show --tenant alpha --weeks 0", "at least 1")
	fails(t, "", "report show --tenant alpha --csv --json", "choose one")
	fails(t, "", "report show", "tenant")
	fails(t, "", "report baseline --tenant alpha", "--from")
	fails(t, "", "report baseline --tenant alpha --from soon", "2026-11-01")
	fails(t, "", "report baseline --tenant alpha --from 2026-01-05 --days 0", "after from")
	fails(t, "", "report inputs --tenant alpha --research 0", "research_minutes")
}
