package chaos

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
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
		all["kill "+name] = kills(name, func(*world) error { return nil })
		all["pause "+name] = pauses(name)
	}
	killed := kills("redis", func(w *world) error {
		return remove(filepath.Join(w.stack.Dir(), "redis", "appendonlydir"))
	})
	killed.does = "SIGKILL to redis, its files are removed, and it is started again"
	all["kill and wipe redis"] = killed
	maps.Copy(all, fills())
	maps.Copy(all, serviceDeskFaults())
	maps.Copy(all, knowledgeFaults())
	maps.Copy(all, modelFaults())
	return all
}

// kills ends a process at once and starts it again after a while, as its supervisor would. What lose does in between comes
// on top.
func kills(name string, lose func(*world) error) fault {
	return fault{
		kind: kindKill, does: "SIGKILL to " + name + ", which is started again",
		begin: func(ctx context.Context, w *world) error {
			if err := w.keeper.kill(ctx, name); err != nil {
				return err
			}
			return lose(w)
		},
		end: func(ctx context.Context, w *world) error { return w.keeper.start(ctx, name) },
	}
}

// pauses has a process stand still: connections stay open and unanswered.
func pauses(name string) fault {
	return fault{
		kind: kindPause, does: "SIGSTOP to " + name + ", and SIGCONT after a while",
		begin: func(_ context.Context, w *world) error { return w.stack.Process(name).Pause() },
		end:   func(_ context.Context, w *world) error { return w.stack.Process(name).Resume() },
	}
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
