package stack_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

func watcher(t *testing.T, s *stack.Stack, name string) stack.Beside {
	t.Helper()
	port, err := s.FreePort(9999)
	if err != nil {
		t.Fatal(err)
	}
	return stack.Beside{
		Name: name, Command: os.Args[0], Env: map[string]string{appMode: "yes", "APP_PORT": strconv.Itoa(port)},
		Ports: []int{port}, Ready: fmt.Sprintf("http://127.0.0.1:%d/readyz", port),
	}
}

func besides(t *testing.T, s *stack.Stack) {
	t.Helper()
	one, two := watcher(t, s, "one"), watcher(t, s, "two")
	if err := s.StartBeside(t.Context(), one, two); err != nil {
		t.Fatal(err)
	}
	first := s.Process("one")
	if err := s.StartBeside(t.Context(), watcher(t, s, "three"), one); !errors.Is(err, stack.ErrBesideRuns) || s.Process("three") != nil {
		t.Errorf("got %v for a name that is taken, want %v, and nothing started", err, stack.ErrBesideRuns)
	}
	broken := watcher(t, s, "broken")
	broken.Env["FAIL"] = "yes"
	err := s.StartBeside(t.Context(), watcher(t, s, "good"), broken)
	if err == nil || !strings.Contains(err.Error(), "told to fail") || s.Process("good") != nil || s.Process("broken") != nil {
		t.Errorf("got %v, want the reason, and nothing left of those that were started together", err)
	}
	attached, err := stack.Attach(s.Dir())
	if err != nil || attached.Process("two") == nil || attached.Process("good") != nil {
		t.Errorf("got %v, want a record of what runs beside the stack", err)
	}
	if err := s.StopBeside(t.Context(), "one", "nobody", "redis"); err != nil {
		t.Fatal(err)
	}
	if first.Alive() || s.Process("one") != nil || !s.Process("two").Alive() || !s.Process("redis").Alive() {
		t.Error("want only the named ones stopped, and nothing of the stack itself")
	}
	// The stack is in order when what only watches it has ended.
	two1 := s.Process("two")
	if err := errors.Join(two1.Kill(syscall.SIGKILL), two1.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := s.StopBeside(t.Context(), "two"); err != nil {
		t.Errorf("stop what has ended: %v", err)
	}
}

func TestABareStackHoldsWhatRunsBesideIt(t *testing.T) {
	t.Parallel()
	opts := options(t)
	s, err := stack.Bare(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.StartBeside(t.Context(), watcher(t, s, "one")); err != nil {
		t.Fatal(err)
	}
	one := s.Process("one")
	if len(s.Processes()) != 1 || !one.Alive() {
		t.Errorf("%d processes, want the one that was started", len(s.Processes()))
	}
	if _, err := stack.Bare(t.Context(), opts); !errors.Is(err, stack.ErrRunning) {
		t.Errorf("got %v for a directory in use, want %v", err, stack.ErrRunning)
	}
	if err := s.Stop(t.Context()); err != nil || one.Alive() {
		t.Errorf("stop: %v", err)
	}
}

func TestTracedStackSaysWhereTo(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Traced = true
	describe(t, opts.File, fmt.Sprintf("- {appID: gateway, command: [%q], appPort: 8081, env: {%s: yes}}", os.Args[0], appMode))
	s, err := stack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer stopAll(t, s)
	endpoint := "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + s.OTLPAddr()
	if env := strings.Join(environmentOf(t, s), "\n"); s.OTLPAddr() == "" || !strings.Contains(env, endpoint) {
		t.Errorf("the app's environment lacks %s", endpoint)
	}
	jobs := map[string]string{}
	for _, target := range s.MetricsTargets() {
		jobs[target.Process] = target.Job + ": " + target.AppID
		if target.Job != "gateway" && status(t, "http://"+target.Address+"/metrics") != 200 {
			t.Errorf("%s has no metrics at %s", target.Process, target.Address)
		}
	}
	if len(jobs) != 4 || jobs["gateway"] != "gateway: gateway" || jobs["gateway-dapr"] != stack.JobSidecars+": gateway" ||
		jobs["scheduler"] != stack.JobControlPlane+": " {
		t.Errorf("got %v", jobs)
	}
}
