package runbooks_test

import (
	"context"
	"maps"
	"testing"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// Every command of a page that is not part of its drill works where nothing is wrong, and prints something.
func TestTheCommandsWork(t *testing.T) {
	w := running(t)
	equipped(t)
	env := w.calm(t)
	for _, b := range blocks(t) {
		if b.kind == kindCalm {
			t.Run(b.String(), func(t *testing.T) { t.Log("\n" + succeeds(t, env, b)) })
		}
	}
}

// calm is the environment of a reader who looks at a stack on which a job was done and one failed.
func (w *world) calm(t *testing.T) map[string]string {
	t.Helper()
	const id = "example-calm"
	w.onboard(t, id)
	w.faults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultUnauthorized}}})
	w.awaitFailed(t, id, w.open(t, id).Accepted.JobID)
	w.faults(t, id, "servicedesk", servicedesktest.Faults{})
	o := w.open(t, id)
	w.awaitNoted(t, id, o.Accepted.JobID)
	env := w.environment()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := w.watch.AwaitTargets(ctx); err != nil {
		t.Fatal(err)
	}
	maps.Copy(env, map[string]string{"TENANT": id, "JOB": o.Accepted.JobID, "TICKET": o.TicketID})
	return env
}

// environment is what the index says a reader has set.
func (w *world) environment() map[string]string {
	env := w.stack.Environment()
	env["PROMETHEUS_URL"], env["ALERTMANAGER_URL"] = w.watch.PrometheusURL(), w.watch.AlertmanagerURL()
	return env
}
