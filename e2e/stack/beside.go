package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// Beside is a process that watches a running stack and that nothing in the stack needs.
type Beside struct {
	Name    string
	Command string // found on the PATH if it has no slash
	Args    []string
	Env     map[string]string // besides what every process gets
	Dir     string            // the working directory; the run directory when empty
	Ports   []int             // from FreePort: they are given up just before the process starts
	Ready   string            // a URL that answers with a 2xx status once the process is ready
	// URLVariable is under which name Stack.Environment tells the address of the first port, as a URL; it does not when empty.
	URLVariable string
	// StopSignal ends the process; SIGTERM when zero.
	StopSignal syscall.Signal
}

// ErrBesideRuns is returned by StartBeside for a name that is taken.
var ErrBesideRuns = errors.New("a process of that name runs in this stack already")

// FreePort claims a port on 127.0.0.1 until the stack stops: the preferred one, or, if that is not free or the stack was started
// with Any, another.
func (s *Stack) FreePort(preferred int) (int, error) {
	if s.ports.policy == Prefer && s.ports.take(preferred) {
		return preferred, nil
	}
	return s.ports.replacement(preferred)
}

// StartBeside starts the processes at once and returns when all are ready. They belong to the stack from then on: they are recorded
// with it, die or are detached as it is, and stop with it, last. When one fails, all of them are stopped.
func (s *Stack) StartBeside(ctx context.Context, all ...Beside) error {
	unlock, err := lockDir(s.dir)
	if err != nil {
		return err
	}
	defer unlock()
	added := make([]*Process, 0, len(all))
	for i := range all {
		p, err := s.addBeside(&all[i])
		if err != nil {
			return errors.Join(err, s.removeBeside(ctx, added))
		}
		added = append(added, p)
	}
	group, starting := errgroup.WithContext(ctx)
	for _, p := range added {
		group.Go(func() error { return p.begin(starting) })
	}
	if err := group.Wait(); err != nil {
		return errors.Join(err, s.removeBeside(context.WithoutCancel(ctx), added))
	}
	return s.writeEnv()
}

// StopBeside stops the processes of these names, all at once, that StartBeside started, and forgets them. A name that is not there is no error.
func (s *Stack) StopBeside(ctx context.Context, names ...string) error {
	unlock, err := lockDir(s.dir)
	if err != nil {
		return err
	}
	defer unlock()
	var there []*Process
	for _, name := range names {
		if p := s.Process(name); p != nil && p.spec.Tier == tierBeside {
			there = append(there, p)
		}
	}
	return s.removeBeside(ctx, there)
}

func (s *Stack) addBeside(b *Beside) (*Process, error) {
	p := &Process{stack: s, spec: completed(s.dir, spec{
		Name: b.Name, Tier: tierBeside, Command: b.Command, Args: b.Args, Env: environment(b.Env), Dir: b.Dir,
		Ports: b.Ports, Probe: probe{HTTP: b.Ready}, URLVariable: b.URLVariable, StopSignal: b.StopSignal,
	})}
	s.list.Lock()
	defer s.list.Unlock()
	if s.processes[b.Name] != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, ErrBesideRuns)
	}
	s.processes[b.Name] = p
	return p, nil
}

func (s *Stack) removeBeside(ctx context.Context, processes []*Process) error {
	failed := make([]error, len(processes))
	var all sync.WaitGroup
	for i, p := range processes {
		all.Go(func() { failed[i] = p.stop(ctx) })
	}
	all.Wait()
	s.list.Lock()
	for _, p := range processes {
		delete(s.processes, p.spec.Name)
	}
	s.list.Unlock()
	return errors.Join(errors.Join(failed...), s.save(), s.writeEnv())
}

// begin starts the process with a fresh log and waits until it is ready.
func (p *Process) begin(ctx context.Context) error {
	if err := p.start(os.O_TRUNC); err != nil {
		return err
	}
	if err := p.stack.save(); err != nil {
		return err
	}
	return p.waitReady(ctx)
}

// Port is the n-th of the ports that the process listens on, from 0, in the order in which it was described; 0 when there is none.
func (p *Process) Port(n int) int {
	if n >= len(p.spec.Ports) {
		return 0
	}
	return p.spec.Ports[n]
}
