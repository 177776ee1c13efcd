package runbooks_test

import (
	"regexp"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// begun finds the job in the simulator's answer to a ticket that was opened.
var begun = regexp.MustCompile(`job_id[\\": ]+([0-9a-f-]{36})`)

// The mock incident is played from its first line to its last: by who makes the trouble, and by who leads.
func (d *drill) incident() {
	id := d.tenant()
	d.t.Cleanup(func() { d.faults(d.t, id, "servicedesk", servicedesktest.Faults{}) })
	match := begun.FindStringSubmatch(d.run("unauthorized"))
	if match == nil {
		d.t.Fatal("the webhook of the ticket was not accepted")
	}
	d.set("JOB", match[1])
	d.awaitFailed(d.t, id, match[1])
	d.run("--status failed", id, match[1], "4022")
	d.run("|| true", "the key is not accepted")
	d.run("agentctl pause processing", id, "Example: mock incident")
	d.run("-d '{}'", "ServiceDesk Plus  ok")
	d.run("agentctl resume processing", match[1][:8])
	d.awaitNoted(d.t, id, match[1])
	d.run("job show", "completed")
	d.run("audit list", "pause.begin", "pause.end", "queue.retry")
}
