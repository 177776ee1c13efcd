package adminapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
)

// PutTickets stores past tickets, all or none.
func (c *Client) PutTickets(ctx context.Context, tenantID string, rows []history.PastTicket) (Change, error) {
	return c.upload(ctx, tenantID, "tickets", TicketBatch{Rows: rows})
}

// PutArticles stores articles, all or none.
func (c *Client) PutArticles(ctx context.Context, tenantID string, rows []knowledge.Article) (Change, error) {
	return c.upload(ctx, tenantID, "articles", ArticleBatch{Rows: rows})
}

// PutSystems stores systems, all or none.
func (c *Client) PutSystems(ctx context.Context, tenantID string, rows []inventory.System) (Change, error) {
	return c.upload(ctx, tenantID, "systems", SystemBatch{Rows: rows})
}

// PutSubnets stores networks, all or none.
func (c *Client) PutSubnets(ctx context.Context, tenantID string, rows []inventory.Subnet) (Change, error) {
	return c.upload(ctx, tenantID, "subnets", SubnetBatch{Rows: rows})
}

// upload may be sent again: rows that are there already are unchanged then.
func (c *Client) upload(ctx context.Context, tenantID, what string, batch any) (Change, error) {
	var out Change
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, what, "batch"), in: batch, again: true, slow: true}, &out)
	return out, err
}

// StreamError is what ended the work that a stream told of.
type StreamError struct{ Text string }

func (e *StreamError) Error() string { return e.Text }

// Import imports from the tenant's ServiceDesk Plus, for as long as ctx allows, and tells report how it goes. The summary
// is of what was done, also when there is an error, unless that is ErrCutOff or ctx's own.
func (c *Client) Import(ctx context.Context, tenantID string, in StartImport, report func(ImportProgress)) (ImportSummary, error) {
	var last ImportEvent
	err := c.stream(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "imports"), in: in}, func(line []byte) error {
		event, err := decodeLine[ImportEvent](line)
		if err != nil {
			return err
		}
		if event.Progress != nil && report != nil {
			report(*event.Progress)
		}
		if event.Summary != nil {
			last.Summary = event.Summary
		}
		last.Error += event.Error
		return nil
	})
	summary := ImportSummary{}
	if last.Summary != nil {
		summary = *last.Summary
	}
	switch {
	case err != nil:
		return summary, err
	case last.Error != "":
		return summary, &StreamError{Text: last.Error}
	case last.Summary == nil:
		return summary, fmt.Errorf("%w before the import's end", ErrCutOff)
	default:
		return summary, nil
	}
}

// Reindex brings the tenant's search index up to date, or makes it anew.
func (c *Client) Reindex(ctx context.Context, tenantID string, in Reindex) (Reindexed, error) {
	var last ReindexEvent
	err := c.stream(ctx, call{method: http.MethodPost, path: tenantPath(tenantID, "reindex"), in: in}, func(line []byte) error {
		event, err := decodeLine[ReindexEvent](line)
		if err != nil {
			return err
		}
		if event.Done != nil || event.Error != "" {
			last = event
		}
		return nil
	})
	switch {
	case err != nil:
		return Reindexed{}, err
	case last.Error != "":
		return Reindexed{}, &StreamError{Text: last.Error}
	case last.Done == nil:
		return Reindexed{}, fmt.Errorf("%w before the index was done", ErrCutOff)
	default:
		return *last.Done, nil
	}
}
