package dashboards_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// neverHere are selectors of which this stack has no series, each with the reason. Their names are checked against the catalogue.
var neverHere = map[string]string{
	"dapr_runtime_component_init_fail_total":                               "a component that cannot be loaded ends its sidecar, and with it the stack; the name is from daprd's source",
	`enhancement_swept_total{outcome=~"stuck|unclear|unreachable|failed"}`: "an engine in trouble is what make chaos is for",
	`reconcile_left_out_total{tenant_id="dash-unlucky"}`:                   "takes a poll that fails for longer than RECONCILE_MAX_AGE",
}

// world is a stack that is watched, and what happened on it.
type world struct {
	t       *testing.T
	running *stack.Stack
	users   *platform.Platform
	watched *observe.Observability
	began   time.Time
	waits   time.Time // until when an answer is waited for
	unlucky string
	opened  int
}

// begin starts a stack that notices things soon, and a Prometheus that looks each second.
func begin(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "ai-agents-dashboards-") //nolint:usetesting // the logs of a test that failed are kept
	if err != nil {
		t.Fatal(err)
	}
	running, err := stack.Start(t.Context(), stack.Options{
		Dir: dir, Ports: stack.Any, ReadyTimeout: 2 * time.Minute, Traced: true,
		Env: map[string]map[string]string{"enhancer": {
			"LLM_TIMEOUT": "1s", "LLM_BACKOFF": "50ms", "KB_TIMEOUT": "2s", "SERVICEDESK_TIMEOUT": "1s", "QUEUE_TENANT_LIMIT": "2",
			"LLM_PRICE_PROMPT_PER_MTOK": "2.5", "LLM_PRICE_COMPLETION_PER_MTOK": "10", "RECONCILE_INTERVAL": "2s", "RECONCILE_GRACE": "2s",
			"SWEEP_INTERVAL": "1s", "LLM_MODELS": "simulated-unpriced",
		}},
	}.Covered())
	if err != nil {
		t.Fatalf("start the stack (after `make build`): %v", err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := running.Stop(ctx); err != nil || t.Failed() {
			t.Logf("logs are in %s/logs, %v", dir, err)
		} else if err := stack.Remove(ctx, dir); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, running: running, began: time.Now(), unlucky: "dash-unlucky"}
	w.watched, err = observe.Start(t.Context(), running, observe.Options{Interval: time.Second, Rules: []string{hurried(t)}})
	if err != nil {
		t.Fatalf("watch the stack (after `make observability`): %v", err)
	}
	if w.users, err = platform.Open(t.Context(), running); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.users.Close)
	return w
}

var pace = regexp.MustCompile(`(?m)^( +(?:interval|for):) \w+$`)

// hurried are the rules that ship, all of them evaluated each second, and their alerts firing a second later: what some of them
// wait for is minutes, and no test will.
func hurried(t *testing.T) (pattern string) {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Glob(filepath.Join(repository(t), "deploy/prometheus/rules/*.yaml"))
	if err != nil || len(rules) == 0 {
		t.Fatalf("%d files with rules, %v", len(rules), err)
	}
	for _, path := range rules {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), pace.ReplaceAll(content, []byte("$1 1s")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "*.yaml")
}
