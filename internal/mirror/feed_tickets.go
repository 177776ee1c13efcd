package mirror

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

const (
	// rollingWindow and rollingPages are for servers that cannot sort by change: every refresh looks through so many pages
	// of the tickets that were created within the window.
	rollingWindow = 30 * 24 * time.Hour
	rollingPages  = 10
	// unsortedFor is how long such a server is not asked again.
	unsortedFor = 24 * time.Hour
	// clockSlack covers the difference between our clock and the server's.
	clockSlack = time.Hour
)

func anyTicket(servicedesk.Request) bool { return true }

// importTickets goes through all tickets in the order of their creation, or through those that changed since.
func (r *run) importTickets(ctx context.Context) error {
	if err := r.beginImport(ctx); err != nil {
		return err
	}
	w := r.cursor.Import
	visit := r.page(ticketVisit{wanted: anyTicket, reread: true})
	complete := r.opts.Since.IsZero() && r.opts.Limit == 0 && !r.opts.DryRun
	if w.Check == nil {
		_, err := r.walkTickets(ctx, w, passImport, math.MaxInt, visit)
		if errors.Is(err, errUnsorted) {
			r.log.InfoContext(ctx, "the server does not sort tickets by their last change; since goes by creation", "error", err)
			// Anew, however far it had come: what was read so far has gaps.
			*w = walk{Since: w.Since, At: w.Since, Started: w.Started}
			_, err = r.walkTickets(ctx, w, passImport, math.MaxInt, visit)
		}
		if err != nil {
			return err
		}
	}
	if complete {
		err := r.checkTickets(ctx, w, passImport)
		if isFinal(err) {
			r.cursor.Import = nil // the list has to be read again
			return errors.Join(err, r.save(ctx, sightings{pass: passImport, anew: true}))
		}
		if err != nil {
			return err
		}
	}
	r.endImport(complete, w)
	return r.save(ctx, sightings{pass: passImport, anew: true})
}

// beginImport takes up an import that did not end, if it was for the same.
func (r *run) beginImport(ctx context.Context) error {
	stored := r.cursor.Import
	if stored != nil && !r.opts.Restart && stored.Since.Equal(r.opts.Since) {
		r.sum.Resumed = true
		r.done, r.total = stored.Done, stored.Total
		return nil
	}
	r.cursor.Import = &walk{
		ByUpdate: !r.opts.Since.IsZero(), Since: r.opts.Since, At: r.opts.Since, Started: r.m.cfg.now(),
	}
	return r.save(ctx, sightings{pass: passImport, anew: true})
}

// endImport tells the schedule what it can rely on.
func (r *run) endImport(complete bool, w *walk) {
	r.cursor.Import = nil
	if complete {
		r.cursor.Horizon, r.cursor.SweptAt, r.cursor.Sweep, r.cursor.Halted, r.cursor.Tally = time.Time{}, r.m.cfg.now(), nil, "", nil
	}
	if r.cursor.Refresh == nil && r.opts.Limit == 0 {
		r.cursor.Refresh = &walk{ByUpdate: true, At: w.Started.Add(-clockSlack)}
		r.cursor.Horizon = w.Since
	}
	if r.opts.Limit == 0 && w.Since.Before(r.cursor.Horizon) {
		r.cursor.Horizon = w.Since
	}
}

// refreshTickets is one step of the schedule: what has changed first, then a part of the complete pass if that is due.
func (r *run) refreshTickets(ctx context.Context) error {
	now := r.m.cfg.now()
	if r.cursor.Refresh == nil {
		r.cursor.Horizon = now.Add(-r.m.cfg.FirstWindow)
		r.cursor.Refresh = &walk{ByUpdate: true, At: r.cursor.Horizon}
		r.cursor.SweptAt = now // nothing of ours can be gone yet
	}
	if err := r.followChanges(ctx, now); err != nil {
		return err
	}
	r.caughtUp = true
	if err := r.readAgain(ctx); err != nil {
		return err
	}
	if r.cursor.Sweep == nil && now.Sub(r.cursor.SweptAt) < r.m.cfg.Complete {
		return nil
	}
	return r.sweep(ctx, now)
}

