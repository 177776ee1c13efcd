package chaos

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// lookEvery is how often the keeper looks.
const lookEvery = 500 * time.Millisecond

// keeper starts processes that have ended by themselves, as a cluster does with containers: some end on purpose, to be
// started afresh.
type keeper struct {
	stack    *stack.Stack
	progress io.Writer

	mu sync.Mutex
	// busy are those that somebody has taken down, or is about to start.
	busy map[string]bool
	log  []string
}

func newKeeper(s *stack.Stack, progress io.Writer) *keeper {
	return &keeper{stack: s, progress: progress, busy: map[string]bool{}}
}

// watch starts what ends, until ctx does.
func (k *keeper) watch(ctx context.Context) {
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		for _, p := range k.stack.Processes() {
			if !p.Alive() && k.take(p.Name()) {
				go k.revive(ctx, p)
			}
		}
	}
}

// revive starts a process that has ended by itself. A start that fails is repeated when the keeper looks next.
func (k *keeper) revive(ctx context.Context, p *stack.Process) {
	line := fmt.Sprintf("%s %s ended by itself (%s) and was started again", time.Now().UTC().Format(time.TimeOnly), p.Name(), p.Exit())
	k.mu.Lock()
	k.log = append(k.log, line)
	k.mu.Unlock()
	_, _ = fmt.Fprintln(k.progress, line)
	bounded, cancel := context.WithTimeout(ctx, mendFor)
	defer cancel()
	if err := k.start(bounded, p.Name()); err != nil {
		_, _ = fmt.Fprintln(k.progress, err)
	}
}

// start starts a process that was taken down, and waits until it is ready.
func (k *keeper) start(ctx context.Context, name string) error {
	defer k.release(name)
	return k.stack.Process(name).Restart(ctx)
}

// hold takes a process down for its caller, who starts it.
func (k *keeper) hold(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy[name] = true
}

// take is hold for one that nobody else holds.
func (k *keeper) take(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy[name] {
		return false
	}
	k.busy[name] = true
	return true
}

func (k *keeper) release(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.busy, name)
}

// restarts tells of the processes that have ended by themselves.
func (k *keeper) restarts() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.log...)
}
