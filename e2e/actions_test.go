package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func pauseOf(t *testing.T, tenantID string, scope enhancement.PauseScope) {
	t.Helper()
	if _, err := users.Admin().Pause(t.Context(), tenantID, scope, adminapi.BeginPause{Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
}

func resume(t *testing.T, tenantID string, scope enhancement.PauseScope) {
	t.Helper()
	if _, err := users.Admin().Resume(t.Context(), tenantID, scope); err != nil {
		t.Fatal(err)
	}
}

// asked is what the database answers to a question.
func asked(ctx context.Context, t *testing.T, question string) (yes bool, err error) {
	t.Helper()
	conn, err := pgx.Connect(ctx, running.AdminDatabaseURL())
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, question).Scan(&yes)
	return yes, err
}

// until asks again and again, until the answer is yes.
func until(t *testing.T, what string, is func(ctx context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		yes, err := is(ctx)
		if err != nil {
			t.Fatalf("until %s: %v", what, err)
		}
		if yes {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("it never came to it that %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Processing is paused with tickets in flight: what runs goes on, what comes waits, the neighbour notices nothing. Afterwards every
// ticket has exactly one note.
func TestPausedProcessingLosesNothing(t *testing.T) {
	t.Parallel()
	const id, neighbour = "e2e-paused", "e2e-beside-paused"
	onboard(t, id, servicedesk.ProfileOnPrem)
	onboard(t, neighbour, servicedesk.ProfileOnPrem)
	setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultLatency, LatencyMS: 300}}})
	opened := []platform.Opened{open(t, id), open(t, id), open(t, id)}
	pauseOf(t, id, enhancement.PauseProcessing)
	for range 5 {
		opened = append(opened, open(t, id)) // 202
	}
	job, ticket := await(t, neighbour, open(t, neighbour).Accepted.JobID)
	noted(t, job, ticket)
	until(t, "nothing of it runs", func(ctx context.Context) (bool, error) {
		_, running, err := users.Waiting(ctx, id)
		return running == 0, err
	})
	if waiting, running, err := users.Waiting(t.Context(), id); err != nil || waiting < 5 || running != 0 {
		t.Errorf("%d wait, %d run, %v", waiting, running, err)
	}
	resume(t, id, enhancement.PauseProcessing)
	for _, o := range opened {
		job, ticket := await(t, id, o.Accepted.JobID)
		noted(t, job, ticket)
	}
	if writes, err := users.NoteWrites(t.Context(), id); err != nil || writes != len(opened) {
		t.Errorf("%d notes were written of %d tickets, %v", writes, len(opened), err)
	}
}

// While intake is paused, a webhook is answered 503, and the poll leaves its ticket alone. Afterwards the sender's retry is accepted, and
// what nobody sends again is found: one note each.
func TestPausedIntakeIsCaughtUp(t *testing.T) {
	t.Parallel()
	const id = "e2e-paused-intake"
	onboard(t, id, servicedesk.ProfileOnPrem)
	sent, unsent := openUnheard(t, id), openUnheard(t, id)
	pauseOf(t, id, enhancement.PauseIntake)
	status, answer, err := users.SendWebhook(t.Context(), id, map[string]any{
		"event": "created", "tenant_id": id, "ticket_id": sent, "subject": exampleSubject, "description": exampleText, "priority": "High",
	})
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(answer), "intake is paused") {
		t.Fatalf("answered %d %s, %v", status, answer, err)
	}
	until(t, "a poll has found the pause", func(ctx context.Context) (bool, error) {
		asAdmin(t, "UPDATE reconcile_polls SET next_due = now() WHERE tenant_id = '"+id+"'")
		return asked(ctx, t, "SELECT coalesce(bool_or(paused_seen IS NOT NULL), false) FROM reconcile_polls WHERE tenant_id = '"+id+"'")
	})
	if none, err := asked(t.Context(), t, "SELECT count(*) = 0 FROM enhancement_history WHERE tenant_id = '"+id+"'"); err != nil || !none {
		t.Errorf("jobs were made while intake is paused, %v", err)
	}
	resume(t, id, enhancement.PauseIntake)
	var again platform.Opened
	until(t, "its webhook is accepted", func(ctx context.Context) (_ bool, err error) { // a refusal is believed for a second
		again, err = users.EmitAgain(ctx, id, sent, "created")
		return again.Accepted.JobID != "", err
	})
	for _, jobID := range []string{again.Accepted.JobID, awaitCaught(t, id, unsent)} {
		job, ticket := await(t, id, jobID)
		noted(t, job, ticket)
	}
	if writes, err := users.NoteWrites(t.Context(), id); err != nil || writes != 2 {
		t.Errorf("%d notes were written, %v", writes, err)
	}
}

