package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

const (
	watchdogInterval = 5 * time.Second
	// watchdogPatience outlasts the reconnection of the worker after a restart of the sidecar.
	watchdogPatience = time.Minute
)

// watchdog notices a workflow engine that has lost our worker for good. That heals only when the sidecar is started
// afresh; until then nothing would be enhanced, and nothing else would look wrong.
type watchdog struct {
	worker func(context.Context) error // sidecar.ErrNoWorker when it is not registered
}

// watch returns nil when ctx ends, and an error once the worker has been missing for watchdogPatience. A sidecar that
// does not answer is another matter, and its supervisor's.
func (w watchdog) watch(ctx context.Context) error {
	again := time.NewTicker(watchdogInterval)
	defer again.Stop()
	missingSince := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-again.C:
			err := w.ask(ctx)
			switch {
			case !errors.Is(err, sidecar.ErrNoWorker):
				missingSince = time.Time{}
			case missingSince.IsZero():
				missingSince = now
			case now.Sub(missingSince) >= watchdogPatience:
				return fmt.Errorf("%w since %s: the sidecar has to be started afresh", err, watchdogPatience)
			}
		}
	}
}

func (w watchdog) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchdogInterval)
	defer cancel()
	return w.worker(ctx)
}
