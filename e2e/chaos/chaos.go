// Package chaos breaks the platform while it works, and then settles accounts. It owns the faults, the schedule that a seed
// makes of them, the senders with the journal of what they were told, and the reconciliation of that journal with what stands
// on the tickets and in the ledger. `make chaos` and the tests of reliability are written in it.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	// mendFor bounds the end of one fault, such as the restart of a process.
	mendFor = time.Minute
	// warmUp is the load before the first fault: it shows that the platform works.
	warmUp = 3 * time.Second
)

// Options of a run.
type Options struct {
	Plan Plan
	// Tenants is how many there are; their profiles and ways of signing differ.
	Tenants int
	// Rate is how many tickets are sent in a second, by all tenants together.
	Rate float64
	// Name makes the tenants' ids, so that several runs can share a stack.
	Name string
	// Settle is how long the last tickets may take to be done, and then those that are sent again in the end.
	Settle time.Duration
	// Patience is how long a second note may stand until it is tidied away; no time when zero.
	Patience time.Duration
	// Find is how long it may take in the end until tickets are found whose webhook never arrived; when zero, all arrive.
	Find time.Duration
	// Progress hears of what happens; nil for nobody.
	Progress io.Writer
}

// Settings are those that a stack needs for chaos, besides others of the caller's.
func Settings(dir string) map[string]map[string]string {
	return map[string]map[string]string{
		// A ServiceDesk Plus that is killed still has its tickets.
		"simulator": {"SIMULATOR_STATE": filepath.Join(dir, "simulator.jsonl"), "SIMULATOR_SAMPLE": "false"},
	}
}

// Run breaks the stack as the plan says, under load, waits until the work is done, and says what became of it. The error is
// about the run itself; what it found is in the Report.
func Run(ctx context.Context, s *stack.Stack, opts Options) (report *Report, err error) {
	if opts.Progress == nil {
		opts.Progress = io.Discard
	}
	users, err := platform.Open(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("reach the platform: %w", err)
	}
	defer users.Close()
	journal, err := newJournal(filepath.Join(s.Dir(), "logs", opts.Name+"-journal.jsonl"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, journal.close()) }()
	w := &world{stack: s, users: users, journal: journal, progress: opts.Progress, keeper: newKeeper(s, opts.Progress), balancer: newBalancer(s)}
	if w.tenants, err = onboard(ctx, users, opts.Name, opts.Tenants); err != nil {
		return nil, err
	}
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	go w.keeper.watch(watching)

	windows := w.underLoad(ctx, opts)
	w.sayf("all faults are over, %d tickets were sent; waiting for what is under way", len(journal.all()))
	books, err := w.settle(ctx, opts)
	if err != nil {
		return nil, err
	}
	return newReport(opts, windows, books, s.Dir(), w.keeper.restarts()), nil
}

// underLoad has the senders send while one fault after the other begins and ends.
func (w *world) underLoad(ctx context.Context, opts Options) []Window {
	sending, stopSending := context.WithCancel(ctx)
	defer stopSending()
	go w.balancer.watch(sending)
	load := newLoad(w, opts)
	load.start(sending)
	windows := []Window{{Fault: quiet, Began: time.Now(), Ended: time.Now()}}
	rest(ctx, warmUp)
	start := time.Now()
	for _, step := range opts.Plan.Steps {
		rest(ctx, time.Until(start.Add(step.At)))
		if ctx.Err() != nil {
			break
		}
		windows = append(windows, w.apply(ctx, step))
	}
	rest(ctx, time.Until(start.Add(opts.Plan.Duration)))
	stopSending()
	load.wait()
	return windows
}

// apply begins a fault and ends it after its time.
func (w *world) apply(ctx context.Context, step Step) Window {
	f := catalogue()[step.Fault]
	window := Window{Fault: step.Fault, Began: time.Now()}
	w.sayf("%s for %s", step.Fault, step.Lasts)
	mending, cancel := context.WithTimeout(context.WithoutCancel(ctx), mendFor+step.Lasts)
	defer cancel()
	err := f.begin(mending, w)
	if f.end != nil {
		rest(ctx, time.Until(window.Began.Add(step.Lasts)))
	}
	window.Ended = time.Now()
	if f.end != nil {
		err = errors.Join(err, f.end(mending, w))
	}
	if err != nil {
		window.Err = err
		first, _, _ := strings.Cut(err.Error(), "\n")
		w.sayf("%s: %s", step.Fault, first)
	}
	return window
}

// world is what a fault can reach.
type world struct {
	stack    *stack.Stack
	users    *platform.Platform
	journal  *journal
	keeper   *keeper
	balancer *balancer
	tenants  []client
	progress io.Writer
	// outsider holds connections that the platform would need.
	outsider outsider
}

func (w *world) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(w.progress, time.Now().UTC().Format("15:04:05.000 ")+format+"\n", args...)
}

// rest waits for d or the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// remove deletes what a killed process has left on disk.
func remove(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("wipe: %w", err)
	}
	return nil
}
