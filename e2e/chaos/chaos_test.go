package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/e2e/chaos"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/mutation"
)

const (
	// seedVariable has TestChaos draw another schedule than usual.
	seedVariable = "CHAOS_SEED"
	usualSeed    = 5
	tenants      = 4
	rate         = 4
)

// impatient are the limits of the product, shortened, so that what hangs does not make the tests hang as long.
func impatient(dir string) map[string]map[string]string {
	env := chaos.Settings(dir)
	env["enhancer"] = map[string]string{
		"LLM_TIMEOUT": "1s", "LLM_BACKOFF": "50ms", "KB_TIMEOUT": "1s", "SERVICEDESK_TIMEOUT": "1s",
		"SWEEP_INTERVAL": "1s", "SWEEP_PENDING_AFTER": "5s", "SWEEP_RUNNING_AFTER": "5s", "SWEEP_BACKOFF": "2s",
		"SWEEP_STUCK_AFTER": "20s",
	}
	return env
}

// start gives a stack of the test's own. Its logs stay when the test fails.
func start(t *testing.T) *stack.Stack {
	t.Helper()
	return startWith(t, func(*stack.Options) {})
}

// startReplicated has two gateways and two enhancers.
func startReplicated(t *testing.T) *stack.Stack {
	t.Helper()
	return startWith(t, func(opts *stack.Options) {
		opts.Replicas = map[string]int{"gateway": 2, "enhancer": 2}
		opts.Env["gateway"] = map[string]string{"SHUTDOWN_DELAY": "1s"}
	})
}

func startWith(t *testing.T, change func(*stack.Options)) *stack.Stack {
	t.Helper()
	dir, err := os.MkdirTemp("", "ai-agents-e2e-") //nolint:usetesting // the logs of a failed test have to stay
	if err != nil {
		t.Fatal(err)
	}
	opts := stack.Options{Dir: dir, Ports: stack.Any, ReadyTimeout: 2 * time.Minute, Env: impatient(dir)}.Covered()
	change(&opts)
	s, err := stack.Start(t.Context(), opts)
	if err != nil {
		t.Fatalf("start the stack (after `make build`): %v", err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		err := s.Stop(ctx)
		if t.Failed() {
			t.Logf("logs are in %s/logs", dir)
		} else {
			err = errors.Join(err, stack.Remove(ctx, dir))
		}
		if err != nil {
			t.Error(err)
		}
	})
	return s
}

// run makes a run and prints its table.
func run(t *testing.T, s *stack.Stack, opts chaos.Options) *chaos.Report {
	t.Helper()
	var told bytes.Buffer
	opts.Progress = &told
	report, err := chaos.Run(t.Context(), s, opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, told.String())
	}
	if err := report.Print(&told); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s%s", opts.Plan, told.String())
	return report
}

// TestChaos is the short version of `make chaos`, and then shows that it notices when a guard is missing.
func TestChaos(t *testing.T) {
	seed := uint64(usualSeed)
	if given := os.Getenv(seedVariable); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	mutants := buildMutants(t)
	s := start(t)
	report := run(t, s, chaos.Options{
		Name: "chaos", Plan: chaos.NewPlan(seed, 45*time.Second, chaos.ShortPace()), Tenants: tenants, Rate: rate,
		Settle: 2 * time.Minute, Patience: 90 * time.Second,
	})
	if err := report.Err(); err != nil {
		t.Errorf("%v; again with %s=%d", err, seedVariable, seed)
	}
	if report.Accepted() < report.Sent()/2 {
		t.Errorf("of %d tickets %d were accepted: there was hardly any load", report.Sent(), report.Accepted())
	}
	noticed(t, s, mutants)
}

// scenario breaks what the guard is for.
type scenario struct {
	guard mutation.Switch
	plan  chaos.Plan
	// settle is how long the work takes with the guard, and more.
	settle time.Duration
	// wrong counts what goes wrong without the guard.
	wrong func(*chaos.Report) int
}

func scenarios() []scenario {
	after := func(d, lasts time.Duration, faults ...string) (p chaos.Plan) {
		p.Duration = d
		for _, name := range faults {
			p.Steps = append(p.Steps, chaos.Step{Fault: name, Lasts: lasts})
		}
		return p
	}
	return []scenario{
		{mutation.RandomJobID, after(3*time.Second, 0), 15 * time.Second, (*chaos.Report).Duplicated},
		{mutation.SweeperOff, after(4*time.Second, 2*time.Second, "kill enhancer with sidecar and flush redis"), 20 * time.Second, (*chaos.Report).Lost},
		{mutation.NoteLookupOff, after(6*time.Second, 5*time.Second, "servicedesk commits and hangs"), 60 * time.Second, (*chaos.Report).Duplicated},
	}
}

// noticed makes each scenario with the guard and without: only then may something be lost or done twice.
func noticed(t *testing.T, s *stack.Stack, mutants string) {
	t.Helper()
	for _, c := range scenarios() {
		options := chaos.Options{Plan: c.plan, Tenants: 2, Rate: 8, Settle: c.settle}
		t.Run(string(c.guard), func(t *testing.T) {
			options.Name = "whole-" + string(c.guard)
			if err := run(t, s, options).Err(); err != nil {
				t.Errorf("with the guard: %v", err)
			}
			replace(t, s, mutants, string(c.guard))
			// What was just started has its first deliveries late, perhaps when the fault is over.
			run(t, s, chaos.Options{Name: "warm-" + string(c.guard), Tenants: 1, Rate: 2, Settle: c.settle})
			options.Name = "broken-" + string(c.guard)
			report := run(t, s, options)
			if report.Err() == nil || c.wrong(report) == 0 {
				t.Errorf("without the guard nothing was noticed: %d lost, %d duplicated", report.Lost(), report.Duplicated())
			}
			replace(t, s, ordinary(t), "")
		})
	}
}

// replace puts apps in the place of gateway and enhancer, the latter with a new sidecar.
func replace(t *testing.T, s *stack.Stack, folder, guard string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	var all errgroup.Group
	for _, name := range []string{"gateway", "enhancer"} {
		all.Go(func() error {
			return s.Process(name).Replace(ctx, filepath.Join(folder, name), map[string]string{variable: guard})
		})
	}
	all.Go(func() error { return s.Process("enhancer-dapr").Restart(ctx) })
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}
