package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

// The patience with an engine that has lost our worker. All that was accepted waits meanwhile, and the restart that follows
// takes its time, too: work has to be back within a minute.
const (
	watchdogInterval = 2 * time.Second
	// watchdogFirst is the patience with a worker that has never been registered: it was connected when the process began.
	watchdogFirst = 10 * time.Second
	// watchdogPatience outlasts the reconnection of a worker after a restart of the sidecar, which pauses for up to 23 s.
	watchdogPatience = 26 * time.Second
)

// watchdog notices a workflow engine that has lost our worker for good. That heals only when the sidecar is started
// afresh; until then nothing would be enhanced, and nothing else would look wrong.
type watchdog struct {
	worker func(context.Context) error // sidecar.ErrNoWorker when it is not registered
	// active hears, each time, whether the worker takes work.
	active func(bool)
}

// watch returns nil when ctx ends, and an error once the worker has been missing for too long. A sidecar that
// does not answer is another matter, and its supervisor's.
func (w watchdog) watch(ctx context.Context) error {
	again := time.NewTicker(watchdogInterval)
	defer again.Stop()
	defer w.active(false)
	missingSince, patience := time.Time{}, watchdogFirst
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-again.C:
			err := w.ask(ctx)
			w.active(err == nil)
			switch {
			case err == nil:
				missingSince, patience = time.Time{}, watchdogPatience
			case !errors.Is(err, sidecar.ErrNoWorker):
				missingSince = time.Time{}
			case missingSince.IsZero():
				missingSince = now
			case now.Sub(missingSince) >= patience:
				return fmt.Errorf("%w since %s: the sidecar has to be started afresh", err, patience)
			}
		}
	}
}

func (w watchdog) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchdogInterval)
	defer cancel()
	return w.worker(ctx)
}
