package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

const (
	// patience is how long the tickets of one measurement are waited for.
	patience = 10 * time.Minute
	// warmUp is the share of the tickets that goes before each measurement, because caches fill and connections open.
	warmUp = 5
	// hands is how many webhooks are under way at once.
	hands = 8
	// millis are in a second.
	millis = 1000
)

type bench struct {
	stack    *stack.Stack
	platform *platform.Platform
	tenants  []string
	tickets  int
}

// half is one measurement.
type half struct {
	perSecond float64       // tickets
	cpu       time.Duration // of apps and sidecars, for a ticket
}

func (h half) String() string {
	return fmt.Sprintf("%.1f tickets/s (%.1f ms CPU each)", h.perSecond, h.cpu.Seconds()*millis)
}

// half restarts apps and sidecars, whether or not they run that way already: both ways begin alike.
func (b *bench) half(ctx context.Context, watched bool) (half, error) {
	if watched {
		o, err := observe.Start(ctx, b.stack, observe.Options{})
		if err != nil {
			return half{}, err
		}
		defer func() { _ = o.Stop(context.WithoutCancel(ctx)) }() // what goes on in spite of that stops with the stack
	}
	if err := b.restart(ctx, watched); err != nil {
		return half{}, err
	}
	if _, err := b.enhance(ctx, max(1, b.tickets/warmUp)); err != nil {
		return half{}, err
	}
	before, err := b.cpu()
	if err != nil {
		return half{}, err
	}
	took, err := b.enhance(ctx, b.tickets)
	if err != nil {
		return half{}, err
	}
	after, err := b.cpu()
	return half{perSecond: float64(b.tickets) / took.Seconds(), cpu: (after - before) / time.Duration(b.tickets)}, err
}

func (b *bench) restart(ctx context.Context, watched bool) error {
	env := b.stack.TracingEnvironment()
	if !watched {
		env = map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""} // which counts as unset
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range b.ours() {
		group.Go(func() error { return p.Replace(ctx, "", env) })
	}
	return group.Wait()
}

// ours are apps and their sidecars, without those of the simulator.
func (b *bench) ours() []*stack.Process {
	var ours []*stack.Process
	for _, name := range []string{"gateway", "enhancer", "console"} {
		ours = append(ours, b.stack.Process(name), b.stack.Process(name+"-dapr"))
	}
	return ours
}

// enhance has n tickets opened and tells how long it was from the first webhook to the last note.
func (b *bench) enhance(ctx context.Context, n int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	jobs := make([]string, n)
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(hands)
	for i := range n {
		group.Go(func() error {
			o, err := b.platform.OpenTicket(opening, b.tenant(i), exampleTicket(i), simulator.EmitDefault)
			if err == nil && o.Accepted.JobID == "" {
				err = fmt.Errorf("a webhook was answered %d: %s", o.Status, o.Body)
			}
			jobs[i] = o.Accepted.JobID
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var first, last time.Time
	for i, id := range jobs {
		job, err := b.platform.AwaitJob(ctx, b.tenant(i), id)
		if err != nil {
			return 0, err
		}
		if first.IsZero() || job.ReceivedAt.Before(first) {
			first = job.ReceivedAt
		}
		if job.FinishedAt.After(last) {
			last = job.FinishedAt
		}
	}
	return last.Sub(first), nil
}

func (b *bench) tenant(i int) string { return b.tenants[i%len(b.tenants)] }

// exampleTicket differs from the others, so that no answer of the model is found in a cache.
func exampleTicket(i int) simulator.NewTicket {
	return simulator.NewTicket{
		Subject: "VPN drops", Priority: "High",
		Description: fmt.Sprintf("The VPN of room %d drops every few minutes, see vpn01.example.com. Since %d.", i, time.Now().UnixNano()),
	}
}

// cpu is what apps and sidecars have used since they started.
func (b *bench) cpu() (time.Duration, error) {
	var all time.Duration
	for _, p := range b.ours() {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		if err != nil {
			return 0, fmt.Errorf("read the processor time of %s: %w", p.Name(), err)
		}
		used, err := cpuOf(string(content))
		if err != nil {
			return 0, fmt.Errorf("read the processor time of %s: %w", p.Name(), err)
		}
		all += used
	}
	return all, nil
}

// cpuOf reads user and system time of /proc/PID/stat: fields 14 and 15, of which the second, the name, may hold blanks (proc(5)).
func cpuOf(stat string) (time.Duration, error) {
	const userAfterName, tick = 14 - 3, 10 * time.Millisecond // USER_HZ is 100 on every platform that Go runs on
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < userAfterName+2 {
		return 0, fmt.Errorf("unexpected %q", stat)
	}
	var ticks int64
	for _, field := range fields[userAfterName : userAfterName+2] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("unexpected %q: %w", stat, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}
