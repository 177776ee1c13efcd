// Command soak puts a steady load of signed webhooks on the platform, looks every few seconds at what its stores and processes
// hold, and says how that grows with the jobs. It ends with status 1 when something grows that must not: keys and streams in
// Redis once they are old enough to go, goroutines, memory in use. What is kept for a day or an hour is kept for a minute here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// kept is how long workflows and messages stay, in place of a day and an hour.
	kept = time.Minute
	// warmUp is left out of the comparison: caches and pools fill.
	warmUp = 30 * time.Second
	// settle is waited for after the load: what is kept goes, and the engine's last looks at notes end.
	settle = 3*kept + 15*time.Second

	webhooksPerMinute = 100_000

	usualDuration, usualEvery, usualRate = 10 * time.Minute, 10 * time.Second, 4
	floors, hosts                        = 7, 200
)

type options struct {
	duration, every time.Duration
	rate            int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	var o options
	flag.DurationVar(&o.duration, "for", usualDuration, "how long there is load")
	flag.DurationVar(&o.every, "every", usualEvery, "how often to look")
	flag.IntVar(&o.rate, "rate", usualRate, "tickets a second, of two tenants together")
	flag.Parse()
	if o.duration < 2*warmUp || o.every < time.Second || o.rate < 1 {
		return fmt.Errorf("-for has to be %s or more, -every 1s or more, -rate 1 or more", 2*warmUp)
	}
	dir, err := os.MkdirTemp("", "ai-agents-soak-")
	if err != nil {
		return fmt.Errorf("make a run directory: %w", err)
	}
	description, err := describe(dir)
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{
		Dir: filepath.Join(dir, "run"), File: description, Ports: stack.Any, ReadyTimeout: 2 * time.Minute,
		Env: map[string]map[string]string{"enhancer": {"WORKFLOW_RETENTION": kept.String()}},
	})
	if err != nil {
		return fmt.Errorf("start the stack (after `make build`): %w", err)
	}
	defer func() {
		background := context.WithoutCancel(ctx)
		err = errors.Join(err, s.Stop(background), stack.Remove(background, filepath.Join(dir, "run")), os.RemoveAll(dir))
	}()
	p, err := platform.Open(ctx, s)
	if err != nil {
		return fmt.Errorf("reach the platform: %w", err)
	}
	defer p.Close()
	return soak(ctx, out, s, p, o)
}

// describe makes a description of the apps whose messages stay for as long as kept, and are otherwise as they are.
func describe(dir string) (file string, err error) {
	root, err := stack.FindRoot()
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(dir, "components"), os.DirFS(filepath.Join(root, "components"))); err != nil {
		return "", fmt.Errorf("copy the components: %w", err)
	}
	pubsub := filepath.Join(dir, "components", "pubsub.yaml")
	text, err := os.ReadFile(pubsub)
	if err != nil {
		return "", fmt.Errorf("read the component: %w", err)
	}
	ttl := regexp.MustCompile(`(name: streamTTL\s+value: )\S+`)
	if !ttl.Match(text) {
		return "", errors.New("components/pubsub.yaml has no streamTTL to shorten")
	}
	if err := os.WriteFile(pubsub, ttl.ReplaceAll(text, []byte("${1}"+kept.String())), 0o600); err != nil { //nolint:gosec // a folder of our own
		return "", fmt.Errorf("write the component: %w", err)
	}
	if err := os.Symlink(filepath.Join(root, "bin"), filepath.Join(dir, "bin")); err != nil {
		return "", fmt.Errorf("link the executables: %w", err)
	}
	file = filepath.Join(dir, "dapr.yaml")
	apps, err := os.ReadFile(filepath.Join(root, "dapr.yaml"))
	if err != nil {
		return "", fmt.Errorf("read the description: %w", err)
	}
	if err := os.WriteFile(file, apps, 0o600); err != nil { //nolint:gosec // a folder of our own
		return "", fmt.Errorf("write the description: %w", err)
	}
	return file, nil
}

func soak(ctx context.Context, out io.Writer, s *stack.Stack, p *platform.Platform, o options) error {
	tenants := []string{"soak-one", "soak-two"}
	for i, id := range tenants {
		profile := []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud}[i]
		if err := p.Onboard(ctx, platform.Client{ID: id, Name: "Example", Profile: profile, Format: tenant.FormatHTML, WebhooksPerMinute: webhooksPerMinute}); err != nil {
			return fmt.Errorf("onboard %s: %w", id, err)
		}
	}
	watch, err := newWatcher(ctx, s)
	if err != nil {
		return err
	}
	defer watch.close(ctx)
	fmt.Fprintf(out, "%d tickets a second for %s, then %s to settle; workflows and messages are kept for %s\n", o.rate, o.duration, settle, kept)
	loading, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	accepted := make(chan int, 1)
	go func() { accepted <- load(loading, p, tenants, o.rate) }()
	samples, err := watch.sampleFor(ctx, o.duration, o.every)
	if err != nil {
		return err
	}
	sent := <-accepted
	settled, err := watch.sampleFor(ctx, settle, o.every)
	if err != nil {
		return err
	}
	// A last message has the stream trimmed.
	if _, err := p.OpenTicket(ctx, tenants[0], ticketNumber(-1), simulator.EmitDefault); err != nil {
		return fmt.Errorf("send the last webhook: %w", err)
	}
	last, err := watch.sample(ctx)
	if err != nil {
		return err
	}
	r := report{loaded: samples, settled: append(settled, last), warmUp: warmUp, rate: o.rate, kept: kept}
	fmt.Fprintf(out, "%d webhooks were accepted\n\n", sent)
	r.print(out)
	return r.verdict(sent)
}

// load opens tickets at the rate until ctx ends, and tells how many webhooks were accepted.
func load(ctx context.Context, p *platform.Platform, tenants []string, rate int) int {
	const atOnce = 16
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	accepted := make(chan struct{}, atOnce)
	total := make(chan int)
	go func() {
		n := 0
		for range accepted {
			n++
		}
		total <- n
	}()
	var sending errgroup.Group
	sending.SetLimit(atOnce)
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
		case <-tick.C:
			sending.Go(func() error {
				// What is sent is waited for, also when the time is up.
				o, err := p.OpenTicket(context.WithoutCancel(ctx), tenants[n%len(tenants)], ticketNumber(n), simulator.EmitDefault)
				if err == nil && o.Accepted.JobID != "" {
					accepted <- struct{}{}
				}
				return nil
			})
		}
	}
	_ = sending.Wait() // a webhook that was not accepted is only not counted
	close(accepted)
	return <-total
}

func ticketNumber(n int) simulator.NewTicket {
	return simulator.NewTicket{
		Subject: fmt.Sprintf("Printer %d jams", n), Priority: "High",
		Description: fmt.Sprintf("Printer %d on floor %d shows error E-42 since this morning; 192.0.2.%d answers.", n, n%floors, max(n, 0)%hosts),
	}
}
