package sweep_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// pastJitter is longer than any pause of d.
func pastJitter(d time.Duration) time.Duration { return d + d/2 }

func TestAJobWhoseMessageIsLostIsQueued(t *testing.T) {
	w := newWorld(t)
	j := w.accept("alpha", "1")
	w.later(config.PendingAfter - time.Minute) // the message may still arrive
	if jobs := w.admit("alpha"); len(jobs) != 0 {
		t.Fatalf("admitted %+v", jobs)
	}
	w.later(2 * time.Minute)
	if w.swept(telemetry.SweptQueued) != "1" {
		t.Error("not counted")
	}
	for _, part := range []string{`"tenant_id":"alpha"`, j.ID, "example-correlation", "was queued"} {
		if !strings.Contains(w.log.String(), part) {
			t.Errorf("the log lacks %s: %s", part, w.log)
		}
	}
	w.later(24 * time.Hour) // waiting is none of its business
	if w.swept(telemetry.SweptQueued) != "1" || len(w.engine.starts) != 0 {
		t.Errorf("queued %s times, started %d times", w.swept(telemetry.SweptQueued), len(w.engine.starts))
	}
	if jobs := w.admit("alpha"); len(jobs) != 1 || jobs[0].JobID != j.ID {
		t.Errorf("admitted %+v", jobs)
	}
}

// Nor does the sweeper end the wait of a job that was put back while it looked.
func TestAJobThatWaitsAgainIsNotStarted(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	clear(w.engine.instances)
	w.engine.onStart = func() {
		if err := w.ledger.Readmit(t.Context(), "alpha", j.ID, 1); err != nil {
			t.Error(err)
		}
	}
	w.later(config.RunningAfter + time.Second)
	if len(w.engine.starts) != 0 || w.job(j).Status != enhancement.StatusPending {
		t.Errorf("starts %v, job %+v", w.engine.starts, w.job(j))
	}
}

func TestAJobWhoseWorkflowIsGoneIsStartedUnderItsOwnName(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	clear(w.engine.instances)
	w.later(config.RunningAfter + time.Second)
	if _, ok := w.engine.instances[enhancement.InstanceID(j.ID, 1)]; !ok || len(w.engine.starts) != 1 {
		t.Errorf("%d starts: %v", len(w.engine.starts), w.engine.instances)
	}
}

func TestAWorkflowThatIsAliveIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	active, held := w.run("alpha", "1"), w.run("alpha", "2")
	w.engine.instances[held.ID] = sidecar.Instance{Phase: sidecar.PhaseHeld, Detail: "SUSPENDED"}
	for range 10 {
		w.later(pastJitter(config.RunningAfter))
		w.engine.instances[active.ID] = sidecar.Instance{Phase: sidecar.PhaseActive, MovedAt: time.Now()}
	}
	if len(w.engine.starts) != 0 || w.job(active).Status != enhancement.StatusRunning || w.job(held).Status != enhancement.StatusRunning {
		t.Errorf("starts %v", w.engine.starts)
	}
	if w.swept(telemetry.SweptWorking) != "10" || w.swept(telemetry.SweptHeld) != "10" || !strings.Contains(w.log.String(), "SUSPENDED") {
		t.Errorf("counted %s and %s", w.swept(telemetry.SweptWorking), w.swept(telemetry.SweptHeld))
	}
}

// Failed, terminated, or completed before the ledger lost its last transactions: the job has not ended.
func TestAWorkflowThatEndedWithoutItsJobIsStartedAgain(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.engine.instances[j.ID] = sidecar.Instance{Phase: sidecar.PhaseEnded, Detail: "FAILED: example"}
	w.later(config.RunningAfter + time.Second)
	if len(w.engine.starts) != 1 || w.engine.instances[j.ID].Phase != sidecar.PhaseActive {
		t.Errorf("starts %v", w.engine.starts)
	}
}

func TestAWorkflowThatStandsStillIsEndedAndAnotherStarted(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.later(config.StuckAfter + time.Second)
	if w.engine.instances[j.ID].Phase != sidecar.PhaseEnded || w.swept(telemetry.SweptStuck) != "1" {
		t.Fatalf("the workflow is %+v", w.engine.instances[j.ID])
	}
	if second := enhancement.InstanceID(j.ID, 2); w.engine.instances[second].Phase != sidecar.PhaseActive || w.job(j).Run != 2 {
		t.Fatalf("workflows %v, job %+v", w.engine.instances, w.job(j))
	}
	// A step may have waited for its turn at the engine: it is given twice the time.
	w.later(config.StuckAfter + time.Second)
	if w.job(j).Run != 2 {
		t.Error("the second was given up as soon as the first")
	}
	w.later(config.StuckAfter)
	if w.job(j).Run != 3 {
		t.Error("the second was not given up")
	}
}

