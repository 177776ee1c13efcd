package main

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/crew"
)

func TestMoveATenant(t *testing.T) {
	w := environment(t)
	mustApply(t)
	register := crew.NewRegister(w.database.Open(t))
	beat := func(enhancer string) {
		if _, err := register.Beat(t.Context(), crew.Member{Replica: "of-" + enhancer, Enhancer: enhancer, Version: "v1.2.3", State: crew.Working}); err != nil {
			t.Fatal(err)
		}
	}
	beat("")
	fails(t, "", "tenant move alpha --to dedicated", "no worker of that enhancer takes work", "--yes")
	fails(t, "", "tenant move alpha --to nowhere", "to")
	fails(t, "", "tenant move alpha", "to")
	if out := must(t, "", "tenant move alpha --to dedicated --yes"); !strings.Contains(out, "moved from shared to dedicated") {
		t.Errorf("says %s", out)
	}
	beat("alpha")
	if out := must(t, "", "tenant move alpha --to dedicated"); !strings.Contains(out, "dedicated already") {
		t.Errorf("says %s", out)
	}
	if list := must(t, "", "worker list"); !strings.Contains(list, "shared") || !strings.Contains(list, "alpha") {
		t.Errorf("lists %s", list)
	}
	if list := must(t, "", "tenant list"); !strings.Contains(list, "dedicated") {
		t.Errorf("lists %s", list)
	}
	fails(t, "", "tenant move alpha --to shared --take-over", "stop it first")
	w.exec(t, `INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status, started_at, begun_by)
		VALUES ('alpha', gen_random_uuid(), '1', 'created', 'd', 'p', 'c', 'running', now(), 'alpha')`)
	if out := must(t, "", "tenant move alpha --to shared"); !strings.Contains(out, "ends what it has begun: 1 job") {
		t.Errorf("says %s", out)
	}
	w.exec(t, "DELETE FROM workers WHERE enhancer = 'alpha'")
	if out := must(t, "", "tenant move alpha --to shared --take-over"); !strings.Contains(out, "taken over: 1 run") {
		t.Errorf("says %s", out)
	}
}
