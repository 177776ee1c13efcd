package mirror

import (
	"context"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// storeEvery is after how many details a run stores: a process that dies loses no more than these.
const storeEvery = 20

// ticketBatch collects what is to be written.
type ticketBatch struct {
	r       *run
	put     []history.PastTicket
	removed []string
	left    []leftOut
	// people are those of tickets that are not read, as the list has them: what was stored by an older release has none.
	people map[string][]string
}

func (b *ticketBatch) remove(ctx context.Context, id string, known bool) error {
	if known {
		b.removed = append(b.removed, id)
	}
	return b.flush(ctx, storeEvery)
}

// fetch reads a ticket that is new or has changed.
func (b *ticketBatch) fetch(ctx context.Context, listed servicedesk.Request, known bool) error {
	r := b.r
	if r.opts.DryRun {
		if known {
			r.sum.Changed++
		} else {
			r.sum.Added++
		}
		return r.count()
	}
	found, err := r.readTicket(ctx, listed)
	if err != nil {
		note := leave(listed.ID, listed.LastUpdatedTime, err)
		if err = r.passOver(ctx, listed.ID, err); err == nil {
			b.left = append(b.left, note)
		}
		return err
	}
	r.hasRead()
	switch found.state {
	case ticketDone:
		b.put = append(b.put, found.ticket)
		if err := b.flush(ctx, storeEvery); err != nil {
			return err
		}
		return r.count()
	case ticketEmpty:
		until := emptyFor
		if listed.LastUpdatedTime.IsZero() {
			until = unversionedFor
		}
		b.left = append(b.left, leftOut{ID: listed.ID, Reason: leftEmpty, Version: listed.LastUpdatedTime, Until: until})
	case ticketOpen:
		if r.m.status(listed) == statusUnknown { // the list will not say so next time either
			b.left = append(b.left, leftOut{ID: listed.ID, Reason: leftEmpty, Version: listed.LastUpdatedTime, Until: unversionedFor})
		}
	case ticketGone:
	}
	r.sum.Skipped++
	return b.remove(ctx, listed.ID, known)
}

// flush writes when there are at least so many.
func (b *ticketBatch) flush(ctx context.Context, least int) error {
	r := b.r
	if len(b.put)+len(b.removed)+len(b.left) < least {
		return nil
	}
	if r.opts.DryRun {
		r.sum.Removed += len(b.removed)
		b.removed = nil
		return nil
	}
	if len(b.put) > 0 {
		rejected, err := put(ctx, r, r.m.tickets, b.put, func(t history.PastTicket) string { return t.ID })
		if err != nil {
			return err
		}
		for _, t := range b.put {
			if rejected[t.ID] {
				b.left = append(b.left, leftOut{ID: t.ID, Reason: leftRejected, Version: t.UpdatedAt, Until: rejectedFor})
			}
		}
		b.put = nil
	}
	if len(b.removed) > 0 {
		n, err := r.m.tickets.Delete(ctx, r.tenantID, gather.OriginServiceDesk, b.removed)
		if err != nil {
			return fmt.Errorf("remove tickets: %w", err)
		}
		r.sum.Removed += n
		b.removed = nil
	}
	if len(b.left) > 0 {
		if err := r.m.rows.leaveOut(ctx, r.tenantID, r.feed, b.left); err != nil {
			return err
		}
		b.left = nil
	}
	return nil
}

// close writes what is left, for a moment also after ctx has ended, and returns the error that ended the page.
func (b *ticketBatch) close(ctx context.Context, ended error) error {
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	if err := b.flush(parting, 1); err != nil && ended == nil {
		return err
	}
	if ended != nil || b.r.opts.DryRun || len(b.people) == 0 {
		return ended
	}
	_, err := b.r.m.tickets.Name(parting, b.r.tenantID, b.people)
	return err //nolint:wrapcheck // it says all
}