func (r *run) followChanges(ctx context.Context, now time.Time) error {
	visit := r.page(ticketVisit{wanted: anyTicket})
	if now.After(r.cursor.UnsortedUntil) {
		w := r.cursor.Refresh
		if at := w.At; w.pullBack(now) {
			r.log.WarnContext(ctx, "changes were followed into the future; the mirror goes back to the present", "from", at, "to", w.At)
		}
		w.begin(now)
		_, err := r.walkTickets(ctx, w, "", math.MaxInt, visit)
		if !errors.Is(err, errUnsorted) {
			return err
		}
		r.log.InfoContext(ctx, "the server does not sort tickets by their last change; the recent ones are looked through instead", "error", err)
		r.cursor.UnsortedUntil, r.cursor.Rolling = now.Add(unsortedFor), nil
	}
	if r.cursor.Rolling == nil {
		r.cursor.Rolling = &walk{At: now.Add(-rollingWindow)}
	}
	ended, err := r.walkTickets(ctx, r.cursor.Rolling, "", rollingPages, visit)
	if err != nil {
		return err
	}
	if ended {
		r.cursor.Rolling = nil
	}
	return r.save(ctx, sightings{})
}

// sweep goes through all tickets. It reads those that have changed unnoticed, and those that we should have; what is
// older than the horizon is left to an import.
func (r *run) sweep(ctx context.Context, now time.Time) error {
	if r.cursor.Sweep == nil {
		r.cursor.Sweep = &walk{Started: now}
		if err := r.save(ctx, sightings{pass: passSweep, anew: true}); err != nil {
			return err
		}
	}
	w := r.cursor.Sweep
	horizon := r.cursor.Horizon
	wanted := func(t servicedesk.Request) bool {
		return !t.CreatedTime.Before(horizon) || !t.LastUpdatedTime.Before(horizon)
	}
	if w.Check == nil {
		if _, err := r.walkTickets(ctx, w, passSweep, math.MaxInt, r.page(ticketVisit{wanted: wanted})); err != nil {
			return err
		}
	}
	err := r.checkTickets(ctx, w, passSweep)
	if err != nil && !isFinal(err) {
		return err
	}
	if err == nil {
		r.cursor.Tally = nil
	}
	r.cursor.Sweep, r.cursor.SweptAt = nil, now
	if saveErr := r.save(ctx, sightings{pass: passSweep, anew: true}); saveErr != nil {
		return errors.Join(err, saveErr)
	}
	return err
}

// checkTickets compares ours with what a pass has seen.
func (r *run) checkTickets(ctx context.Context, w *walk, pass string) error {
	return r.check(ctx, checking{
		state: &w.Check, ids: r.m.tickets.IDs, remove: r.m.tickets.Delete,
		unseen: func(ctx context.Context, ids []string) ([]string, error) {
			return r.m.rows.unseen(ctx, r.tenantID, r.feed, pass, ids)
		},
		fate: r.ticketFate,
	})
}

// ticketFate asks the server about a ticket that its list lacked.
func (r *run) ticketFate(ctx context.Context, id string) (fate, error) {
	t, err := ask(ctx, r, func(ctx context.Context) (servicedesk.Request, error) { return r.desk.Request(ctx, id) })
	switch {
	case err == nil && t.IsTrashed, err == nil && r.m.status(t) == statusOpen:
		return fateGone, nil
	case err == nil:
		return fateAlive, nil
	case !isGone(err):
		return fateUnknown, fmt.Errorf("look for ticket %s: %w", id, err)
	}
	if failed, ok := errors.AsType[*servicedesk.Error](err); ok && failed.ParentID != "" {
		return fateGone, nil
	}
	_, err = ask(ctx, r, func(ctx context.Context) (servicedesk.Request, error) { return r.desk.ArchivedRequest(ctx, id) })
	switch {
	case err == nil:
		return fateArchived, nil
	case isGone(err):
		return fateGone, nil
	}
	return fateUnknown, fmt.Errorf("look for ticket %s in the archive: %w", id, err)
}
