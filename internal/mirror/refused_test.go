package mirror

import (
	"context"
	"errors"
	"testing"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// movedDesk lists from where the name led at first, and reads from where it leads now.
type movedDesk struct {
	Desk

	now Desk
}

func (d movedDesk) Request(ctx context.Context, id string) (servicedesk.Request, error) {
	return d.now.Request(ctx, id)
}

// No record is to blame when the server's address is refused in the middle of a run: none is left out for hours.
func TestSSRFARefusedServerSpoilsNoRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(3)
	reachable, err := b.desks.Mirrored(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	refused, err := servicedesk.New(servicedesk.Config{
		BaseURL: "http://169.254.169.254/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.desks.set(alpha, movedDesk{reachable, refused})
	sum, err := b.Refresh(t.Context(), alpha, FeedTickets)
	if _, ok := errors.AsType[*outbound.RefusedError](err); !ok || sum.Rejected != 0 {
		t.Errorf("%+v, %v, want the run to end with the refusal and nothing rejected", sum, err)
	}
	var leftOut int
	if b.scan("SELECT count(*) FROM mirror_left_out", &leftOut); leftOut != 0 {
		t.Errorf("%d records are left out", leftOut)
	}
	if n := b.clock.longestSleep(); n != 0 {
		t.Errorf("the call was repeated after %s", n)
	}
	b.desks.set(alpha, reachable)
	b.do(FeedTickets, Options{})
	b.inStep()
}
