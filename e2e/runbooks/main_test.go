package runbooks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// world is the stack that all drills share, with what watches it.
type world struct {
	once  sync.Once
	err   error
	dir   string
	stack *stack.Stack
	users *platform.Platform
	watch *observe.Observability
}

// shared starts with the first test that asks for it: those that only read pages need none.
var shared world

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.stop(context.Background(), code != 0); err != nil {
		fmt.Fprintln(os.Stderr, "runbooks:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// running gives the stack; a test that gets it must leave it as it was.
func running(t *testing.T) *world {
	t.Helper()
	shared.once.Do(func() { shared.err = shared.start(context.Background()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared
}

func (w *world) start(ctx context.Context) (err error) {
	if w.dir, err = os.MkdirTemp("", "ai-agents-runbooks-"); err != nil {
		return fmt.Errorf("make a run directory: %w", err)
	}
	w.stack, err = stack.Start(ctx, stack.Options{
		Dir: w.dir, Ports: stack.Any, ReadyTimeout: 2 * time.Minute,
		// The limits of the product, shortened, so that what hangs does not make the drills hang as long.
		Env: map[string]map[string]string{"enhancer": {
			"LLM_TIMEOUT": "1s", "LLM_BACKOFF": "50ms", "KB_TIMEOUT": "1s", "SERVICEDESK_TIMEOUT": "1s",
			"SWEEP_INTERVAL": "1s", "SWEEP_PENDING_AFTER": "5s", "SWEEP_RUNNING_AFTER": "5s", "SWEEP_BACKOFF": "2s",
			"LLM_PRICE_PROMPT_PER_MTOK": "2.5", "LLM_PRICE_COMPLETION_PER_MTOK": "10",
			// Polls come when a drill asks for them.
			"RECONCILE_INTERVAL": "10000h", "RECONCILE_GRACE": "2s",
			// Each tenant's server is called by its drill, not by a schedule.
			"MIRROR_TICKETS_INTERVAL": "0", "MIRROR_KB_INTERVAL": "0", "MIRROR_ASSETS_INTERVAL": "0",
		}},
	}.Covered())
	if err != nil {
		return fmt.Errorf("start the stack (after `make build`): %w", err)
	}
	if w.users, err = platform.Open(ctx, w.stack); err != nil {
		return fmt.Errorf("reach the platform: %w", err)
	}
	if w.watch, err = observe.Start(ctx, w.stack, observe.Options{Parts: observe.Metrics | observe.Alerts, Interval: time.Second}); err != nil {
		return fmt.Errorf("watch the stack: %w", err)
	}
	return nil
}

// stop ends what was started, and keeps the logs of a failure.
func (w *world) stop(ctx context.Context, failed bool) error {
	var errs []error
	if w.users != nil {
		w.users.Close()
	}
	if w.stack != nil {
		errs = append(errs, w.stack.Stop(ctx))
	}
	err := errors.Join(errs...)
	if w.dir == "" {
		return err
	}
	if failed || err != nil || w.err != nil {
		fmt.Fprintln(os.Stderr, "runbooks: logs are in", w.dir+"/logs")
		return err
	}
	return stack.Remove(ctx, w.dir)
}
