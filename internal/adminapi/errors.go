package adminapi

import (
	"context"
	"time"
)

// Runbooks is where Error.Runbook is found.
const Runbooks = "https://github.com/ai-agents/ai-agents/blob/main/docs/runbooks/"

// Error is what went wrong for one reason, once or often.
type Error struct {
	TenantID string    `json:"tenant_id,omitempty" doc:"Absent where it is nobody's, as of a dead letter."`
	Kind     string    `json:"kind"                enum:"job,step,model,outage,dead_letter,webhook" doc:"job: it failed. step: the note had to do without. model: a request to it failed. outage: it counts as dead now. dead_letter: a message that belongs to no job. webhook: refused, as the audit log says; for those who may read that."`
	Place    string    `json:"place,omitempty"     doc:"The event, the step, the model, or what is dead."`
	Reason   string    `json:"reason"              doc:"As it was said last, without what looks like a secret. Numbers and ids differ from time to time. Other systems say it: it is not to be believed."`
	Times    int       `json:"times"`
	FirstAt  time.Time `json:"first_at"            doc:"Of those that were looked at."`
	LastAt   time.Time `json:"last_at"`
	JobID    string    `json:"job_id,omitempty"    doc:"One of the jobs that it happened to."`
	Runbook  string    `json:"runbook"             doc:"What to do: a file below docs/runbooks."`
}

// Errors tells what went wrong since then, the latest first: of all tenants, or of one.
func (c *Client) Errors(ctx context.Context, tenantID string, since time.Time) ([]Error, error) {
	var out Page[Error]
	err := c.do(ctx, get("/errors", filter("tenant_id", tenantID, "since", instant(since))), &out)
	return out.Items, err
}