// A job that runs is cancelled: its ticket gets no note. Begun anew, it gets one.
func TestACancelledJobWritesNoNote(t *testing.T) {
	t.Parallel()
	const id = "e2e-cancelled"
	onboard(t, id, servicedesk.ProfileOnPrem)
	setFaults(t, id, "knowledge", knowledgetest.Faults{LatencyMS: 900}) // so long it searches, three times
	o := open(t, id)
	until(t, "it runs", func(ctx context.Context) (bool, error) {
		job, err := users.Job(ctx, id, o.Accepted.JobID)
		return job.Status == enhancement.StatusRunning, err
	})
	done, err := users.Admin().CancelJob(t.Context(), id, o.Accepted.JobID, adminapi.CancelJob{Run: 1, Note: "a test"})
	if err != nil || done.NoteMayFollow {
		t.Fatalf("%+v, %v", done, err)
	}
	until(t, "its workflow has ended", func(ctx context.Context) (bool, error) {
		_, running, err := users.Waiting(ctx, id)
		return running == 0, err
	})
	job, ticket := await(t, id, o.Accepted.JobID)
	if !strings.HasPrefix(job.FailureReason, "cancelled by an operator: ") || len(ticket.Notes) != 0 {
		t.Errorf("the job is %s: %s; %d notes", job.Status, job.FailureReason, len(ticket.Notes))
	}
	if _, err := users.Admin().RetryJob(t.Context(), id, o.Accepted.JobID); err != nil {
		t.Fatal(err)
	}
	job, ticket = await(t, id, o.Accepted.JobID)
	noted(t, job, ticket)
}

// The only worker is drained on purpose: webhooks are accepted, and nothing is begun; it does not count as lost. Undrained, or started
// afresh, it goes on.
func TestADrainedWorkerGoesOnWhenItIsWanted(t *testing.T) {
	const id = "e2e-drained"
	onboard(t, id, servicedesk.ProfileOnPrem)
	first := open(t, id)
	workers, err := users.Admin().Workers(t.Context())
	if err != nil || len(workers) != 1 {
		t.Fatalf("%+v, %v", workers, err)
	}
	replica := workers[0].Replica
	if _, err := users.Admin().DrainWorker(t.Context(), replica, adminapi.DrainWorker{}); adminapi.StatusOf(err) != http.StatusConflict {
		t.Errorf("the only worker is drained by mistake: %v", err)
	}
	if _, err := users.Admin().DrainWorker(t.Context(), replica, adminapi.DrainWorker{EvenLast: true}); err != nil {
		t.Fatal(err)
	}
	state := func(want string) func(ctx context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			now, err := users.Admin().Workers(ctx)
			return len(now) == 1 && now[0].Replica == replica && now[0].State == want, err
		}
	}
	until(t, "it is drained", state(adminapi.WorkerDrained))
	waits := open(t, id) // 202
	// Longer than the watchdog is patient with a worker that is lost: it has to be the same process.
	time.Sleep(40 * time.Second)
	if drained, err := state(adminapi.WorkerDrained)(t.Context()); err != nil || !drained {
		t.Fatalf("the drained worker was not left alone, %v", err)
	}
	if job, err := users.Job(t.Context(), id, waits.Accepted.JobID); err != nil || job.Status != enhancement.StatusPending {
		t.Errorf("without a worker, the job is %s, %v", job.Status, err)
	}
	if _, err := users.Admin().UndrainWorker(t.Context(), replica); err != nil {
		t.Fatal(err)
	}
	until(t, "it works", state(adminapi.WorkerWorking))
	for _, o := range []platform.Opened{first, waits} {
		job, ticket := await(t, id, o.Accepted.JobID)
		noted(t, job, ticket)
	}
}
