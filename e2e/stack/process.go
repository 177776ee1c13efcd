package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

const (
	pollInterval    = 20 * time.Millisecond
	restartAttempts = 50
	restartPause    = 200 * time.Millisecond
)

// spec is all that it takes to start a process and start it again. It is kept in stack.json.
type spec struct {
	Name       string              `json:"name"`
	Tier       tier                `json:"tier"`
	Command    string              `json:"command"`
	Args       []string            `json:"args"`
	Env        []string            `json:"env"`
	Dir        string              `json:"dir"`
	Log        string              `json:"log"`
	Credential *syscall.Credential `json:"credential,omitempty"`
	StopSignal syscall.Signal      `json:"stopSignal"`
	Ports      []int               `json:"ports"`
	Probe      probe               `json:"probe"`
	// URLVariable is that of Beside.
	URLVariable string `json:"urlVariable,omitempty"`
}

// tier orders the stop: the highest goes first, so that nothing loses what it still needs.
type tier int

const (
	// tierBeside is what watches the stack: it stops last, after all that report to it.
	tierBeside tier = iota - 1
	tierPostgres
	tierRedis
	tierPlacement
	tierScheduler
	tierSidecar
	tierApp
)

// Process is one process of a stack. Its methods may be called at the same time.
type Process struct {
	stack *Stack
	spec  spec

	mu    sync.Mutex
	id    identity
	child *lifeline.Child // nil when another process started it
}

// Name is the process' name in the stack, such as gateway or gateway-dapr.
func (p *Process) Name() string { return p.spec.Name }

// LogPath is the file that holds what the process printed.
func (p *Process) LogPath() string { return p.spec.Log }

// PID is the process id of the latest start.
func (p *Process) PID() int { return p.identity().PID }

// Alive reports whether the process runs; a paused one does.
func (p *Process) Alive() bool { return p.identity().alive() }

// Kill sends sig and does not wait. A process that is gone already is not an error.
func (p *Process) Kill(sig syscall.Signal) error {
	if err := p.identity().signal(sig); err != nil {
		return fmt.Errorf("%s: %w", p.spec.Name, err)
	}
	return nil
}

// Pause makes the process stand still with its children, such as those of Postgres, without ending it: connections stay
// open and unanswered.
func (p *Process) Pause() error {
	// The process first: one that stands still has no new children.
	if err := p.Kill(syscall.SIGSTOP); err != nil {
		return err
	}
	return p.signalChildren(syscall.SIGSTOP)
}

// Resume lets a paused process go on.
func (p *Process) Resume() error {
	return errors.Join(p.signalChildren(syscall.SIGCONT), p.Kill(syscall.SIGCONT))
}

func (p *Process) signalChildren(sig syscall.Signal) error {
	id := p.identity()
	if !id.alive() {
		return nil
	}
	children, err := childrenOf(id.PID)
	if err != nil {
		return fmt.Errorf("%s: %w", p.spec.Name, err)
	}
	var errs []error
	for _, child := range children {
		errs = append(errs, child.signal(sig))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the children of %s: %w", p.spec.Name, err)
	}
	return nil
}

// Ready asks the process once whether it is ready, as a load balancer or a supervisor does.
func (p *Process) Ready(ctx context.Context) error {
	if !p.Alive() {
		return fmt.Errorf("%s does not run", p.spec.Name)
	}
	return p.spec.Probe.try(ctx)
}

// Replace is Restart with another executable, unless command is empty, and with these variables besides those that it has,
// or in their place.
func (p *Process) Replace(ctx context.Context, command string, env map[string]string) error {
	if err := p.stop(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	if command != "" {
		p.spec.Command = command
	}
	p.spec.Env = slices.DeleteFunc(slices.Clone(p.spec.Env), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		_, replaced := env[name]
		return replaced
	})
	for _, name := range slices.Sorted(maps.Keys(env)) {
		p.spec.Env = append(p.spec.Env, name+"="+env[name])
	}
	p.mu.Unlock()
	return p.Restart(ctx)
}

// Restart stops the process, if it still runs, starts it with the same arguments and environment and
// waits until it is ready.
func (p *Process) Restart(ctx context.Context) error {
	if err := p.stop(ctx); err != nil {
		return err
	}
	var err error
	for range restartAttempts {
		if err = p.start(os.O_APPEND); err != nil {
			return err
		}
		if err = p.stack.save(); err != nil {
			return err
		}
		err = p.waitReady(ctx)
		// What was killed may leave children that hold its port or memory for a moment.
		if !errors.Is(err, errEnded) || pause.For(ctx, restartPause) != nil {
			return err
		}
	}
	return err
}

// Wait blocks until the process has ended or ctx is done.
func (p *Process) Wait(ctx context.Context) error {
	id := p.identity()
	for id.alive() {
		if err := pause.For(ctx, pollInterval); err != nil {
			return fmt.Errorf("wait for the end of %s (process %d): %w", p.spec.Name, id.PID, err)
		}
	}
	return nil
}

func (p *Process) identity() identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.id
}

// start launches the process; logFlag is os.O_TRUNC for a fresh log and os.O_APPEND to go on with it.
func (p *Process) start(logFlag int) error {
	output, err := os.OpenFile(p.spec.Log, os.O_CREATE|os.O_WRONLY|logFlag, private)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.spec.Name, err)
	}
	defer func() { _ = output.Close() }() // the process has its own handle
	//nolint:gosec,noctx // It is what dapr.yaml says is to be run, and outlives any context of its start.
	cmd := exec.Command(p.spec.Command, p.spec.Args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.spec.Dir, p.spec.Env, output, output
	p.stack.ports.vacate(p.spec.Ports...)
	child, err := lifeline.Start(cmd, lifeline.Options{
		Detach: p.stack.detach, DeathSignal: p.spec.deathSignal(), Credential: p.spec.Credential,
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", p.spec.Name, err)
	}
	id, err := identify(child.PID())
	if err != nil {
		id = identity{PID: child.PID()} // it has ended already, and never counts as alive
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.id, p.child = id, child
	return nil
}

// deathSignal reaches an attached process when the launcher dies: the data stores still shut down well.
func (s *spec) deathSignal() syscall.Signal {
	if s.Tier <= tierRedis {
		return s.StopSignal
	}
	return syscall.SIGKILL
}

// Exit describes how the process ended, as far as it can be known.
func (p *Process) Exit() string {
	p.mu.Lock()
	child := p.child
	p.mu.Unlock()
	if child == nil {
		return "exit status unknown"
	}
	<-child.Done()
	if err := child.Err(); err != nil {
		return err.Error()
	}
	return "exit status 0"
}

// stop asks the process to end, waits for it and kills it when the stack's grace is over or ctx ends.
func (p *Process) stop(ctx context.Context) error {
	if !p.Alive() {
		return nil
	}
	// A paused process would not notice the signal.
	if err := errors.Join(p.Kill(p.spec.StopSignal), p.Resume()); err != nil {
		return err
	}
	grace, cancel := context.WithTimeout(ctx, p.stack.grace)
	defer cancel()
	if p.Wait(grace) == nil {
		return nil
	}
	p.stack.logger.WarnContext(ctx, "process did not stop in time and is killed", "process", p.spec.Name)
	if err := p.Kill(syscall.SIGKILL); err != nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.stack.grace)
	defer cancel()
	return p.Wait(last)
}

// sleep waits for d or the end of ctx, whose error it returns.
