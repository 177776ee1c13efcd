package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// patience is how long the tickets of one measurement are waited for.
	patience = 10 * time.Minute
	// hands is how many webhooks are under way at once.
	hands = 8
	// plenty is more webhooks in a minute than a tenant sends here.
	plenty = 100_000
	// sidecarOf ends the name of an app's sidecar.
	sidecarOf = "-dapr"
)

// tenants are several, because one alone is held back by its own limit.
func tenants() []string { return []string{"bench-a", "bench-b", "bench-c", "bench-d"} }

// side is one of the two stacks.
type side struct {
	dir      string
	stack    *stack.Stack
	platform *platform.Platform
}

func open(ctx context.Context) (s *side, err error) {
	s = &side{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
			s = nil
		}
	}()
	if s.dir, err = os.MkdirTemp("", "ai-agents-bench-overhead-"); err != nil {
		return s, fmt.Errorf("make a run directory: %w", err)
	}
	if s.stack, err = stack.Start(ctx, stack.Options{Dir: s.dir, Ports: stack.Any, Traced: true}); err != nil {
		return s, fmt.Errorf("start a stack (after `make build`): %w", err)
	}
	if s.platform, err = platform.Open(ctx, s.stack); err != nil {
		return s, fmt.Errorf("reach the platform: %w", err)
	}
	for _, id := range tenants() {
		client := platform.Client{ID: id, Name: "Example", Profile: servicedesk.ProfileOnPrem, Format: tenant.FormatHTML, WebhooksPerMinute: plenty}
		if err := s.platform.Onboard(ctx, client); err != nil {
			return s, fmt.Errorf("onboard %s: %w", id, err)
		}
	}
	return s, nil
}

func (s *side) close(ctx context.Context) error {
	if s.platform != nil {
		s.platform.Close()
	}
	if s.dir == "" {
		return nil
	}
	return stack.Remove(ctx, s.dir)
}

// turn is what of a side exports its spans.
type turn struct{ apps, sidecars bool }

// begin restarts apps and sidecars, whether or not they run that way already, and lets caches fill and connections open.
func (s *side) begin(ctx context.Context, traced turn, tickets int) error {
	group, restarting := errgroup.WithContext(ctx)
	for _, name := range apps() {
		group.Go(func() error { return s.restart(restarting, name, traced.apps) })
		group.Go(func() error { return s.restart(restarting, name+sidecarOf, traced.sidecars) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("restart the apps, traced %+v: %w", traced, err)
	}
	_, err := s.enhance(ctx, tickets)
	return err
}

func (s *side) restart(ctx context.Context, name string, traced bool) error {
	env := s.stack.TracingEnvironment()
	if !traced {
		env = map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""} // which counts as unset
	}
	return s.stack.Process(name).Replace(ctx, "", env)
}

// apps are those that are measured.
func apps() []string { return []string{"gateway", "enhancer", "console"} }

// ours are apps and their sidecars, without those of the simulator.
func (s *side) ours() []*stack.Process {
	var ours []*stack.Process
	for _, name := range apps() {
		ours = append(ours, s.stack.Process(name), s.stack.Process(name+sidecarOf))
	}
	return ours
}

// cpu is what apps and sidecars have used since they started.
func (s *side) cpu() (time.Duration, error) {
	var all time.Duration
	for _, p := range s.ours() {
		used, err := p.Usage()
		if err != nil {
			return 0, err
		}
		all += used.Processor
	}
	return all, nil
}

func (s *side) measure(ctx context.Context, tickets int) (half, error) {
	before, err := s.cpu()
	if err != nil {
		return half{}, err
	}
	took, err := s.enhance(ctx, tickets)
	if err != nil {
		return half{}, err
	}
	after, err := s.cpu()
	return half{perSecond: float64(tickets) / took.Seconds(), cpu: (after - before) / time.Duration(tickets)}, err
}

// enhance has n tickets opened and tells how long it was from the first webhook to the last note.
func (s *side) enhance(ctx context.Context, n int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	jobs := make([]string, n)
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(hands)
	for i := range n {
		group.Go(func() error {
			o, err := s.platform.OpenTicket(opening, tenantOf(i), exampleTicket(i), simulator.EmitDefault)
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
		job, err := s.platform.AwaitJob(ctx, tenantOf(i), id)
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

func tenantOf(i int) string {
	all := tenants()
	return all[i%len(all)]
}

// exampleTicket differs from the others, so that no answer of the model is found in a cache.
func exampleTicket(i int) simulator.NewTicket {
	return simulator.NewTicket{
		Subject: "VPN drops", Priority: "High",
		Description: fmt.Sprintf("The VPN of room %d drops every few minutes, see vpn01.example.com. Since %d.", i, time.Now().UnixNano()),
	}
}
