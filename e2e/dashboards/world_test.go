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
var neverHere = map[string]string{}

// world is a stack that is watched, and what happened on it.
type world struct {
	t       *testing.T
	running *stack.Stack
	users   *platform.Platform
	watched *observe.Observability
	began   time.Time
	unlucky string
}

// begin starts a stack that notices things soon, and a Prometheus that looks each second.
func begin(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "ai-agents-dashboards-")
	if err != nil {
		t.Fatal(err)
	}
	running, err := stack.Start(t.Context(), stack.Options{
		Dir: dir, Ports: stack.Any, ReadyTimeout: 2 * time.Minute, Traced: true,
		Env: map[string]map[string]string{"enhancer": {
			"LLM_TIMEOUT": "1s", "LLM_BACKOFF": "50ms", "KB_TIMEOUT": "2s", "SERVICEDESK_TIMEOUT": "1s", "QUEUE_TENANT_LIMIT": "2",
			"LLM_PRICE_PROMPT_PER_MTOK": "2.5", "LLM_PRICE_COMPLETION_PER_MTOK": "10", "RECONCILE_INTERVAL": "2s", "RECONCILE_GRACE": "2s",
			"SWEEP_INTERVAL": "1s",
		}},
	})
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

var pace = regexp.MustCompile(`(?m)^( +interval:) \w+$`)

// hurried are the rules that ship, all of them evaluated each second: some wait 5 minutes, and no test will.
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
