package runbooks_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// A burst waits: the page finds whose, drops it, and its tickets have no note.
func (d *drill) queueDepth() {
	id := d.tenant()
	d.processing("pause")
	if err := d.users.Backlog(d.t.Context(), id, newTicket(), 20); err != nil {
		d.t.Fatal(err)
	}
	d.run("bin/agentctl queue list", id, "processing", "example: a drill")
	out := d.run("queue drop --tenant", "20")
	says(d.t, out, "dropped")
	d.run("agentctl pauses --tenant", id, "example: a drill")
	if waiting, started, err := d.users.Waiting(d.t.Context(), id); err != nil || waiting+started > 0 {
		d.t.Errorf("%d wait, %d run: %v", waiting, started, err)
	}
}

// processing pauses the work on the tenant's jobs, or resumes it.
func (d *drill) processing(verb string) {
	d.t.Helper()
	command := "bin/agentctl " + verb + ` processing --tenant "$TENANT"`
	if verb == "pause" {
		command += " --reason 'example: a drill'"
	}
	if r := bash(d.t, d.env, command); r.status != 0 {
		d.t.Fatalf("%s: %s", command, r.out)
	}
}

// The client's server refuses the tenant's key: the page finds that out, replaces it, and begins the jobs anew.
func (d *drill) successRate() {
	id := d.tenant()
	key := d.file("key", d.users.Keys().APIKey(id))
	d.set("NEW_KEY_FILE", d.file("wrong", "0000000000000000000000000000000000000000"))
	if r := bash(d.t, d.env, `bin/agentctl tenant set-api-key "$TENANT" --file "$NEW_KEY_FILE"`); r.status != 0 {
		d.t.Fatal(r.out)
	}
	failed := d.open(d.t, id).Accepted.JobID
	d.awaitFailed(d.t, id, failed)
	d.set("JOB", failed)
	d.run("queue list --tenant", failed, "4022")
	d.run("job show", "status", "failed", "update_ticket", "HTTP 401: code 4022")
	d.run("|| true", "the key is not accepted")

	d.set("NEW_KEY_FILE", key)
	says(d.t, d.run("set-api-key", "ServiceDesk Plus  ok"), "ok")
	d.run(`--reason "4022"`, failed[:8])
	d.awaitNoted(d.t, id, failed)

	d.set("JOB", d.shadowed(id))
	if ticket, err := d.users.Ticket(d.t.Context(), id, d.env["TICKET"]); err != nil || len(ticket.Notes) != 0 {
		d.t.Errorf("in shadow mode, %d notes were posted, %v", len(ticket.Notes), err)
	}
}

// shadowed runs the page's command against notes, and gives a job that ended after it.
func (d *drill) shadowed(id string) string {
	d.t.Helper()
	b := d.block("mode=shadow")
	succeeds(d.t, d.env, b)
	o := d.open(d.t, id)
	d.set("TICKET", o.TicketID)
	eventually(d.t, "the job is withheld", func() bool {
		job, err := d.users.Job(d.t.Context(), id, o.Accepted.JobID)
		return err == nil && job.Withheld != ""
	})
	says(d.t, succeeds(d.t, d.env, b), o.Accepted.JobID, "shadow")
	return o.Accepted.JobID
}

// file writes a file that only the reader can read.
func (d *drill) file(name, content string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// Knowledge base and ServiceDesk Plus are down, one after the other.
func (d *drill) timeouts() {
	id := d.tenant()
	d.faults(d.t, id, "knowledge", map[string]any{"status": 503})
	const untilItOpens = 6
	for range untilItOpens {
		d.awaitNoted(d.t, id, d.open(d.t, id).Accepted.JobID)
	}
	d.shown("circuit_breaker_open", `circuit_breaker_open{dependency="knowledge",tenant_id="`+id+`"} 1`)
	d.faults(d.t, id, "knowledge", map[string]any{})

	d.faults(d.t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultAlways500}}})
	held := d.open(d.t, id).Accepted.JobID
	d.awaitHeld(d.t, id, held)
	d.shown("agentctl queue list", id, "servicedesk since")
	d.shown("dependency_outages", id, "HTTP 500")
	d.run("|| true", "failed")
	d.run(`select(.host)`, "500")
	unwanted := d.open(d.t, id).Accepted.JobID
	d.set("JOB", unwanted)
	d.run("job cancel", unwanted)
	d.awaitFailed(d.t, id, unwanted)

	d.faults(d.t, id, "servicedesk", servicedesktest.Faults{})
	d.run("--status held")
	d.awaitNoted(d.t, id, held)

	d.run("agentctl pause processing")
	says(d.t, d.shell("bin/agentctl pauses"), id, "their server")
	d.processing("resume")
}

