package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// quiet is the time before the first fault.
const quiet = "none"

// kind says what faults have in common: how long they last, and with which they take turns.
type kind int

const (
	kindMoment kind = iota // done in a moment
	kindKill
	kindPause
	kindFill
	kindServiceDesk
	kindKnowledge
	kindModel
)

// fault is a way in which something breaks.
type fault struct {
	kind kind
	// does says in the documentation what happens.
	does  string
	begin func(context.Context, *world) error
	// end puts it right; nil for what is over at once.
	end func(context.Context, *world) error
}

// Names are those of all faults.
func Names() []string { return slices.Sorted(maps.Keys(catalogue())) }

// Describe says what a fault does.
func Describe(name string) string { return catalogue()[name].does }

// catalogue has all faults by name.
func catalogue() map[string]fault {
	all := map[string]fault{}
	for _, name := range []string{
		"gateway", "enhancer", "console", "simulator", "gateway-dapr", "enhancer-dapr", "console-dapr", "simulator-dapr",
		"placement", "scheduler", "redis", "postgres",
	} {
		all["kill "+name] = kills("", nothing, name)
		all["pause "+name] = pauses(name)
	}
	all["kill and wipe redis"] = kills("its files are removed", func(_ context.Context, w *world) error {
		return remove(filepath.Join(w.stack.Dir(), "redis", "appendonlydir"))
	}, "redis")
	all["kill enhancer with sidecar"] = kills("", nothing, "enhancer", "enhancer-dapr")
	all["kill enhancer with sidecar and flush redis"] = kills("Redis is emptied meanwhile, of messages that nobody has read, too",
		func(ctx context.Context, w *world) error { return redis(ctx, w.stack, "FLUSHALL") }, "enhancer", "enhancer-dapr")
	all["roll gateway"] = rolls("gateway", false)
	all["roll enhancer"] = rolls("enhancer", true)
	all["drain enhancer"] = drains()
	maps.Copy(all, fills())
	maps.Copy(all, serviceDeskFaults())
	maps.Copy(all, knowledgeFaults())
	maps.Copy(all, modelFaults())
	return all
}

// kills ends processes at once and starts them again after a while, as their supervisor would. What is done before the start
// comes on top.
func kills(extra string, lose func(context.Context, *world) error, processes ...string) fault {
	does := "SIGKILL to " + strings.Join(processes, " and ")
	if extra != "" {
		does += "; " + extra
	}
	return fault{
		kind: kindKill, does: does,
		begin: func(ctx context.Context, w *world) error {
			for _, name := range processes {
				if err := w.keeper.kill(ctx, name); err != nil {
					return err
				}
			}
			return nil
		},
		end: func(ctx context.Context, w *world) error {
			err := lose(ctx, w)
			// At once: an app and its sidecar wait for each other.
			var starts errgroup.Group
			for _, name := range processes {
				starts.Go(func() error { return w.keeper.start(ctx, name) })
			}
			return errors.Join(err, starts.Wait())
		},
	}
}

func nothing(context.Context, *world) error { return nil }

// pauses has a process stand still: connections stay open and unanswered.
func pauses(name string) fault {
	return fault{
		kind: kindPause, does: "SIGSTOP to " + name + ", and SIGCONT after a while",
		begin: func(_ context.Context, w *world) error { return w.stack.Process(name).Pause() },
		end:   func(_ context.Context, w *world) error { return w.stack.Process(name).Resume() },
	}
}

// rolls restarts the replicas of an app one after the other, as an upgrade does: each is told to stop, ends by itself, and is
// ready again before the next one's turn.
func rolls(app string, withSidecar bool) fault {
	does := "SIGTERM to each " + app + " in turn, which has to end well by itself, and is started again"
	if withSidecar {
		does += " with a new sidecar"
	}
	return fault{
		kind: kindMoment, does: does,
		begin: func(ctx context.Context, w *world) error {
			for n := 1; ; n++ {
				name := replica(app, n)
				if w.stack.Process(name) == nil {
					return nil
				}
				processes := []string{name}
				if withSidecar {
					processes = append(processes, name+"-dapr")
				}
				if err := w.keeper.roll(ctx, processes); err != nil {
					return err
				}
			}
		},
	}
}

// replica is how the launcher calls the nth process of an app.
func replica(app string, n int) string {
	if n == 1 {
		return app
	}
	return fmt.Sprintf("%s-%d", app, n)
}

// roll stops processes in their order and starts them again.
func (k *keeper) roll(ctx context.Context, processes []string) error {
	for _, name := range processes {
		k.hold(name)
	}
	err := k.stop(ctx, processes[0])
	var starts errgroup.Group
	for _, name := range processes {
		starts.Go(func() error { return k.start(ctx, name) })
	}
	return errors.Join(err, starts.Wait())
}

// stop insists that a process that is told to stop ends by itself, and well.
func (k *keeper) stop(ctx context.Context, name string) error {
	p := k.stack.Process(name)
	if err := p.Kill(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.Wait(ctx); err != nil {
		return fmt.Errorf("it was told to stop: %w", err)
	}
	if got := p.Exit(); got != "exit status 0" {
		return fmt.Errorf("%s was told to stop, and ended with %s", name, got)
	}
	return nil
}

// kill ends a process and keeps the keeper from starting it.
func (k *keeper) kill(ctx context.Context, name string) error {
	k.hold(name)
	p := k.stack.Process(name)
	if err := p.Kill(syscall.SIGKILL); err != nil {
		return err
	}
	if err := p.Wait(ctx); err != nil {
		return fmt.Errorf("kill: %w", err)
	}
	return nil
}
