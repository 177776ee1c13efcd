package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

const (
	// drainPatience outlasts a drain whose steps do not end.
	drainPatience = 3 * time.Minute
	// drainedFor is how long the others do the work of one that is drained.
	drainedFor = 2 * time.Second
)

// drains takes one enhancer after the other out of work and back, by the admin API, as an operator does who means to restart it.
func drains() fault {
	return fault{
		kind: kindMoment, does: "each enhancer in turn is drained by the admin API, and taken back after 2 s",
		begin: func(ctx context.Context, w *world) error {
			workers, err := w.users.Admin().Workers(ctx)
			if err != nil {
				return fmt.Errorf("list the workers: %w", err)
			}
			for i := range workers {
				if workers[i].State == adminapi.WorkerWorking {
					if err := w.takeOut(ctx, workers[i].Replica); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

func (w *world) takeOut(ctx context.Context, replica string) error {
	ctx, cancel := context.WithTimeout(ctx, drainPatience)
	defer cancel()
	if _, err := w.users.Admin().DrainWorker(ctx, replica, adminapi.DrainWorker{EvenLast: true}); err != nil {
		return fmt.Errorf("drain %s: %w", replica, err)
	}
	drained, err := w.awaitWorker(ctx, replica, adminapi.WorkerDrained)
	if err != nil {
		return err
	}
	if drained.Steps != 0 {
		return fmt.Errorf("%s is drained with %d steps under way", replica, drained.Steps)
	}
	rest(ctx, drainedFor)
	if _, err := w.users.Admin().UndrainWorker(ctx, replica); err != nil {
		return fmt.Errorf("undrain %s: %w", replica, err)
	}
	_, err = w.awaitWorker(ctx, replica, adminapi.WorkerWorking)
	return err
}

func (w *world) awaitWorker(ctx context.Context, replica, state string) (adminapi.Worker, error) {
	var last adminapi.Worker
	for ctx.Err() == nil {
		workers, err := w.users.Admin().Workers(ctx)
		if err != nil {
			return last, fmt.Errorf("list the workers: %w", err)
		}
		for i := range workers {
			if workers[i].Replica == replica {
				last = workers[i]
			}
		}
		if last.State == state {
			return last, nil
		}
		rest(ctx, 200*time.Millisecond) //nolint:mnd // how often it is looked
	}
	return last, fmt.Errorf("%s did not come to be %s: it is %q with %d steps under way", replica, state, last.State, last.Steps)
}
