package workflows

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/sweep"
)

// With workers alive, a job ends within its budget: each step's first attempt fits, and a later one begins only
// when it fits too (policy.until).
func TestPoliciesFitTheBudget(t *testing.T) {
	sum := fetchPolicy.holding().longest()
	for _, p := range []policy{gatherPolicy, synthesizePolicy, updatePolicy.holding()} {
		sum += p.longest()
		if p.attempts != 3 {
			t.Errorf("%d attempts, want 3", p.attempts)
		}
	}
	if sum > Budget {
		t.Errorf("the steps may take %s in all, the budget is %s", sum, Budget)
	}
	if noteLease <= updatePolicy.attempt {
		t.Error("the lease on a note ends while its holder may still write")
	}
	if update, fetch := updatePolicy.lastPause(), fetchPolicy.lastPause(); update != 10*time.Second || fetch != 12*time.Second {
		t.Errorf("the last pauses are %s and %s, want 10 s and 12 s", update, fetch)
	}
}

// What stands still for a reason is not taken for forgotten: a pause between two attempts, an attempt that says every few seconds
// that it is under way, and, in the long run, a step that waits for its turn at the model as long as another takes there. A failure
// that the database does not record is another matter: once it answers again, the job is run again rather than waited for.
func TestASlowStepIsNotTakenForAStuckOne(t *testing.T) {
	var cfg sweep.Config
	if err := envconfig.Process("", &cfg); err != nil {
		t.Fatal(err)
	}
	for what, longest := range map[string]time.Duration{
		"a pause before a fetch": fetchPolicy.lastPause(), "a pause before a synthesis": synthesizePolicy.lastPause(),
		"a pause before an update": updatePolicy.lastPause(), "the time between three beats": 3 * beatInterval,
	} {
		if longest >= cfg.StuckAfter {
			t.Errorf("%s takes %s, and counts as forgotten after %s", what, longest, cfg.StuckAfter)
		}
	}
	if wait, most := 2*synthesizePolicy.longest(), cfg.Stuck(cfg.Attempts); wait >= most {
		t.Errorf("a synthesis may wait for %s, and is given up after %s", wait, most)
	}
}

func TestNothingIsHurriedByItself(t *testing.T) {
	a := &Activities{}
	for _, p := range []policy{gatherPolicy, synthesizePolicy, updatePolicy, tidyPolicy, recordPolicy} {
		if got := a.paced(p); got != p {
			t.Errorf("got %+v, want %+v", got, p)
		}
	}
	if got := a.pause(noteLease); got != noteLease {
		t.Errorf("the lease is %s, want %s", got, noteLease)
	}
}

// Names outlive releases: what is in the engine's store today must be found by tomorrow's worker.
func TestDurableNames(t *testing.T) {
	for got, want := range map[string]string{
		EnhanceTicket: "EnhanceTicket", EnhanceTicketV1: "EnhanceTicketV1", EnhanceTicketV2: "EnhanceTicketV2",
		ActivityFetchTicket: "fetch_ticket", ActivityTicketSearch: "ticket_search", ActivityDocSearch: "doc_search", ActivityIPSearch: "ip_search",
		ActivitySynthesize: "synthesize", ActivityUpdateTicket: "update_ticket", ActivityRecordFailure: "record_failure",
		ActivityTidyNote: "tidy_note", ActivityHoldJob: "hold_job", string(enhancement.DependencyServiceDesk): "servicedesk",
		enhancement.InstanceID("a", 1): "a", enhancement.InstanceID("a", 2): "a-2",
		string(enhancement.StatusPending): "pending", string(enhancement.StatusCompleted): "completed",
	} {
		if got != want {
			t.Errorf("%q was renamed to %q", want, got)
		}
	}
	if got := reflect.TypeFor[Job]().NumField(); got != 8 {
		t.Errorf("the workflow's input has %d fields: ids and marks only, old inputs must still decode", got)
	}
	// What an old worker reads, and an old history holds.
	const before = `{"tenant_id":"a","job_id":"b","run":1,"correlation_id":"c"}`
	job := Job{TenantID: "a", JobID: "b", Run: 1, CorrelationID: "c"}
	if got, err := json.Marshal(job); err != nil || string(got) != before {
		t.Errorf("a job that needs no fetching is encoded as %s, %v", got, err)
	}
	var old Job
	err := json.Unmarshal([]byte(`{"tenant_id":"a","job_id":"b","run":1,"correlation_id":"c"}`), &old)
	if want := (Job{TenantID: "a", JobID: "b", Run: 1, CorrelationID: "c"}); err != nil || old != want {
		t.Errorf("the input of the first release becomes %+v, %v", old, err)
	}
}

func TestRegisterRefusesTheSameNamesTwice(t *testing.T) {
	r := workflow.NewRegistry()
	if err := Register(r, &Activities{}); err != nil {
		t.Fatal(err)
	}
	if err := Register(r, &Activities{}); err == nil {
		t.Error("a second registration was taken silently")
	}
}
