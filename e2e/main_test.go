// Package e2e_test runs the platform as a whole: real daprd, placement, scheduler, Redis, Postgres and apps; only
// ServiceDesk Plus, the knowledge base and the language model are simulated.
package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// The stack that all tests of this package share. Tests that break it mend it again and do not run beside
// others.
var (
	running *stack.Stack
	users   *platform.Platform
	watched *observe.Observability
)

func TestMain(m *testing.M) {
	// The parallel tests wait for time-outs and pauses, they hardly compute: run them all at once, not one a core.
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ai-agents-e2e-")
	if err != nil {
		return 1, fmt.Errorf("make a run directory: %w", err)
	}
	running, err = stack.Start(ctx, stack.Options{
		Dir: dir, Ports: stack.Any, ReadyTimeout: 2 * time.Minute, Traced: true,
		// The limits of the product, shortened, so that what hangs does not make the tests hang as long.
		Env: map[string]map[string]string{"enhancer": {
			"LLM_TIMEOUT": "1s", "LLM_BACKOFF": "50ms", "KB_TIMEOUT": "1s", "SERVICEDESK_TIMEOUT": "1s",
			"LLM_PRICE_PROMPT_PER_MTOK": "2.5", "LLM_PRICE_COMPLETION_PER_MTOK": "10",
			"SWEEP_INTERVAL": "1s", "SWEEP_PENDING_AFTER": "10s", "SWEEP_RUNNING_AFTER": "10s", "SWEEP_BACKOFF": "5s",
			"SWEEP_STUCK_AFTER": "60s", "WORKFLOW_RETENTION": "5s",
			// Tests open tickets without a webhook, or with one that is refused, and expect nothing to happen: polls come when a
			// test asks for them (awaitCaught).
			"RECONCILE_INTERVAL": "10000h", "RECONCILE_GRACE": "2s",
		}},
	}.Covered())
	if err != nil {
		return 1, fmt.Errorf("start the stack (after `make build`): %w", err)
	}
	defer func() {
		err = errors.Join(err, running.Stop(ctx))
		if code == 0 && err == nil {
			err = stack.Remove(ctx, dir)
		} else {
			fmt.Fprintln(os.Stderr, "e2e: logs are in", dir+"/logs")
		}
	}()
	watched, err = observe.Start(ctx, running, observe.Options{Interval: time.Second})
	if err != nil {
		return 1, fmt.Errorf("watch the stack (after `make observability`): %w", err)
	}
	users, err = platform.Open(ctx, running)
	if err != nil {
		return 1, fmt.Errorf("reach the platform: %w", err)
	}
	defer users.Close()
	return m.Run(), nil
}
