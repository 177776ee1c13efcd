// Package observe is what watches a stack: real Prometheus, Alertmanager, OpenTelemetry Collector and Jaeger beside a running
// e2e/stack, with the configuration that deploy/ ships, moved to the addresses of that stack. `make demo OBSERVE=1` and the tests of
// metrics, alerts, dashboards and traces use it:
//
//	s, err := stack.Start(ctx, stack.Options{Dir: dir, Ports: stack.Any, Traced: true})
//	o, err := observe.Start(ctx, s, observe.Options{})
//	err = o.AwaitTargets(ctx)
//	samples, err := o.Query(ctx, `sum by (job) (up)`)
//	trace, err := o.AwaitTrace(ctx, "ai_agents.job_id", jobID, "ticket_update")
//
// What it starts belongs to the stack: it stops with the stack, last, or with Stop.
package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheusapi "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// Names of the processes, in the stack and of their logs.
const (
	processPrometheus   = "prometheus"
	processAlertmanager = "alertmanager"
	processCollector    = "otel-collector"
	processJaeger       = "jaeger"
)

// Parts says what to start; parts can be added up.
type Parts int

// The parts. Alerts need Metrics.
const (
	Metrics Parts = 1 << iota // Prometheus
	Alerts                    // Alertmanager
	Traces                    // the collector and Jaeger, from tools/build-observability.sh

	All = Metrics | Alerts | Traces
)

// Options say what to start and how. The zero value starts all of it as deploy/ says, but for the share of traces: all are kept.
type Options struct {
	// Parts are what to start; All when zero.
	Parts Parts
	// Root is the repository; found from the working directory when empty.
	Root string
	// Interval is how often Prometheus scrapes and evaluates rules; as in deploy/prometheus/prometheus.yaml when zero.
	Interval time.Duration
	// Rules are patterns of absolute paths of rule files; deploy/prometheus/rules/*.yaml when nil, none when empty.
	Rules []string
	// Targets are further addresses (host:port) to scrape /metrics of, by job.
	Targets map[string][]string
	// AlertmanagerConfig is a file; a configuration that tells nobody when empty: alerts are seen in its pages and API.
	AlertmanagerConfig string
	// DecisionWait is how long the collector waits for the spans of a trace; 1 s when zero, because nobody here waits for slow ones.
	DecisionWait time.Duration
	// SharePercent is how many of the ordinary traces the collector keeps, of 100; all when nil.
	SharePercent *float64
	// ReadyTimeout bounds the start; a minute when zero.
	ReadyTimeout time.Duration
}

// Observability is what watches a stack. Its methods may be called at the same time.
type Observability struct {
	stack *stack.Stack
	http  *http.Client
	api   prometheusapi.API // nil without Prometheus
}

// ErrNotObserved is returned by Attach when nothing watches the stack.
var ErrNotObserved = errors.New("nothing watches this stack: stop it with `make down` and start it with `make up OBSERVE=1`")

const (
	defaultReadyTimeout = time.Minute
	callTimeout         = 10 * time.Second
)

// Start starts the parts beside s and returns when they are ready, which says nothing about targets yet: see AwaitTargets. Traces
// of apps and sidecars arrive if s was started as Traced. stack.ErrBesideRuns says that s is watched already: use Attach.
func Start(ctx context.Context, s *stack.Stack, opts Options) (*Observability, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	l := &launch{opts: opts, stack: s, dir: filepath.Join(s.Dir(), "observe")}
	processes, err := l.describe()
	if err != nil {
		return nil, fmt.Errorf("prepare to watch the stack: %w", err)
	}
	bounded, cancel := context.WithTimeoutCause(ctx, opts.ReadyTimeout,
		fmt.Errorf("what watches the stack was not ready within %s", opts.ReadyTimeout))
	defer cancel()
	if err := s.StartBeside(bounded, processes...); err != nil {
		return nil, fmt.Errorf("watch the stack: %w", err)
	}
	return Attach(s)
}

// Attach finds what watches s, whoever started it. Without any it returns ErrNotObserved.
func Attach(s *stack.Stack) (*Observability, error) {
	o := &Observability{stack: s, http: &http.Client{Timeout: callTimeout}}
	if len(o.Processes()) == 0 {
		return nil, ErrNotObserved
	}
	if o.PrometheusURL() == "" {
		return o, nil
	}
	client, err := api.NewClient(api.Config{Address: o.PrometheusURL()})
	if err != nil {
		return nil, fmt.Errorf("reach Prometheus: %w", err)
	}
	o.api = prometheusapi.NewAPI(client)
	return o, nil
}

// Stop stops what watches the stack, which goes on. The data stays below the run directory.
func (o *Observability) Stop(ctx context.Context) error {
	if err := o.stack.StopBeside(ctx, names()...); err != nil {
		return fmt.Errorf("stop watching the stack: %w", err)
	}
	return nil
}

// Processes are those that were started, to pause, kill or restart them.
func (o *Observability) Processes() []*stack.Process {
	var there []*stack.Process
	for _, name := range names() {
		if p := o.stack.Process(name); p != nil {
			there = append(there, p)
		}
	}
	return there
}

func names() []string {
	return []string{processPrometheus, processAlertmanager, processCollector, processJaeger}
}

// PrometheusURL is the address of Prometheus' pages and API; empty when it was not started, as with those below.
func (o *Observability) PrometheusURL() string { return o.url(processPrometheus) }

// AlertmanagerURL is the address of Alertmanager's pages and API.
func (o *Observability) AlertmanagerURL() string { return o.url(processAlertmanager) }

// JaegerURL is the address of Jaeger's query API. A Jaeger built as a Go module has no pages.
func (o *Observability) JaegerURL() string { return o.url(processJaeger) }

// CollectorAddr is host:port where the collector takes OTLP over gRPC.
func (o *Observability) CollectorAddr() string { return o.address(processCollector) }

func (o *Observability) url(process string) string {
	if address := o.address(process); address != "" {
		return "http://" + address
	}
	return ""
}

// address is the first port of a process, which is the one for others.
func (o *Observability) address(process string) string {
	p := o.stack.Process(process)
	if p == nil {
		return ""
	}
	return loopback(p.Port(0))
}
