// Package lifeline owns the tie between a child process and the process that started it: a child
// either dies with its parent, however that ends, or is detached and outlives it on purpose.
package lifeline

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
)

// Options say how a child relates to its parent.
type Options struct {
	// Detach puts the child into a session of its own, so that it outlives the parent and its terminal.
	Detach bool
	// DeathSignal is sent to an attached child when the parent dies; SIGKILL when zero.
	DeathSignal syscall.Signal
	// Credential is the user the child runs as; nil means the parent's.
	Credential *syscall.Credential
}

// Child is a started process. Its methods may be called at the same time.
type Child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // set before done is closed
}

// Start starts cmd, whose SysProcAttr it replaces, and reaps it when it ends.
//
// The kernel sends the death signal when the thread that started the child ends, not the process.
// Therefore one goroutine, locked to its thread, starts the child and stays until it is gone.
func Start(cmd *exec.Cmd, opts Options) (*Child, error) {
	if opts.DeathSignal == 0 {
		opts.DeathSignal = syscall.SIGKILL
	}
	cmd.SysProcAttr = attributes(opts)
	cmd.SysProcAttr.Credential = opts.Credential
	child := &Child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		child.err = cmd.Wait()
		close(child.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return child, nil
}

// PID is the child's process id; it may be recycled once Done is closed.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err says how the child ended, nil for exit status 0. It is only known once Done is closed.
func (c *Child) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Signal sends sig to the child; a child that has already ended is not an error.
func (c *Child) Signal(sig syscall.Signal) error {
	select {
	case <-c.done:
		return nil
	default:
	}
	// os.Process refuses to signal what it has reaped, so a recycled id is never hit.
	if err := c.cmd.Process.Signal(sig); err != nil && !ended(err) {
		return fmt.Errorf("send %s to process %d: %w", sig, c.PID(), err)
	}
	return nil
}
