package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
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
	queueTakes(t, id)
}

// queueTakes waits until webhooks are accepted one after the other. The sidecar's Redis client has several connections, and gives the last error of
// one for up to a second after others are there again.
func queueTakes(t *testing.T, tenantID string) {
	t.Helper()
	const inARow = 8
	for accepted := 0; accepted < inARow; accepted++ {
		o, err := users.OpenTicket(t.Context(), tenantID,
			simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitDefault)
		if err != nil {
			t.Fatal(err)
		}
		if o.Accepted.JobID == "" {
			eventuallyAccepted(t, tenantID, o.TicketID)
			accepted = 0
		}
		time.Sleep(200 * time.Millisecond)
	}
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
	restartEnhancer(t)
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

// A gateway that is told to stop answers what it has begun. The request under way is held by a queue that stands
// still.
func TestTheGatewayStopsInGoodOrder(t *testing.T) {
	const id = "e2e-stop"
	onboard(t, id, servicedesk.ProfileOnPrem)
	redis, gateway := running.Process("redis"), running.Process("gateway")
	if err := redis.Pause(); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		opened platform.Opened
		err    error
	}
	answered := make(chan answer, 1)
	go func() {
		o, err := users.OpenTicket(t.Context(), id,
			simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitHex)
		answered <- answer{o, err}
	}()
	for countUnfinished(t, id) == 0 { // the row is committed, the publish hangs
		<-time.After(10 * time.Millisecond)
	}
	if err := gateway.Kill(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-answered:
		t.Errorf("answered %d before the queue went on: %v", got.opened.Status, got.err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := redis.Resume(); err != nil {
		t.Fatal(err)
	}
	got := <-answered
	if got.err != nil || got.opened.Accepted.JobID == "" {
		t.Fatalf("the request under way was answered %d, %v", got.opened.Status, got.err)
	}
	awaitExit(t, "gateway")
	restart(t, "gateway")
	job, ticket := await(t, id, got.opened.Accepted.JobID)
	noted(t, job, ticket)
}

// awaitExit insists that a process that was told to stop ends by itself, and well.
func awaitExit(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p := running.Process(name)
	if err := p.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if got := p.Exit(); got != "exit status 0" {
		t.Errorf("%s ended with %s", name, got)
	}
}

// An enhancer that is stopped or killed in the middle of writing a note leaves one note, also when ServiceDesk Plus
// commits the write of the dead one late.
func TestTheEnhancerStopsWhileItWrites(t *testing.T) {
	for name, c := range map[string]struct {
		stop  func(t *testing.T)
		fault servicedesktest.Fault
	}{
		"told to": {
			func(t *testing.T) {
				t.Helper()
				if err := running.Process("enhancer").Kill(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				awaitExit(t, "enhancer")
			},
			servicedesktest.Fault{Kind: servicedesktest.FaultLatency, Operation: servicedesktest.OperationWriteNote, LatencyMS: 700},
		},
		"killed": {
			func(t *testing.T) { t.Helper(); kill(t, "enhancer") },
			servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 3000, Remaining: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := "e2e-write-" + strings.ReplaceAll(name, " ", "-")
			onboard(t, id, servicedesk.ProfileOnPrem)
			setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{c.fault}})
			o := open(t, id)
			awaitWrite(t, id)
			c.stop(t)
			restartEnhancer(t)
			job, ticket := await(t, id, o.Accepted.JobID)
			noted(t, job, ticket)
			<-time.After(4 * time.Second) // what was sent before must have arrived by now
			after, err := users.Ticket(t.Context(), id, o.TicketID)
			if err != nil || len(after.Notes) != 1 {
				t.Errorf("%d notes in the end, %v", len(after.Notes), err)
			}
		})
	}
}

// awaitWrite returns when ServiceDesk Plus has been sent a note.
func awaitWrite(t *testing.T, tenantID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		writes, err := users.NoteWrites(ctx, tenantID)
		if err != nil {
			t.Fatal(err)
		}
		if writes > 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("no note was sent")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestReadinessKnowsTheDatabase(t *testing.T) {
	for _, app := range []string{"gateway", "enhancer"} {
		if code, state := ready(t, app); code != http.StatusOK || state["postgres"] != "ok" || state["redis"] != "ok" || state["sidecar"] != "ok" || (app == "enhancer" && state["workflows"] != "ok") {
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

// restartEnhancer replaces the enhancer with its sidecar, as a new pod does. The sidecar alone would not do: when a
// worker goes while workflows are under way, daprd 1.18.2 can be left waiting for steps that nobody will
// finish, and then registers no new worker (see docs/operations.md).
func restartEnhancer(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := running.Process("enhancer-dapr").Kill(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Each waits for the other to be ready.
	var both errgroup.Group
	for _, name := range []string{"enhancer", "enhancer-dapr"} {
		both.Go(func() error { return running.Process(name).Restart(ctx) })
	}
	if err := both.Wait(); err != nil {
		t.Fatalf("restart the enhancer: %v", err)
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
