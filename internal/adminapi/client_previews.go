package adminapi

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// Preview has a note drafted that is not posted. It may take a minute, and cost what a note costs; it is not repeated by
// itself.
func (c *Client) Preview(ctx context.Context, tenantID string, in PreviewRequest) (Preview, error) {
	var out Preview
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "preview"), in: in, slow: true}, &out)
	return out, err
}

// PastTickets lists the tenant's resolved tickets, those resolved last first. A zero since leaves out none.
func (c *Client) PastTickets(ctx context.Context, tenantID string, since time.Time, limit int) iter.Seq2[ResolvedTicket, error] {
	query := filter("limit", strconv.Itoa(min(max(limit, 1), MaxPage)))
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339))
	}
	return pages[ResolvedTicket](ctx, c, tenantPath(tenantID, "past-tickets"), query)
}

// JobNote shows the note that a job made, on the ticket or not.
func (c *Client) JobNote(ctx context.Context, tenantID, jobID string) (JobNote, error) {
	var out JobNote
	err := c.do(ctx, get(tenantPath(tenantID, "jobs", jobID, "note"), nil), &out)
	return out, err
}
