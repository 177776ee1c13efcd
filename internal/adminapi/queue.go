package adminapi

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// MostQueueJobs is how many jobs one request begins anew or drops at most, and how many can be named.
const MostQueueJobs = 100

// QueueAccount is how a tenant's queue fares.
type QueueAccount struct {
	TenantID  string     `json:"tenant_id"`
	Waiting   int        `json:"waiting"              doc:"Jobs that wait for their turn."`
	Held      int        `json:"held"                 doc:"Jobs that wait until what their tenant depends on is back."`
	HeldFor   []string   `json:"held_for,omitempty"   doc:"What they wait for."`
	HeldSince *time.Time `json:"held_since,omitempty" doc:"Since when the first of them is held."`
	Running   int        `json:"running"`
	Failed    int        `json:"failed"               doc:"Jobs that failed in the last 24 hours."`
	Troubled  int        `json:"troubled"             doc:"Unfinished jobs whose message could not be delivered."`
	Oldest    *time.Time `json:"oldest,omitempty"     doc:"When the oldest job was received that has not begun."`
}

// QueueSelection selects jobs of a tenant's queue. What is absent leaves out none.
type QueueSelection struct {
	States         []enhancement.QueueState `json:"states,omitempty"          enum:"waiting,held,running,failed" doc:"Only those; all that the operation is for when absent."`
	JobIDs         []string                 `json:"job_ids,omitempty"         maxItems:"100"`
	TicketID       string                   `json:"ticket_id,omitempty"       maxLength:"100"`
	Reason         string                   `json:"reason,omitempty"          maxLength:"200"                    doc:"A part of the failure's reason, or of the trouble, in any case."`
	ReceivedAfter  *time.Time               `json:"received_after,omitempty"`
	ReceivedBefore *time.Time               `json:"received_before,omitempty"`
}

// QueueChange asks for selected jobs to be begun anew, or dropped.
type QueueChange struct {
	QueueSelection

	// All is for who means every job: a selection that was forgotten does not.
	All    bool       `json:"all,omitempty"     doc:"Required when nothing selects jobs, and refused when something does."`
	DryRun bool       `json:"dry_run,omitempty" doc:"Only say which jobs it would be."`
	AsOf   *time.Time `json:"as_of,omitempty"   doc:"as_of of a dry run: jobs that have joined the selection since are left alone."`
	// Expect is for who must not change another number of jobs than was seen, as a script.
	Expect *int   `json:"expect,omitempty"  doc:"How many jobs it has to be of: with another number selected, nothing is done. The first request is checked, one with a cursor is not." minimum:"0"`
	Cursor string `json:"cursor,omitempty"  doc:"The value of next of the answer before; none for the first."                    maxLength:"500"`
}

// QueueDrop is a QueueChange with what the jobs' reason shall say.
type QueueDrop struct {
	QueueChange

	Note string `json:"note" doc:"Why, as it will stand with the jobs." maxLength:"200" minLength:"3"`
}

// QueueChanged is what became of it.
type QueueChanged struct {
	// Preview is there for a dry run.
	Preview *QueuePreview `json:"preview,omitempty"`
	// Done are the jobs of this request.
	Done int `json:"done" doc:"How many jobs were changed by this request."`
	// Released is what held jobs wait for and is tried at once.
	Released []string `json:"released,omitempty" doc:"What held jobs wait for, and is now tried at once."`
	Next     string   `json:"next,omitempty"     doc:"Give it as cursor to go on; absent when the selection is at its end."`
}

// QueuePreview is what a change would be of.
type QueuePreview struct {
	Jobs   int        `json:"jobs"             doc:"How many jobs are selected."`
	Held   int        `json:"held"             doc:"How many of them are held: they are released, and not begun anew."`
	Oldest *time.Time `json:"oldest,omitempty" doc:"When the first of them was received."`
	Newest *time.Time `json:"newest,omitempty" doc:"When the last of them was received."`
	First  []Job      `json:"first"            doc:"The first few."`
	AsOf   time.Time  `json:"as_of"            doc:"Give it with the change, so that it is of what was seen."`
}

// DeadLetter is a message of the queue of which nothing could be made. Nothing in it is to be believed.
type DeadLetter struct {
	Reason  string    `json:"reason"`
	Excerpt string    `json:"excerpt"  doc:"Its beginning, without what deceives or looks like a secret; of a readable one, the ids that it names."`
	Bytes   int       `json:"bytes"`
	Times   int       `json:"times"    doc:"How often the same one came."`
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
}
