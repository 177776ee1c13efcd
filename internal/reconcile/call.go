package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// heldUpError says that the server is not to be called for a while. It is not a failure.
type heldUpError struct{ wait time.Duration }

func (e *heldUpError) Error() string {
	return fmt.Sprintf("the server limits the calls; the next one is in %s", e.wait.Round(time.Second))
}

// farOff is by how much a server's clock can be wrong. One that is further off says nothing.
const farOff = 24 * time.Hour

// ask lists a page, at the pace of all that call the server, and learns what time it is there.
func (p *poll) ask(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	var none servicedesk.RequestPage
	host := p.desk.Host()
	turn, err := p.pace.Reserve(ctx, p.tenantID, host, p.cfg.CallsPerMinute(p.desk.Profile()))
	if err != nil {
		return none, err
	}
	if turn.Blocked > 0 {
		return none, &heldUpError{wait: turn.Blocked}
	}
	if turn.Wait > 0 {
		if err := p.rest(ctx, turn.Wait); err != nil {
			return none, err
		}
	}
	page, err := p.desk.ListRequests(ctx, q)
	switch {
	case err == nil:
		p.hear(page.At)
		if turn.Strikes > 0 {
			err = p.pace.Forgive(ctx, p.tenantID, host)
		}
		return page, err
	case servicedesk.RateLimited(err):
		wait, blockErr := p.pace.Block(ctx, p.tenantID, host, turn.Strikes, p.cfg.Block)
		if blockErr != nil {
			return none, blockErr
		}
		p.Logger.WarnContext(ctx, "the server limits the calls of the poll for missed webhooks", "wait", wait, "error", err)
		return none, &heldUpError{wait: wait}
	}
	return none, p.explain(err)
}

// hear learns what time it is for the server.
func (p *poll) hear(at time.Time) {
	if at.IsZero() {
		return
	}
	if ahead := at.Sub(p.cfg.now()); ahead.Abs() <= farOff {
		p.state.ahead = ahead
	}
}

// explain says what to do about a failure that somebody has to mend.
func (p *poll) explain(err error) error {
	if _, ok := errors.AsType[*outbound.RefusedError](err); ok {
		return fmt.Errorf("the ServiceDesk Plus of tenant %s may not be called: %w", p.tenantID, err)
	}
	failed, ok := errors.AsType[*servicedesk.Error](err)
	if ok && failed.Kind == servicedesk.KindUnauthorized {
		return fmt.Errorf("the ServiceDesk Plus of tenant %s does not accept our credentials; give it new ones with "+
			"`agentctl tenant set-api-key`, and the poll goes on where it stopped: %w", p.tenantID, err)
	}
	if servicedesk.InputRefused(err) {
		return fmt.Errorf("the ServiceDesk Plus of tenant %s refuses to list requests by the time of their creation: %w", p.tenantID, err)
	}
	return fmt.Errorf("list the requests: %w", err)
}