// The history of a workflow stands still while a step is under way, and the step says that it is.
func TestAWorkflowWithAStepUnderWayIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.age(config.StuckAfter)
	if err := w.ledger.Beat(t.Context(), "alpha", j.ID); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	if w.job(j).Run != 1 || w.swept(telemetry.SweptWorking) != "1" {
		t.Errorf("job %+v", w.job(j))
	}
	w.later(config.StuckAfter)
	if w.job(j).Run != 2 {
		t.Error("the step is silent, and the workflow was left alone")
	}
}

// One that cannot be ended is left behind all the same.
func TestAWorkflowThatStandsStillAndCannotBeEndedIsLeftBehind(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.engine.immortal = true
	w.later(config.StuckAfter + time.Second)
	if second := enhancement.InstanceID(j.ID, 2); w.engine.instances[second].Phase != sidecar.PhaseActive {
		t.Errorf("workflows %v", w.engine.instances)
	}
}

func TestAJobIsGivenUpAfterItsAttempts(t *testing.T) {
	w := newWorld(t)
	w.engine.forgetful = true
	j := w.run("alpha", "1")
	pause := config.RunningAfter
	for n := range config.Attempts {
		w.later(pause / 2)
		if len(w.engine.starts) != n {
			t.Fatalf("attempt %d came before its time", n+1)
		}
		w.later(pause)
		if len(w.engine.starts) != n+1 {
			t.Fatalf("attempt %d did not come", n+1)
		}
		pause = config.Backoff << n
	}
	w.later(pastJitter(pause))
	got := w.job(j)
	if len(w.engine.starts) != config.Attempts || got.Status != enhancement.StatusFailed || !strings.Contains(got.FailureReason, "started 4 times") {
		t.Errorf("after %d starts the job is %s: %s", len(w.engine.starts), got.Status, got.FailureReason)
	}
	if w.swept(telemetry.SweptFailed) != "1" || w.measured(telemetry.MetricEnhancements+`{operation_type="created",status="failure",tenant_id="alpha"}`) != "1" {
		t.Error("not counted")
	}
	// Its event, sent again, begins it anew.
	w.accept("alpha", "1")
	w.later(config.PendingAfter + time.Second)
	if jobs := w.admit("alpha"); len(jobs) != 1 || jobs[0].Run != 2 {
		t.Errorf("anew: %+v", jobs)
	}
}

// An outage of the engine is no fault of the jobs: it is waited for, however long, and costs a question for each pass.
func TestAnEngineThatIsDownIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	var jobs []enhancement.Job
	for i := range 30 {
		jobs = append(jobs, w.run("alpha", strconv.Itoa(i)))
	}
	clear(w.engine.instances)
	w.engine.down = true
	w.age(config.RunningAfter + time.Second)
	for range 3 * config.Attempts {
		w.age(pastJitter(config.Interval))
		if err := w.Pass(t.Context()); err == nil {
			t.Fatal("nobody says that the engine is down")
		}
	}
	asked := 0
	for _, n := range w.engine.looks {
		asked += n
	}
	if asked != 2*3*config.Attempts {
		t.Errorf("the engine was asked %d times in %d passes", asked, 3*config.Attempts)
	}
	w.engine.down = false
	w.later(lease)
	for _, j := range jobs {
		if got := w.job(j); got.Status != enhancement.StatusRunning {
			t.Errorf("the job is %s", got.Status)
		}
	}
	if len(w.engine.starts) != len(jobs) {
		t.Errorf("%d of %d jobs were started", len(w.engine.starts), len(jobs))
	}
}

// lease is longer than jobs are kept from other replicas.
const lease = 6 * time.Minute

// A job of which the engine can make nothing neither holds up others nor stays for good.
func TestAJobThatTheEngineChokesOnIsGivenUp(t *testing.T) {
	w := newWorld(t)
	bad, good := w.run("alpha", "1"), w.run("alpha", "2")
	clear(w.engine.instances)
	w.engine.bad[bad.ID] = true
	w.later(config.RunningAfter + time.Second)
	if len(w.engine.starts) != 1 || w.engine.starts[0] != "alpha/"+good.ID {
		t.Errorf("starts %v", w.engine.starts)
	}
	for range config.Attempts {
		w.later(2 * time.Hour)
	}
	if got := w.job(bad); got.Status != enhancement.StatusFailed || !strings.Contains(got.FailureReason, errExample.Error()) {
		t.Errorf("the job is %s: %s", got.Status, got.FailureReason)
	}
}

