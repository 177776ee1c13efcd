package chaos

import (
	"bytes"
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// infrastructure is a stack without apps.
func infrastructure(t *testing.T) *stack.Stack {
	t.Helper()
	dir := t.TempDir()
	s, err := stack.Start(t.Context(), stack.Options{Dir: dir, Ports: stack.Any, InfraOnly: true})
	if err != nil {
		t.Fatalf("start the stack (after `make build`): %v", err)
	}
	t.Cleanup(func() {
		if err := stack.Remove(context.Background(), dir); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestTheKeeper(t *testing.T) {
	t.Parallel()
	s := infrastructure(t)
	var told bytes.Buffer
	k := newKeeper(s, &told)
	watching, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan struct{})
	go func() { k.watch(watching); close(ended) }()

	redis, placement := s.Process("redis"), s.Process("placement")
	if err := k.kill(t.Context(), "redis"); err != nil {
		t.Fatal(err)
	}
	if err := placement.Kill(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for placement.Ready(watching) != nil && watching.Err() == nil {
		rest(watching, 50*time.Millisecond)
	}
	if !placement.Alive() {
		t.Error("what ended by itself was not started again")
	}
	if redis.Alive() {
		t.Error("what was taken down was started")
	}
	if err := k.start(watching, "redis"); err != nil || redis.Ready(watching) != nil {
		t.Errorf("what was taken down was not started: %v", err)
	}
	if err := k.roll(watching, []string{"redis"}); err != nil || redis.Ready(watching) != nil {
		t.Errorf("a clean stop and start: %v", err)
	}
	stop()
	<-ended
	if log := k.restarts(); len(log) != 1 || !strings.Contains(log[0], "placement ended by itself (signal: killed)") {
		t.Errorf("restarts: %q", log)
	}
}

// What the outsider takes, others do not get, until it leaves.
func TestTheOutsider(t *testing.T) {
	t.Parallel()
	s := infrastructure(t)
	w, redis := &world{stack: s}, s.Process("redis")
	f := catalogue()["fill redis connections"]
	if err := f.begin(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if err := redis.Ready(t.Context()); err == nil {
		t.Error("there was a connection of Redis to be had")
	}
	if err := f.end(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if err := redis.Ready(t.Context()); err != nil {
		t.Errorf("after the outsider has left: %v", err)
	}
	f = catalogue()["fill postgres"]
	if err := f.begin(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if conn, err := pgx.Connect(t.Context(), s.DatabaseURL()); err == nil {
		t.Errorf("there was a connection of Postgres to be had: %v", conn.Close(t.Context()))
	}
	if err := f.end(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatalf("after the outsider has left: %v", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
