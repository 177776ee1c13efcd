package observe_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// bare is a stack without apps.
func bare(t *testing.T) *stack.Stack {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	s, err := stack.Start(t.Context(), stack.Options{Dir: dir, Ports: stack.Any, InfraOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stack.Remove(context.Background(), dir); err != nil {
			t.Error(err)
		}
	})
	return s
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestWatchingStartsReloadsAndStops(t *testing.T) {
	t.Parallel()
	ctx, s := within(t, time.Minute), bare(t)
	if _, err := observe.Attach(s); !errors.Is(err, observe.ErrNotObserved) {
		t.Errorf("got %v, want %v", err, observe.ErrNotObserved)
	}
	o, err := observe.Start(ctx, s, observe.Options{
		Parts: observe.Metrics | observe.Alerts, Interval: 200 * time.Millisecond, Rules: []string{},
		Targets: map[string][]string{"nobody": {"127.0.0.1:1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := observe.Start(ctx, s, observe.Options{Parts: observe.Metrics}); !errors.Is(err, stack.ErrBesideRuns) {
		t.Errorf("got %v for a second start, want %v", err, stack.ErrBesideRuns)
	}
	t.Run("a target that is down is named", func(t *testing.T) {
		if _, err := o.AwaitQuery(ctx, `up{job="nobody"} == 0`); err != nil {
			t.Fatal(err)
		}
		err := o.AwaitTargets(within(t, 3*time.Second))
		if err == nil || !strings.Contains(err.Error(), "nobody http://127.0.0.1:1/metrics: down") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("queries", func(t *testing.T) { queries(t, o) })
	t.Run("reload", func(t *testing.T) {
		if err := o.Reload(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("traces were not asked for", func(t *testing.T) {
		if _, err := o.Trace(ctx, "1"); err == nil || o.JaegerURL() != "" || o.CollectorAddr() != "" {
			t.Errorf("got %v", err)
		}
	})
	if err := o.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := observe.Attach(s); !errors.Is(err, observe.ErrNotObserved) || !s.Process("redis").Alive() {
		t.Errorf("got %v, want nobody to watch, and the stack to go on", err)
	}
}

func queries(t *testing.T, o *observe.Observability) {
	t.Helper()
	ctx := within(t, 20*time.Second)
	if up, err := o.AwaitQuery(ctx, `up{job="dapr-control-plane",service="scheduler"} == 1`); err != nil || len(up) != 1 {
		t.Errorf("got %v, %v, want the scheduler up", up, err)
	}
	if got, err := o.Query(ctx, "6 * 7"); err != nil || len(got) != 1 || got[0].Value != 42 {
		t.Errorf("got %v, %v, want a scalar", got, err)
	}
	if got, err := o.Query(ctx, "no_such_metric"); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want nothing and no error", got, err)
	}
	for expr, want := range map[string]string{"sum(": "parse error", "up[1m]": "matrix"} {
		if _, err := o.Query(ctx, expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to mention %q", expr, err, want)
		}
	}
	if _, err := o.AwaitQuery(within(t, 3*time.Second), "no_such_metric"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want to be told that nothing was found in time", err)
	}
}