// A workflow of which the state store has lost a part is left behind, and so is the id that it occupies.
func TestAJobWhoseWorkflowIsDamagedIsStartedUnderAnotherName(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.engine.instances[j.ID] = sidecar.Instance{Phase: sidecar.PhaseDamaged, Detail: "example"}
	w.later(config.RunningAfter + time.Second)
	if second := enhancement.InstanceID(j.ID, 2); w.engine.instances[second].Phase != sidecar.PhaseActive || w.job(j).Run != 2 {
		t.Errorf("workflows %v, job %+v", w.engine.instances, w.job(j))
	}
	for n := range config.Attempts {
		w.engine.instances[enhancement.InstanceID(j.ID, n+2)] = sidecar.Instance{Phase: sidecar.PhaseDamaged, Detail: "example"}
		w.later(2 * time.Hour)
	}
	if got := w.job(j); got.Status != enhancement.StatusFailed || !strings.Contains(got.FailureReason, "example") {
		t.Errorf("damaged again and again, the job is %s: %s", got.Status, got.FailureReason)
	}
}

func TestAJobThatEndsWhileItsWorkflowIsFoundDamagedStaysEnded(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.engine.instances[j.ID] = sidecar.Instance{Phase: sidecar.PhaseDamaged}
	w.engine.onLook = func() { w.fail(j) }
	w.later(config.RunningAfter + time.Second)
	if got := w.job(j); len(w.engine.starts) != 0 || got.Run != 1 || got.FailureReason != "example" {
		t.Errorf("starts %v, job %+v", w.engine.starts, got)
	}
}

// A job that ends while it is looked at stays ended.
func TestAJobThatEndsMeanwhileIsNotStarted(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	clear(w.engine.instances)
	w.engine.onStart = func() { w.fail(j) }
	w.later(config.RunningAfter + time.Second)
	if len(w.engine.starts) != 0 || w.job(j).FailureReason != "example" {
		t.Errorf("starts %v, job %+v", w.engine.starts, w.job(j))
	}
}

func TestATenantWithMuchToDoDoesNotStarveOthers(t *testing.T) {
	w := newWorld(t, "beta", "gamma")
	const many = 200
	for i := range many {
		w.run("alpha", strconv.Itoa(i))
	}
	w.age(time.Hour) // and they are the older ones
	w.run("beta", "1")
	w.run("gamma", "1")
	clear(w.engine.instances)
	w.later(config.RunningAfter + time.Second)
	if len(w.engine.starts) != many+2 {
		t.Fatalf("%d starts", len(w.engine.starts))
	}
	for _, other := range []string{"beta", "gamma"} {
		place := slices.IndexFunc(w.engine.starts, func(s string) bool { return strings.HasPrefix(s, other) })
		if place > 2*10 {
			t.Errorf("%s was the %dth", other, place+1)
		}
	}
}

func TestManySweepersStartEachJobOnce(t *testing.T) {
	w := newWorld(t, "beta", "gamma")
	const each = 40
	for _, id := range []string{"alpha", "beta", "gamma"} {
		for i := range each {
			w.run(id, strconv.Itoa(i))
		}
	}
	clear(w.engine.instances)
	w.engine.forgetful = true // so that a second start would be seen as one
	w.age(config.RunningAfter + time.Second)
	var wg sync.WaitGroup
	for range 6 {
		sweeper := w.replica()
		wg.Go(func() {
			if err := sweeper.Pass(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	started := map[string]int{}
	for _, s := range w.engine.starts {
		started[s]++
		if started[s] > 1 {
			t.Errorf("%s was started %d times", s, started[s])
		}
	}
	if len(started) != 3*each {
		t.Errorf("%d jobs were started", len(started))
	}
}

func TestTheOldestJobsAreMeasured(t *testing.T) {
	w := newWorld(t, "beta")
	w.accept("beta", "1")
	w.age(time.Minute)
	w.accept("alpha", "1")
	w.later(time.Minute)
	for status, want := range map[string]float64{"pending": 120, "running": 0} {
		got, err := strconv.ParseFloat(w.measured(fmt.Sprintf("%s{status=%q}", telemetry.MetricOldest, status)), 64)
		if err != nil || got < want || got > want+60 {
			t.Errorf("%s: %v seconds, want %v; %v", status, got, want, err)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	j := w.accept("alpha", "1")
	w.age(config.PendingAfter + time.Second)
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(ctx) })
	for len(w.admit(j.TenantID)) == 0 {
		<-time.After(5 * time.Millisecond)
	}
	cancel()
	wg.Wait()
}
