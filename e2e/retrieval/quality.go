package retrieval

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// depth is how many results count, where a measure looks at all of them.
const depth = 1000

// longAgo is when tickets of sets without dates were resolved.
func longAgo() time.Time { return time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC) }

// past is a ticket of a set that has no resolutions.
func past(number int, subject, description string, at time.Time) history.PastTicket {
	if strings.TrimSpace(subject) == "" && strings.TrimSpace(description) == "" {
		description = "(empty)"
	}
	return history.PastTicket{
		ID: strconv.Itoa(number), Subject: subject, Description: description, Resolution: "Resolved.", CreatedAt: at, ResolvedAt: at,
	}
}

// history makes a tenant with these tickets, and the product's source over it.
func (w *world) history(ctx context.Context, tenantID string, tickets []history.PastTicket, opts history.Options) (*history.Source, error) {
	if err := w.addTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	if err := w.put(ctx, tenantID, tickets); err != nil {
		return nil, err
	}
	return history.New(w.db, opts), w.settle(ctx)
}

// ask gives the numbers of what the source finds.
func ask(ctx context.Context, source gather.Source, tenantID string, t ticket.Ticket) ([]int, error) {
	result, err := source.Find(ctx, gather.Query{TenantID: tenantID, Ticket: t})
	if err != nil {
		return nil, err
	}
	found := make([]int, len(result.Items))
	for i, item := range result.Items {
		if found[i], err = strconv.Atoi(item.ID); err != nil {
			return nil, fmt.Errorf("an id that was not put there: %w", err)
		}
	}
	return found, nil
}

func judge(found []int, relevant func(int) bool) []bool {
	judged := make([]bool, len(found))
	for i, document := range found {
		judged[i] = relevant(document)
	}
	return judged
}
