package workflows

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// With workers alive, a job ends within its budget: each step's first attempt fits, and a later one begins only
// when it fits too (policy.until).
func TestPoliciesFitTheBudget(t *testing.T) {
	var sum time.Duration
	for _, p := range []policy{gatherPolicy, synthesizePolicy, updatePolicy} {
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
	if got := updatePolicy.lastPause(); got != 10*time.Second {
		t.Errorf("the last pause is %s, want 10 s", got)
	}
}

// Names outlive releases: what is in the engine's store today must be found by tomorrow's worker.
func TestDurableNames(t *testing.T) {
	for got, want := range map[string]string{
		EnhanceTicket: "EnhanceTicket", EnhanceTicketV1: "EnhanceTicketV1",
		ActivityTicketSearch: "ticket_search", ActivityDocSearch: "doc_search", ActivityIPSearch: "ip_search",
		ActivitySynthesize: "synthesize", ActivityUpdateTicket: "update_ticket", ActivityRecordFailure: "record_failure",
		ActivityTidyNote: "tidy_note", enhancement.InstanceID("a", 1): "a", enhancement.InstanceID("a", 2): "a-2",
		string(enhancement.StatusPending): "pending", string(enhancement.StatusCompleted): "completed",
	} {
		if got != want {
			t.Errorf("%q was renamed to %q", want, got)
		}
	}
	if got := reflect.TypeFor[Job]().NumField(); got != 5 {
		t.Errorf("the workflow's input has %d fields: ids only, old inputs must still decode", got)
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
