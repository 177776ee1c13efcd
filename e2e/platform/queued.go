package platform

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// hands is how many tickets are opened at once.
const hands = 8

// Backlog opens n tickets of which no webhook tells, and has their jobs wait in the ledger, as if the gateway had accepted them and
// the queue had delivered them: all of them at once, which no sender could.
func (p *Platform) Backlog(ctx context.Context, tenantID string, t simulator.NewTicket, n int) error {
	opened := make([]string, n)
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(hands)
	for i := range n {
		group.Go(func() error {
			o, err := p.OpenTicket(opening, tenantID, t, simulator.EmitNone)
			opened[i] = o.TicketID
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	group, queueing := errgroup.WithContext(ctx)
	group.SetLimit(hands)
	for _, id := range opened {
		group.Go(func() error {
			job := enhancement.New(tenantID, enhancement.EventCreated,
				ticket.Ticket{ID: id, Subject: t.Subject, Description: t.Description, Priority: t.Priority}, "backlog")
			made, err := p.ledger.AcceptQueued(queueing, job)
			if err == nil && !made {
				err = fmt.Errorf("the ledger has job %s already", job.ID)
			}
			return err
		})
	}
	return group.Wait()
}

// Waiting is how many jobs of the tenant wait for their turn, and how many run.
func (p *Platform) Waiting(ctx context.Context, tenantID string) (waiting, running int, err error) {
	depths, err := p.ledger.Waiting(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("look at the queue of %s: %w", tenantID, err)
	}
	for _, d := range depths {
		if d.TenantID == tenantID {
			return d.Waiting, d.Running, nil
		}
	}
	return 0, 0, nil
}
