package adminapi

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// QueueAccounts tells how the queues fare: of all tenants, or of the one that is named.
func (c *Client) QueueAccounts(ctx context.Context, tenantID string) ([]QueueAccount, error) {
	var out Page[QueueAccount]
	err := c.do(ctx, get("/queue", filter("tenant_id", tenantID)), &out)
	return out.Items, err
}

// DeadLetters lists the messages of which nothing could be made, those that came last first.
func (c *Client) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	var out Page[DeadLetter]
	err := c.do(ctx, get("/queue/dead-letters", filter("limit", strconv.Itoa(limit))), &out)
	return out.Items, err
}

// QueueJobs lists the selected jobs of a tenant's queue, the oldest first.
func (c *Client) QueueJobs(ctx context.Context, tenantID string, s QueueSelection) iter.Seq2[Job, error] {
	query := filter("ticket_id", s.TicketID, "reason", s.Reason, "received_after", stamp(s.ReceivedAfter), "received_before", stamp(s.ReceivedBefore))
	for _, state := range s.States {
		query.Add("state", string(state))
	}
	return pages[Job](ctx, c, tenantPath(tenantID, "queue"), query)
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// RetryQueue begins a part of the selected jobs anew. Repeated, it does not begin one twice that was selected as of a time.
func (c *Client) RetryQueue(ctx context.Context, tenantID string, in QueueChange) (QueueChanged, error) {
	var out QueueChanged
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "queue", "retry"), in: in, again: in.DryRun}, &out)
	return out, err
}

// DropQueue ends a part of the selected jobs.
func (c *Client) DropQueue(ctx context.Context, tenantID string, in QueueDrop) (QueueChanged, error) {
	var out QueueChanged
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "queue", "drop"), in: in, again: in.DryRun}, &out)
	return out, err
}

// Retryable and Droppable are the states that the changes are for.
func Retryable() []enhancement.QueueState {
	return []enhancement.QueueState{enhancement.QueueFailed, enhancement.QueueHeld}
}

// Droppable is for DropQueue what Retryable is for RetryQueue.
func Droppable() []enhancement.QueueState {
	return []enhancement.QueueState{enhancement.QueueWaiting, enhancement.QueueHeld}
}
