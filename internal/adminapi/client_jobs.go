package adminapi

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// SendTestWebhook has the console sign a webhook and send it to the gateway.
func (c *Client) SendTestWebhook(ctx context.Context, tenantID string, in TestWebhook) (AcceptedWebhook, error) {
	var out AcceptedWebhook
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "test-webhook"), in: in}, &out)
	return out, err
}

// RetryJob begins a failed job anew.
func (c *Client) RetryJob(ctx context.Context, tenantID, jobID string) (Job, error) {
	var out Job
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "jobs", jobID, "retry")}, &out)
	return out, err
}

// CancelJob ends a job, wherever it stands.
func (c *Client) CancelJob(ctx context.Context, tenantID, jobID string, in CancelJob) (CancelledJob, error) {
	var out CancelledJob
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "jobs", jobID, "cancel"), in: in, again: true}, &out)
	return out, err
}

// RerunJob runs a completed job again.
func (c *Client) RerunJob(ctx context.Context, tenantID, jobID string, in RerunJob) (Job, error) {
	var out Job
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "jobs", jobID, "rerun"), in: in}, &out)
	return out, err
}

// JobQuery says which jobs to list. Its zero value lists all of the tenant.
type JobQuery struct {
	Status   enhancement.Status
	TicketID string
	// Withheld leaves in those whose note was not posted in this mode.
	Withheld tenant.Mode
	// Since and Until leave out those that were received before, and then or later; zero for none.
	Since, Until time.Time
}

// Jobs lists a tenant's jobs, the newest first, without their steps.
func (c *Client) Jobs(ctx context.Context, tenantID string, q JobQuery) iter.Seq2[Job, error] {
	return pages[Job](ctx, c, tenantPath(tenantID, "jobs"), q.values())
}

// JobsPage lists one page of a tenant's jobs.
func (c *Client) JobsPage(ctx context.Context, tenantID string, q JobQuery, s Slice) (Page[Job], error) {
	return slice[Job](ctx, c, tenantPath(tenantID, "jobs"), q.values(), s)
}

// AllJobsPage lists one page of the jobs of all tenants, or of the one that is named; Withheld is not looked at.
func (c *Client) AllJobsPage(ctx context.Context, tenantID string, q JobQuery, s Slice) (Page[Job], error) {
	q.Withheld = ""
	query := q.values()
	if tenantID != "" {
		query.Set("tenant_id", tenantID)
	}
	return slice[Job](ctx, c, "/jobs", query, s)
}

func (q JobQuery) values() url.Values {
	return filter("status", string(q.Status), "ticket_id", q.TicketID, "withheld", string(q.Withheld),
		"received_after", instant(q.Since), "received_before", instant(q.Until))
}

// Job shows a job with its steps and what the model cost.
func (c *Client) Job(ctx context.Context, tenantID, jobID string) (Job, error) {
	var out Job
	err := c.do(ctx, get(tenantPath(tenantID, "jobs", jobID), nil), &out)
	return out, err
}
