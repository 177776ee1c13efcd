package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

const (
	// seenWithin is how long the demo waits for a trace to be complete and for every target to be scraped.
	seenWithin = time.Minute
	// scrapeEvery is for a person who waits; what ships says 15 s.
	scrapeEvery = 5 * time.Second
)

// watch starts what watches the stack, unless it does already.
func watch(ctx context.Context, t terminal, s *stack.Stack) (*observe.Observability, error) {
	o, err := observe.Attach(s)
	if !errors.Is(err, observe.ErrNotObserved) {
		return o, err
	}
	if s.OTLPAddr() == "" { // it would show metrics and no trace
		return nil, err
	}
	t.headline("Starting what watches it")
	if o, err = observe.Start(ctx, s, observe.Options{Interval: scrapeEvery}); err != nil {
		return nil, err
	}
	for _, p := range o.Processes() {
		t.linef("  %-16s ready", p.Name())
	}
	return o, nil
}

// look shows what was seen of the job: its trace, and the metrics.
func look(ctx context.Context, t terminal, o *observe.Observability, job enhancement.Job) error {
	ctx, cancel := context.WithTimeout(ctx, seenWithin)
	defer cancel()
	t.headline("The trace of ticket " + job.Ticket.ID)
	trace, err := o.AwaitTrace(ctx, "ai_agents.job_id", job.ID, "webhook_received", "ticket_update", "enhance_ticket")
	if err != nil {
		return fmt.Errorf("look at the trace of job %s: %w", job.ID, err)
	}
	t.linef("  trace %s, %d spans", trace.ID, len(trace.Spans))
	for line := range strings.Lines(trace.Tree()) {
		t.linef("  %s", strings.TrimSuffix(line, "\n"))
	}
	return metrics(ctx, t, o)
}

func metrics(ctx context.Context, t terminal, o *observe.Observability) error {
	t.headline("What Prometheus scrapes")
	if err := o.AwaitTargets(ctx); err != nil {
		return fmt.Errorf("look at the metrics: %w", err)
	}
	up, err := o.Query(ctx, "sort(sum by (job) (up))")
	if err != nil {
		return fmt.Errorf("look at the metrics: %w", err)
	}
	for _, sample := range up {
		t.linef("  %-20s %v up", sample.Metric["job"], sample.Value)
	}
	enhanced, err := o.AwaitQuery(ctx, `sum by (tenant_id) (enhancement_requests_total{status="success"})`)
	if err != nil {
		return fmt.Errorf("look at the metrics: %w", err)
	}
	for _, sample := range enhanced {
		t.linef(`  enhancement_requests_total{tenant_id="%s",status="success"} %v`, sample.Metric["tenant_id"], sample.Value)
	}
	return nil
}

// where says where to look on.
func (t terminal) where(o *observe.Observability) {
	t.linef("  metrics             %s", o.PrometheusURL())
	t.linef("  alerts              %s/alerts, %s", o.PrometheusURL(), o.AlertmanagerURL())
	t.linef("  traces              curl -s '%s/api/traces?service=enhancer&limit=1'   (this Jaeger has no pages: docs/observability.md)", o.JaegerURL())
}
