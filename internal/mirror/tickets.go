package mirror

import (
	"context"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// How long a ticket without a resolution, and a record that was rejected, are left alone while they do not change.
const (
	emptyFor    = 365 * 24 * time.Hour
	rejectedFor = 12 * time.Hour
	// failedFor is for one that the server failed to give out. It doubles each time, up to rejectedFor.
	failedFor = 5 * time.Minute
	// unversionedFor holds where the server does not say when a ticket changed.
	unversionedFor = 24 * time.Hour
)

// ticketVisit decides what happens to the tickets of a list.
type ticketVisit struct {
	// wanted tells which of those that we do not have are brought in.
	wanted func(servicedesk.Request) bool
	// reread also reads those that we have and of which the server does not say whether they have changed.
	reread bool
}

// page visits tickets as they were listed.
func (r *run) page(v ticketVisit) step {
	return func(ctx context.Context, listed []servicedesk.Request) error {
		ids := make([]string, len(listed))
		for i, t := range listed {
			ids[i] = t.ID
		}
		have, err := r.m.tickets.Versions(ctx, r.tenantID, ids)
		if err != nil {
			return fmt.Errorf("see which tickets there are: %w", err)
		}
		left, err := r.leftOuts(ctx, ids)
		if err != nil {
			return err
		}
		batch := &ticketBatch{r: r, people: map[string][]string{}}
		err = r.eachTicket(ctx, listed, func(t servicedesk.Request) error {
			version, known := have[t.ID]
			leftVersion, isLeft := left[t.ID]
			open := r.m.status(t) == statusOpen
			switch {
			case t.IsTrashed || open:
				r.sum.Skipped++
				return batch.remove(ctx, t.ID, known)
			case known && isCurrent(version, t.LastUpdatedTime, v.reread):
				r.sum.Unchanged++
				batch.people[t.ID] = []string{t.Requester.Name, t.Technician}
			case !known && (!v.wanted(t) || isLeft && leftVersion.Equal(t.LastUpdatedTime)):
				r.sum.Skipped++
			case known && isLeft && !leftVersion.IsZero() && leftVersion.Equal(t.LastUpdatedTime):
				r.sum.Skipped++ // rejected as it now is; the older one is better than none
			default:
				return batch.fetch(ctx, t, known)
			}
			return nil
		})
		// What was read is stored even if the run is over.
		return batch.close(ctx, err)
	}
}

// isCurrent tells whether what we have is what the server has. Where it does not say when a record changed, only
// reading it again would tell.
func isCurrent(ours, theirs time.Time, reread bool) bool {
	if theirs.IsZero() {
		return !reread
	}
	return ours.Equal(theirs)
}

// eachTicket counts the tickets as it goes.
func (r *run) eachTicket(ctx context.Context, listed []servicedesk.Request, visit func(servicedesk.Request) error) error {
	for _, t := range listed {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		r.sum.Read++
		if t.ID == "" {
			r.reject(ctx, "", "the server lists a ticket without an id")
			continue
		}
		if err := visit(t); err != nil {
			return err
		}
		r.done++
		r.report(0, "")
	}
	return nil
}

func (r *run) leftOuts(ctx context.Context, ids []string) (map[string]time.Time, error) {
	if r.opts.Restart {
		return nil, nil //nolint:nilnil // nothing is left out
	}
	return r.m.rows.leftOuts(ctx, r.tenantID, r.feed, ids, leftEmpty, leftRejected, leftFailed)
}
