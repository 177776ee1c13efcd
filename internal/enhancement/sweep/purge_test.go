package sweep_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// purge removes what is due after the time.
func (w *world) purge(d time.Duration) int {
	w.t.Helper()
	w.age(d)
	n, err := w.Purge(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// end ends a job and its workflow.
func (w *world) end(j enhancement.Job) {
	w.t.Helper()
	w.engine.instances[enhancement.InstanceID(j.ID, w.job(j).Run)] = sidecar.Instance{Phase: sidecar.PhaseEnded, Detail: "COMPLETED"}
	w.fail(j)
}

func TestWorkflowsOfEndedJobsAreRemoved(t *testing.T) {
	w := newWorld(t)
	ended, active := w.run("alpha", "1"), w.run("alpha", "2")
	w.end(ended)
	if n := w.purge(config.Retention - time.Minute); n != 0 || len(w.engine.instances) != 2 {
		t.Errorf("%d were removed too early", n)
	}
	if n := w.purge(2 * time.Minute); n != 1 || len(w.engine.instances) != 1 || w.engine.instances[active.ID].Phase != sidecar.PhaseActive {
		t.Errorf("%d were removed: %v", n, w.engine.instances)
	}
	looks := w.engine.looks[ended.ID]
	if n := w.purge(config.Retention); n != 0 || w.engine.looks[ended.ID] != looks {
		t.Errorf("%d more were removed, after %d more looks", n, w.engine.looks[ended.ID]-looks)
	}
	if w.measured(telemetry.MetricPurged) != "1" {
		t.Error("not counted")
	}
}

func TestEachRunsWorkflowIsRemoved(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.end(j)
	w.run("alpha", "1") // begun anew
	w.end(j)
	if n := w.purge(config.Retention + time.Minute); n != 2 || len(w.engine.instances) != 0 {
		t.Errorf("%d were removed, %v stay", n, w.engine.instances)
	}
}

// A job may be done before its workflow is, which then looks after a note of unknown outcome.
func TestAWorkflowThatGoesOnAfterItsJobIsNotRemoved(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.fail(j)
	if n := w.purge(config.Retention + time.Minute); n != 0 || len(w.engine.instances) != 1 {
		t.Errorf("%d were removed", n)
	}
	w.engine.instances[j.ID] = sidecar.Instance{Phase: sidecar.PhaseEnded}
	if n := w.purge(2 * time.Hour); n != 1 || len(w.engine.instances) != 0 {
		t.Errorf("%d were removed when it had ended", n)
	}
}

func TestAWorkflowThatCannotBeRemovedDoesNotHoldUpOthers(t *testing.T) {
	w := newWorld(t)
	bad := w.run("alpha", "1")
	w.end(bad)
	w.engine.bad[bad.ID] = true
	for i := range 25 {
		w.end(w.run("alpha", strconv.Itoa(i+2)))
	}
	if n := w.purge(config.Retention + time.Minute); n != 25 {
		t.Errorf("%d were removed", n)
	}
	w.engine.bad[bad.ID] = false
	if n := w.purge(2 * time.Hour); n != 1 {
		t.Errorf("%d were removed when it could be", n)
	}
}

// Nothing can remove a damaged workflow, so that it is told of once, and not every hour.
func TestADamagedWorkflowIsLeftToTheOperator(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.end(j)
	w.engine.instances[j.ID] = sidecar.Instance{Phase: sidecar.PhaseDamaged, Detail: "example"}
	for range 2 {
		if n := w.purge(config.Retention + time.Minute); n != 0 {
			t.Errorf("%d were removed", n)
		}
	}
	if told := strings.Count(w.log.String(), "a damaged workflow stays"); told != 1 || w.engine.looks[j.ID] != 1 {
		t.Errorf("told %d times, after %d looks", told, w.engine.looks[j.ID])
	}
}

func TestNothingIsRemovedWhileTheEngineIsDown(t *testing.T) {
	w := newWorld(t)
	for i := range 15 {
		w.end(w.run("alpha", strconv.Itoa(i)))
	}
	w.engine.down = true
	w.age(config.Retention + time.Minute)
	if n, err := w.Purge(t.Context()); err == nil || n != 0 {
		t.Errorf("%d were removed, %v", n, err)
	}
	w.engine.down = false
	if n := w.purge(time.Hour); n != 15 {
		t.Errorf("%d were removed when it was back", n)
	}
}

func TestManyReplicasShareTheRemoval(t *testing.T) {
	w := newWorld(t, "beta")
	for i := range 20 {
		w.end(w.run("alpha", strconv.Itoa(i)))
		w.end(w.run("beta", strconv.Itoa(i)))
	}
	w.age(config.Retention + time.Minute)
	clear(w.engine.looks)
	var wg sync.WaitGroup
	for range 4 {
		sweeper := w.replica()
		wg.Go(func() {
			if _, err := sweeper.Purge(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for id, n := range w.engine.looks {
		if n != 1 {
			t.Errorf("%s was looked at %d times", id, n)
		}
	}
	if len(w.engine.instances) != 0 || w.measured(telemetry.MetricPurged) != "40" {
		t.Errorf("%d workflows stay, %s were removed", len(w.engine.instances), w.measured(telemetry.MetricPurged))
	}
}

func TestTheRemovalEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.end(j)
	w.age(config.Retention + time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.RunPurge(ctx) })
	for w.measured(telemetry.MetricPurged) == "0" {
		<-time.After(5 * time.Millisecond)
	}
	cancel()
	wg.Wait()
}

// A job that is tried for days would leave a workflow for each time.
func TestWorkflowsOfAHeldJobsRunsAreRemoved(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	if _, err := w.ledger.DependencyFailed(t.Context(), "alpha", ledger.Failure{
		Dependency: enhancement.DependencyServiceDesk, JobID: j.ID, Run: 1, Step: enhancement.StepUpdateTicket, Reason: "example", Plea: true,
	}); err != nil {
		t.Fatal(err)
	}
	held, err := w.ledger.Hold(t.Context(), "alpha", j.ID, 1, ledger.Holding{Dependency: enhancement.DependencyServiceDesk, Limit: time.Hour})
	if err != nil || !held.Held {
		t.Fatalf("%+v, %v", held, err)
	}
	if n := w.purge(0); n != 0 {
		t.Errorf("%d were removed that had not ended", n)
	}
	w.engine.instances[j.ID] = sidecar.Instance{Phase: sidecar.PhaseEnded, Detail: "COMPLETED"}
	if n := w.purge(2 * time.Minute); n != 1 || len(w.engine.instances) != 0 {
		t.Errorf("%d were removed, %v stay", n, w.engine.instances)
	}
	looks := w.engine.looks[j.ID]
	if n := w.purge(2 * time.Minute); n != 0 || w.engine.looks[j.ID] != looks || w.job(j).Status != enhancement.StatusPending {
		t.Errorf("%d more were removed, after %d more looks, the job is %s", n, w.engine.looks[j.ID]-looks, w.job(j).Status)
	}
}