// The client's server limits the calls.
func (d *drill) throttling() {
	id := d.tenant()
	d.faults(d.t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultThrottle}}})
	held := d.open(d.t, id).Accepted.JobID
	d.awaitHeld(d.t, id, held)
	d.set("JOB", held)
	d.run("job show", "waits for", "servicedesk", "maximum access limit", "too many calls")
	d.run("mirror_pace", "blocked_until", "lease_until")
	d.faults(d.t, id, "servicedesk", servicedesktest.Faults{})
	d.run("--status held")
	d.awaitNoted(d.t, id, held)
}

// The model is down: notes go without, and the page says why; then its money is spent.
func (d *drill) languageModel() {
	id := d.tenant()
	// A price has been set, and one answer has a cost.
	d.awaitNoted(d.t, id, d.open(d.t, id).Accepted.JobID)
	d.faults(d.t, "", "llm", map[string]any{"status": 500})
	d.t.Cleanup(func() { d.faults(d.t, "", "llm", map[string]any{}) })
	var last string
	const untilItOpens = 6
	for range untilItOpens {
		last = d.open(d.t, id).Accepted.JobID
		d.awaitNoted(d.t, id, last)
	}
	d.set("JOB", last)
	d.run("|| true", "language model    failed")
	d.shown("llm_calls_total", `outcome="failed"`, `circuit_breaker_open{dependency="llm"`)
	d.run(`"language model called"`, id, "failed", "500")
	d.run("job show", "completed", "synthesize", "degraded")
	d.faults(d.t, "", "llm", map[string]any{})
	d.again(id, last)
	d.run("usage --tenant", id)
	d.run("budget.soft_usd")
	if out := bash(d.t, d.env, `bin/agentctl tenant show "$TENANT"`).out; !strings.Contains(out, "100") {
		d.t.Errorf("no limit was set:\n%s", out)
	}
}

// again has the note of a job that went without the model made with it, once the model is asked again.
func (d *drill) again(id, jobID string) {
	d.t.Helper()
	// It is, by the first job after its pause.
	eventually(d.t, "the model is asked again", func() bool {
		d.awaitNoted(d.t, id, d.open(d.t, id).Accepted.JobID)
		return strings.Contains(d.shell(`curl -s "$ENHANCER_INTERNAL_URL/metrics"`), `circuit_breaker_open{dependency="llm",tenant_id=""} 0`)
	})
	d.run("job rerun", jobID)
	eventually(d.t, "the note has the model's part", func() bool {
		results, err := d.users.Results(d.t.Context(), id, jobID)
		return err == nil && results[enhancement.StepSynthesize].Outcome == enhancement.OutcomeOK
	})
	d.awaitNoted(d.t, id, jobID)
}

// A webhook never arrives: the poll finds the ticket when it is asked to.
func (d *drill) missedWebhooks() {
	id := d.tenant()
	d.shown("last_succeeded", id)
	o, err := d.users.OpenTicket(d.t.Context(), id, newTicket(), simulator.EmitNone)
	if err != nil {
		d.t.Fatal(err)
	}
	eventually(d.t, "the ticket is found", func() bool {
		d.run("RETURNING tenant_id, next_due", id)
		return strings.Contains(bash(d.t, d.env, `bin/agentctl job list --tenant "$TENANT" --ticket `+o.TicketID).out, o.TicketID)
	})
	d.shown("last_succeeded", id)
	d.run("RETURNING tenant_id, since", id)
}
