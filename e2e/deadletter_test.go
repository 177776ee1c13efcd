package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// awaitLetter waits until the console shows a dead letter with the text.
func awaitLetter(t *testing.T, text string) adminapi.DeadLetter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for {
		letters, err := users.Admin().DeadLetters(ctx, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range letters {
			if strings.Contains(l.Excerpt+l.Reason, text) {
				return l
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no dead letter has %q: %+v", text, letters)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// What nobody can read, and what is about no job, is kept where an operator sees it; and others go on meanwhile.
func TestPoisonReachesTheDeadLetters(t *testing.T) {
	t.Parallel()
	const id = "e2e-dead-poison"
	onboard(t, id, servicedesk.ProfileOnPrem)
	unknown, marker := uuid.NewString(), strings.ToLower(uuid.NewString())
	for _, data := range []string{"no JSON " + marker, `["a list ` + marker + `"]`, "", "\xff\xfe"} {
		redis(t, "XADD", event.TopicEnhancement, "*", "data", data)
	}
	redis(t, "XADD", event.TopicEnhancement, "*", "something", "else")
	for body, contentType := range map[string]string{
		`{"job_id":"` + unknown + `","tenant_id":"` + id + `","ticket_id":"1","description":"text of the ticket"}`:                 "application/json",
		`{"specversion":"1.0","id":"x","source":"s","type":"t","datacontenttype":"text/plain","data":"other data ` + marker + `"}`: "application/cloudevents+json",
	} {
		publish(t, event.TopicEnhancement, body, contentType)
	}
	o := open(t, id)
	job, ticket := await(t, id, o.Accepted.JobID)
	noted(t, job, ticket)
	if l := awaitLetter(t, "no JSON "+marker); !strings.Contains(l.Reason, "cannot be read") || l.Bytes != len("no JSON ")+len(marker) {
		t.Errorf("kept %+v", l)
	}
	awaitLetter(t, "a list "+marker)
	awaitLetter(t, "other data "+marker)
	l := awaitLetter(t, unknown)
	if !strings.Contains(l.Reason, "no such job") || strings.Contains(l.Excerpt, "text of the ticket") {
		t.Errorf("kept %+v", l)
	}
	// Nothing of it comes again and again.
	awaitAcknowledged(t, event.TopicEnhancement)
	awaitAcknowledged(t, event.TopicDead)
}

// publish sends a message as the gateway does, whatever it says.
func publish(t *testing.T, topic, body, contentType string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, running.SidecarURL("gateway")+"/v1.0/publish/pubsub/"+topic, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Dapr-Api-Token", running.APIToken("gateway"))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Fatalf("the sidecar answers %d", answer.StatusCode)
	}
}

// awaitAcknowledged waits until no message of the stream is with a consumer for longer than one delivery may take.
func awaitAcknowledged(t *testing.T, stream string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	const stale = `
		local n = 0
		for _, m in ipairs(redis.call('XPENDING', KEYS[1], 'enhancer', 'IDLE', 1500, '-', '+', 100)) do
			if m[4] == 1 and redis.call('XRANGE', KEYS[1], m[1], m[1])[1] ~= nil then
				n = n + 1 -- with its first consumer
			end -- of one
		end
		return n`
	for {
		left := redis(t, "EVAL", stale, "1", stream)
		if left == ":0" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("messages of %s are not done with: %s", stream, left)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// A message that fails again and again is given up; its job is not, and says what happened.
func TestAJobWhoseMessageFailsGoesOnAndSaysWhy(t *testing.T) {
	t.Parallel()
	const id = "e2e-dead-job"
	onboard(t, id, servicedesk.ProfileOnPrem)
	// Only what has its reason on record can be changed: neither the message nor the sweeper gets anywhere before.
	asAdmin(t, `CREATE FUNCTION refuse_message() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'example: cannot be queued'; END $$`)
	asAdmin(t, `CREATE TRIGGER refuse_message BEFORE UPDATE ON enhancement_history FOR EACH ROW
		WHEN (OLD.tenant_id = 'e2e-dead-job' AND NEW.trouble = '') EXECUTE FUNCTION refuse_message()`)
	t.Cleanup(func() { asAdmin(t, "DROP FUNCTION refuse_message CASCADE") })
	o := open(t, id)
	job, ticket := await(t, id, o.Accepted.JobID)
	noted(t, job, ticket)
	shown, err := users.Admin().Job(t.Context(), id, o.Accepted.JobID)
	if err != nil || !strings.Contains(shown.Trouble, "example: cannot be queued") || shown.TroubleAt == nil {
		t.Errorf("the ledger says %q at %v, %v", shown.Trouble, shown.TroubleAt, err)
	}
	if took := shown.TroubleAt.Sub(shown.ReceivedAt); took < 30*time.Second {
		t.Errorf("it was given up after %s: an attempt must outlast the component's time-out", took)
	}
}

// An operator drops what waits, and begins it anew.
func TestWhatWaitsIsDroppedAndBegunAnew(t *testing.T) {
	t.Parallel()
	const id = "e2e-drop"
	onboard(t, id, servicedesk.ProfileOnPrem)
	asAdmin(t, `INSERT INTO dependency_outages (tenant_id, dependency, since, probe_after) VALUES ('`+id+`', 'servicedesk', now(), now() + interval '1 hour')`)
	dropped, held := open(t, id), open(t, id)
	awaitState(t, id, enhancement.QueueWaiting, 2)
	asAdmin(t, `UPDATE enhancement_history SET held_for = 'servicedesk', held_since = now() WHERE job_id = '`+held.Accepted.JobID+`'`)

	change := adminapi.QueueDrop{Note: "example", QueueChange: adminapi.QueueChange{QueueSelection: adminapi.QueueSelection{JobIDs: []string{dropped.Accepted.JobID}}}}
	done, err := users.Admin().DropQueue(t.Context(), id, change)
	if err != nil || done.Done != 1 {
		t.Fatalf("dropped %+v, %v", done, err)
	}
	job, ticket := await(t, id, dropped.Accepted.JobID)
	if job.Status != enhancement.StatusFailed || job.FailureReason != "dropped by an operator: example" || len(ticket.Notes) != 0 {
		t.Errorf("%+v with %d notes", job, len(ticket.Notes))
	}
	// What was dropped on purpose is begun anew by name only; all the same, what is held is released.
	released, err := users.Admin().RetryQueue(t.Context(), id, adminapi.QueueChange{All: true})
	if err != nil || released.Done != 0 || fmt.Sprint(released.Released) != "[servicedesk]" {
		t.Fatalf("released %+v, %v", released, err)
	}
	again, err := users.Admin().RetryQueue(t.Context(), id,
		adminapi.QueueChange{QueueSelection: adminapi.QueueSelection{JobIDs: []string{dropped.Accepted.JobID}}})
	if err != nil || again.Done != 1 {
		t.Fatalf("begun anew %+v, %v", again, err)
	}
	for _, o := range []string{dropped.Accepted.JobID, held.Accepted.JobID} {
		job, ticket := await(t, id, o)
		noted(t, job, ticket)
	}
}

// awaitState waits until so many jobs of the tenant are in the state.
func awaitState(t *testing.T, tenantID string, state enhancement.QueueState, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		n := 0
		for _, err := range users.Admin().QueueJobs(ctx, tenantID, adminapi.QueueSelection{States: []enhancement.QueueState{state}}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n == want {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d jobs are %s, want %d", n, state, want)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
