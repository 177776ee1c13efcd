package stack_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// infrastructure is what runs when dapr.yaml lists no app.
func infrastructure() []string { return []string{"placement", "postgres", "redis", "scheduler"} }

func TestInfrastructureStartsRestartsAndStops(t *testing.T) {
	t.Parallel()
	opts := options(t)
	states := map[string]string{}
	opts.Progress = func(name, state string, _ time.Duration) { states[name] = state }
	s := start(t, opts)
	for _, name := range infrastructure() {
		if p := s.Process(name); p == nil || !p.Alive() || states[name] != stack.StateReady {
			t.Fatalf("%s: %v, state %q, want it alive and ready", name, p, states[name])
		}
	}
	onlyLoopback(t, s.RedisAddr())
	t.Run("a second start is refused", func(t *testing.T) {
		if _, err := stack.Start(t.Context(), opts); !errors.Is(err, stack.ErrRunning) {
			t.Errorf("got %v, want %v", err, stack.ErrRunning)
		}
	})
	t.Run("Redis comes back with its port and password", func(t *testing.T) { restartRedis(t, s) })
	t.Run("a paused Postgres answers nobody, not even those who are connected", func(t *testing.T) { pausePostgres(t, s) })
	t.Run("what watches it starts and stops beside it", func(t *testing.T) { besides(t, s) })
	t.Run("a paused process is stopped, too", func(t *testing.T) {
		if err := s.Process("placement").Pause(); err != nil {
			t.Fatal(err)
		}
		stopAll(t, s)
	})
	t.Run("stopping again does nothing", func(t *testing.T) { stopAll(t, s) })
	t.Run("nothing is left to attach to", func(t *testing.T) {
		if _, err := stack.Attach(opts.Dir); !errors.Is(err, stack.ErrNotRunning) {
			t.Errorf("got %v, want %v", err, stack.ErrNotRunning)
		}
	})
}

func TestDetachedStackIsStoppedByAnother(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Detach = true
	first := start(t, opts)
	if err := first.StartBeside(t.Context(), watcher(t, first, "watcher")); err != nil {
		t.Fatal(err)
	}
	other, err := stack.Attach(opts.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(first.Environment(), other.Environment()) {
		t.Errorf("attached to %v, want %v", other.Environment(), first.Environment())
	}
	restartRedis(t, other)
	if p := other.Process("watcher"); p == nil || !p.Alive() || p.Port(0) == 0 || p.Port(1) != 0 {
		t.Errorf("got %+v for what runs beside the stack", p)
	}
	stopAll(t, other)
	for _, p := range first.Processes() {
		if p.Alive() {
			t.Errorf("%s still runs", p.Name())
		}
	}
}

func TestLeftoversOfACrashAreCleared(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Detach = true
	crashed := start(t, opts)
	password := crashed.RedisPassword()
	if err := crashed.Process("scheduler").Kill(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := crashed.Process("scheduler").Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := start(t, opts)
	for _, name := range infrastructure() {
		if crashed.Process(name).Alive() {
			t.Errorf("the crashed run's %s still runs", name)
		}
		if !again.Process(name).Alive() {
			t.Errorf("%s does not run", name)
		}
	}
	if again.RedisPassword() != password {
		t.Error("the secrets changed between runs")
	}
	stopAll(t, again)
}

func TestFailedStartSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		apps string
		want []string
	}{
		"program missing": {"- {appID: gateway, command: [./bin/nonsense]}", []string{"bin/nonsense", "make build"}},
		"key unknown":     {"- {appID: gateway, command: [x], appPrt: 1}", []string{"appPrt"}},
	} {
		opts := options(t)
		describe(t, opts.File, tc.apps)
		_, err := stack.Start(t.Context(), opts)
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want it to mention %q", name, err, want)
			}
		}
		if _, err := stack.Attach(opts.Dir); !errors.Is(err, stack.ErrNotRunning) {
			t.Errorf("%s: something was left running: %v", name, err)
		}
	}
}

func restartRedis(t *testing.T, s *stack.Stack) {
	t.Helper()
	redis := s.Process("redis")
	before := redis.PID()
	if err := redis.Kill(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if redis.PID() == before || !redis.Alive() {
		t.Errorf("process %d before, %d now (alive: %t)", before, redis.PID(), redis.Alive())
	}
}

func pausePostgres(t *testing.T, s *stack.Stack) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.AdminDatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	postgres := s.Process("postgres")
	if err := postgres.Pause(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT 1")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("a paused Postgres answered: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := postgres.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("no answer after the pause: %v", err)
	}
	if err := postgres.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// onlyLoopback fails when the port is open on another address of this machine.
func onlyLoopback(t *testing.T, address string) {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range interfaces {
		network, ok := a.(*net.IPNet)
		if !ok || network.IP.IsLoopback() || network.IP.To4() == nil {
			continue
		}
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(network.IP.String(), port), time.Second)
		if err == nil {
			_ = conn.Close()
			t.Errorf("port %s is open on %s", port, network.IP)
		}
	}
}

func options(t *testing.T) stack.Options {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "bin", "placement")); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("bin/placement is missing: `make e2e` builds what the tests need")
	}
	dir := t.TempDir()
	opts := stack.Options{
		Root: root, File: filepath.Join(dir, "dapr.yaml"), Dir: filepath.Join(dir, "run"), Ports: stack.Any,
	}
	describe(t, opts.File, "[]")
	t.Cleanup(func() {
		if err := stack.Remove(context.Background(), opts.Dir); err != nil {
			t.Error(err)
		}
	})
	return opts
}

func describe(t *testing.T, file, apps string) {
	t.Helper()
	content := "version: 1\ncommon:\n  placementHostAddress: 127.0.0.1:50005\napps: \n  " + apps + "\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, opts stack.Options) *stack.Stack {
	t.Helper()
	s, err := stack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range s.Processes() {
		names = append(names, p.Name())
	}
	slices.Sort(names)
	if !slices.Equal(names, infrastructure()) {
		t.Errorf("got processes %v, want %v", names, infrastructure())
	}
	return s
}

func stopAll(t *testing.T, s *stack.Stack) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Processes() {
		if p.Alive() {
			t.Errorf("%s (process %d) still runs", p.Name(), p.PID())
		}
	}
}
