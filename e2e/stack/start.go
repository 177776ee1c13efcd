package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// States that Options.Progress is told.
const (
	StateStarting = "starting"
	StateReady    = "ready"
	StateFailed   = "failed"
)

// Start starts everything and returns when all of it is ready. What a crashed run left in the same
// directory is stopped first; a stack that is in use there is an error (ErrRunning). When anything
// fails, all that was started is stopped, and the error says which process failed and shows its log.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	unlock, err := lockDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := clearLeftovers(ctx, opts.Dir); err != nil {
		return nil, err
	}
	l, err := newLaunch(ctx, opts)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeoutCause(ctx, opts.ReadyTimeout,
		fmt.Errorf("the stack was not ready within %s", opts.ReadyTimeout))
	defer cancel()
	err = l.run(bounded)
	if err == nil {
		err = l.bootstrap(bounded)
	}
	if err != nil {
		return nil, errors.Join(err, l.stack.stop(context.WithoutCancel(ctx)))
	}
	l.stack.mu.Lock()
	l.stack.up = true
	l.stack.mu.Unlock()
	return l.stack, l.stack.save()
}

// clearLeftovers stops what is recorded as started and still alive. A recorded number that meanwhile
// belongs to another process is left alone.
func clearLeftovers(ctx context.Context, dir string) error {
	r, err := readRecord(dir)
	if err != nil || r == nil {
		return err
	}
	if r.running() && r.usable() {
		return fmt.Errorf("%s: %w", dir, ErrRunning)
	}
	if err := fromRecord(dir, r).stop(ctx); err != nil {
		return fmt.Errorf("stop what an earlier run left: %w", err)
	}
	return nil
}

// launch is a start under way.
type launch struct {
	opts    Options
	file    *runFile
	secrets *secrets
	stack   *Stack
	infra   infraPorts
	server  *postgrestest.Server
}

func newStack(opts Options) (*Stack, error) {
	self, err := identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	return &Stack{
		dir: opts.Dir, detach: opts.Detach, grace: opts.Grace, logger: opts.Logger,
		ports: newAllocator(opts.Ports), processes: map[string]*Process{}, launcher: self,
	}, nil
}

// newLaunch settles everything that can be settled before the first process starts.
func newLaunch(ctx context.Context, opts Options) (*launch, error) {
	s, err := newStack(opts)
	if err != nil {
		return nil, err
	}
	l := &launch{opts: opts, stack: s}
	if err := l.settle(ctx); err != nil {
		l.stack.ports.releaseAll()
		return nil, err
	}
	return l, nil
}

func (l *launch) settle(ctx context.Context) error {
	for _, dir := range []string{"logs", "redis", "scheduler"} {
		if err := os.MkdirAll(filepath.Join(l.opts.Dir, dir), 0o700); err != nil {
			return fmt.Errorf("make the run directory: %w", err)
		}
	}
	var err error
	if l.file, err = readRunFile(l.opts.File, l.stack.ports); err != nil {
		return err
	}
	if l.infra, err = chooseInfraPorts(l.file, l.stack.ports); err != nil {
		return err
	}
	if err := l.chooseOTLP(); err != nil {
		return err
	}
	if l.secrets, err = loadSecrets(l.opts.Dir); err != nil {
		return err
	}
	if err := l.renewBootstrap(); err != nil {
		return err
	}
	if err := l.secrets.setDatabasePort(l.infra.postgres); err != nil {
		return err
	}
	if err := l.addInfra(ctx); err != nil {
		return err
	}
	if err := l.addApps(); err != nil {
		return err
	}
	l.describe()
	return l.stack.writeEnv()
}

// run starts the processes, all at once where their order allows.
func (l *launch) run(ctx context.Context) error {
	infra, infraCtx := errgroup.WithContext(ctx)
	for _, p := range l.stack.processes {
		if p.spec.Tier < tierSidecar {
			infra.Go(func() error { return l.bring(infraCtx, p) })
		}
	}
	if err := infra.Wait(); err != nil {
		return err
	}
	// daprd waits for its app, so both are started before either is waited for.
	apps, appsCtx := errgroup.WithContext(ctx)
	apps.Go(func() error {
		if err := l.prepareDatabase(appsCtx); err != nil {
			return err
		}
		for _, p := range l.stack.processes {
			if p.spec.Tier == tierApp {
				apps.Go(func() error { return l.bring(appsCtx, p) })
			}
		}
		return nil
	})
	for _, p := range l.stack.processes {
		if p.spec.Tier == tierSidecar {
			apps.Go(func() error { return l.bring(appsCtx, p) })
		}
	}
	return apps.Wait()
}

// bring starts one process and waits until it is ready.
func (l *launch) bring(ctx context.Context, p *Process) error {
	return l.report(p.spec.Name, func() error { return p.begin(ctx) })
}

// report tells Options.Progress about a step.
func (l *launch) report(name string, step func() error) error {
	began := time.Now()
	l.opts.Progress(name, StateStarting, 0)
	if err := step(); err != nil {
		if !errors.Is(err, context.Canceled) { // then it is another one that failed
			l.opts.Progress(name, StateFailed, time.Since(began))
		}
		return err
	}
	l.opts.Progress(name, StateReady, time.Since(began))
	return nil
}
