package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// fate is what has become of a record of ours that a complete list lacked.
type fate int

const (
	fateUnknown  fate = iota
	fateAlive         // the list was not complete
	fateArchived      // it is still worth having
	fateGone
)

const (
	checkBatch = 500
	// A list that lacks so many records that are there, and more of them than are gone, was cut off.
	tooManyAlive = 20
	// The schedule removes at most so many in one pass, or this share of all: the larger of the two.
	fewRemoved   = 2
	removedShare = 5 // a fifth
	archivedFor  = 10 * 365 * 24 * time.Hour
)

// most is how many the schedule may remove in one pass. Each removal is confirmed by the server; but a server that was
// replaced by another, or a key whose rights were cut, confirms whatever it is asked, and would do so a second time.
func (t *tally) most() int { return max(fewRemoved, t.Ours/removedShare) }

// checking is the comparison of one feed.
type checking struct {
	state  **check // in the cursor
	ids    func(ctx context.Context, tenantID string, origin gather.Origin, after string, limit int) ([]string, error)
	remove func(ctx context.Context, tenantID string, origin gather.Origin, ids []string) (int, error)
	unseen func(ctx context.Context, ids []string) ([]string, error)
	fate   func(ctx context.Context, id string) (fate, error)
}

// finalError ends a pass that would not end better if it went on.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

func isFinal(err error) bool {
	_, ok := errors.AsType[*finalError](err)
	return ok
}

// check removes ours that were not seen and of which the server says that they are gone.
func (r *run) check(ctx context.Context, c checking) error {
	if r.cursor.Halted != "" && !r.foreground {
		return nil // said before, and to be read in the feed's row
	}
	if err := r.beginCheck(ctx, c); err != nil {
		return err
	}
	state := *c.state
	for {
		ids, err := c.ids(ctx, r.tenantID, gather.OriginServiceDesk, state.After, checkBatch)
		if err != nil {
			return fmt.Errorf("list ours: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		missing, err := r.missing(ctx, c, ids)
		if err != nil {
			return err
		}
		for _, id := range missing {
			if err := r.settle(ctx, c, id); err != nil {
				return err
			}
			state.After = id
			if err := r.save(ctx, sightings{}); err != nil {
				return err
			}
		}
		state.After = ids[len(ids)-1]
	}
}

// beginCheck counts ours, unless the comparison goes on.
func (r *run) beginCheck(ctx context.Context, c checking) error {
	if !r.foreground && r.cursor.Tally == nil {
		ours, err := r.countOurs(ctx, c)
		if err != nil {
			return err
		}
		r.cursor.Tally = &tally{Ours: ours, Started: r.m.cfg.now()}
	}
	if *c.state != nil {
		return nil
	}
	*c.state = &check{}
	return r.save(ctx, sightings{})
}

// missing are those of ids that the list lacked, without those that are known to be archived.
func (r *run) missing(ctx context.Context, c checking, ids []string) ([]string, error) {
	missing, err := c.unseen(ctx, ids)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	archived, err := r.m.rows.leftOuts(ctx, r.tenantID, r.feed, missing, leftArchived)
	return slices.DeleteFunc(missing, func(id string) bool {
		_, known := archived[id]
		return known
	}), err
}

// settle does what the fate of one record asks for.
func (r *run) settle(ctx context.Context, c checking, id string) error {
	state, tally := *c.state, r.cursor.Tally
	f, err := c.fate(ctx, id)
	if err != nil {
		return r.passOver(ctx, id, err)
	}
	r.hasRead()
	switch f {
	case fateUnknown:
		return nil
	case fateAlive:
		if state.Alive++; state.Alive >= tooManyAlive && state.Alive > state.Removed {
			return &finalError{fmt.Errorf("the server's list of %s was not complete: %d are there that it lacks; nothing more is removed for now",
				r.feed, state.Alive)}
		}
		return nil
	case fateArchived:
		return r.m.rows.leaveOut(ctx, r.tenantID, r.feed, []leftOut{{ID: id, Reason: leftArchived, Until: archivedFor}})
	case fateGone:
	}
	if !r.foreground && tally.Removed >= tally.most() {
		r.cursor.Halted = fmt.Sprintf("more than %d of %d %s are gone from the server; if that is right, "+
			"run `agentctl import %s --tenant %s`, which removes them", tally.most(), tally.Ours, r.feed, r.feed, r.tenantID)
		return &finalError{errors.New(r.cursor.Halted)}
	}
	n, err := c.remove(ctx, r.tenantID, gather.OriginServiceDesk, []string{id})
	if err != nil {
		return fmt.Errorf("remove what is gone: %w", err)
	}
	state.Removed += n
	if !r.foreground {
		tally.Removed += n
	}
	r.sum.Removed += n
	return nil
}

func (r *run) countOurs(ctx context.Context, c checking) (int, error) {
	after, n := "", 0
	for {
		ids, err := c.ids(ctx, r.tenantID, gather.OriginServiceDesk, after, checkBatch)
		if err != nil {
			return 0, fmt.Errorf("count ours: %w", err)
		}
		if len(ids) == 0 {
			return n, nil
		}
		n += len(ids)
		after = ids[len(ids)-1]
	}
}
