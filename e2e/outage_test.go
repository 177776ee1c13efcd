package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// These tests take processes of the shared stack away, so nothing runs beside them.

func TestTheQueueIsDown(t *testing.T) {
	const id = "e2e-no-queue"
	onboard(t, id, servicedesk.ProfileOnPrem)
	kill(t, "redis")
	restarted := false
	t.Cleanup(func() {
		if !restarted {
			restart(t, "redis")
		}
	})
	o, err := users.OpenTicket(t.Context(), id,
		simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitHex)
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != http.StatusServiceUnavailable {
		t.Fatalf("the gateway answered %d: %s", o.Status, o.Body)
	}
	if n := countUnfinished(t, id); n != 0 {
		t.Errorf("%d rows are left of a webhook that was not accepted", n)
	}
	if code, state := ready(t, "gateway"); code != http.StatusServiceUnavailable || state["redis"] == "ok" {
		t.Errorf("readiness without Redis: %d %v", code, state)
	}
	restart(t, "redis")
	restarted = true
	again := eventuallyAccepted(t, id, o.TicketID)
	job, ticket := await(t, id, again.Accepted.JobID)
	noted(t, job, ticket)
}

// eventuallyAccepted retries as a sender does that was told 503.
func eventuallyAccepted(t *testing.T, tenantID, ticketID string) platform.Opened {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		o, err := users.EmitAgain(ctx, tenantID, ticketID, "created")
		if err == nil && o.Accepted.JobID != "" {
			return o
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the retry was never accepted: %d %s, %v", o.Status, o.Body, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// A worker that dies in the middle of a job loses nothing and doubles nothing.
func TestTheEnhancerDiesInTheMiddleOfJobs(t *testing.T) {
	const id, jobs = "e2e-killed", 5
	onboard(t, id, servicedesk.ProfileOnPrem)
	setFaults(t, id, "knowledge", knowledgetest.Faults{LatencyMS: 700})
	opened := make([]platform.Opened, jobs)
	for i := range opened {
		opened[i] = open(t, id)
	}
	awaitRunning(t, id, opened[0].Accepted.JobID)
	kill(t, "enhancer")
	restart(t, "enhancer")
	for _, o := range opened {
		job, ticket := await(t, id, o.Accepted.JobID)
		noted(t, job, ticket)
	}
}

func awaitRunning(t *testing.T, tenantID, jobID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		job, err := users.Job(ctx, tenantID, jobID)
		if err != nil {
			t.Fatal(err)
		}
		if !job.StartedAt.IsZero() {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the job is still %s", job.Status)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A gateway that is told to stop finishes what it has accepted.
func TestTheGatewayStopsInGoodOrder(t *testing.T) {
	const id = "e2e-stop"
	onboard(t, id, servicedesk.ProfileOnPrem)
	o := open(t, id)
	gateway := running.Process("gateway")
	if err := gateway.Kill(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := gateway.Wait(ctx); err != nil {
		t.Errorf("the gateway did not end in good order: %v", err)
	}
	restart(t, "gateway")
	job, ticket := await(t, id, o.Accepted.JobID)
	noted(t, job, ticket)
}

func TestReadinessKnowsTheDatabase(t *testing.T) {
	for _, app := range []string{"gateway", "enhancer"} {
		if code, state := ready(t, app); code != http.StatusOK || state["postgres"] != "ok" || state["redis"] != "ok" || state["sidecar"] != "ok" {
			t.Errorf("%s: %d %v", app, code, state)
		}
	}
	kill(t, "postgres")
	for _, app := range []string{"gateway", "enhancer"} {
		if code, state := ready(t, app); code != http.StatusServiceUnavailable || state["postgres"] == "ok" {
			t.Errorf("%s without Postgres: %d %v", app, code, state)
		}
	}
	restart(t, "postgres")
	for _, app := range []string{"gateway", "enhancer"} {
		if code, state := ready(t, app); code != http.StatusOK {
			t.Errorf("%s with Postgres back: %d %v", app, code, state)
		}
	}
}

func ready(t *testing.T, app string) (int, map[string]string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, running.InternalURL(app)+"/readyz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var state map[string]string
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, state
}

func kill(t *testing.T, name string) {
	t.Helper()
	p := running.Process(name)
	if err := p.Kill(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.Wait(ctx); err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatal(err)
	}
}

func restart(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := running.Process(name).Restart(ctx); err != nil {
		t.Fatalf("restart %s: %v", name, err)
	}
}
