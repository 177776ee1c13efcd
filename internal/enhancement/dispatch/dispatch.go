// Package dispatch owns the order in which waiting jobs are started: tenants take turns, and neither one tenant nor all of them
// have more jobs running than they may. It keeps no list of jobs, for the ledger is the queue. Any number of replicas do it
// together.
package dispatch

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// Config is what the enhancer can be set to. The limits are over all replicas.
type Config struct {
	// TenantLimit is how many jobs of a tenant run at most: what its slow dependencies are asked at once.
	TenantLimit int `envconfig:"QUEUE_TENANT_LIMIT" default:"8"`
	// TenantPace is how many jobs of a tenant each replica starts in a second, when more wait; 0 for no bound. It is what a
	// tenant with quick dependencies takes of the processors.
	TenantPace float64 `envconfig:"QUEUE_TENANT_PACE" default:"10"`
	// GlobalLimit is how many jobs of all tenants are to run at most. Replicas that look at the same moment go over it, each
	// by no more than a batch.
	GlobalLimit int `envconfig:"QUEUE_GLOBAL_LIMIT" default:"24"`
}

const (
	// batch is how many jobs are admitted at once: the step in which turns are taken, by which replicas may overshoot, and with which
	// a tenant's pace begins.
	batch = 4
	// starters is how many workflows this replica starts at once. The engine takes a few milliseconds for each.
	starters = 8
	// startTimeout bounds the start of a workflow, and what is done after one that failed.
	startTimeout = 10 * time.Second
	// askTimeout bounds a question to the ledger.
	askTimeout = 5 * time.Second
	// usualTick is how soon is noticed what nobody tells: that another replica's job has ended, or that a held one may go on.
	usualTick = time.Second
	// measureInterval is how often the queues are counted, for the metrics.
	measureInterval = 10 * time.Second
)

// Queue is the ledger, as *ledger.Ledger is.
type Queue interface {
	Turns(ctx context.Context) ([]ledger.Turn, error)
	Admit(ctx context.Context, tenantID string, most, limit int) ([]ledger.Admitted, error)
	Readmit(ctx context.Context, tenantID, jobID string, run int) error
	Waiting(ctx context.Context) ([]ledger.Depth, error)
	StandingOutages(ctx context.Context) ([]ledger.StandingOutage, error)
}

// Pauses are those that operators have made, as *suspension.Store is.
type Pauses interface {
	Standing(ctx context.Context) ([]suspension.Mark, error)
}

// Crew knows who takes work, as *crew.Register does.
type Crew interface {
	WithoutWorkers(ctx context.Context) (int, error)
}

// Engine is the workflow engine.
type Engine interface {
	// Start starts the workflow of a job. That it has one already is no error.
	Start(ctx context.Context, a ledger.Admitted) error
	// Answers says whether it answers at all.
	Answers(ctx context.Context) error
}

// Deps are what the dispatcher works with.
type Deps struct {
	Queue   Queue
	Pauses  Pauses
	Crew    Crew // nil: it is not measured
	Engine  Engine
	Metrics *telemetry.Metrics
	Logger  *slog.Logger
	// Tick is how often is looked without being told; a second when zero.
	Tick time.Duration
}

// Dispatcher starts jobs. What it remembers grows with the tenants, and not with their jobs.
type Dispatcher struct {
	Deps

	cfg      Config
	wake     chan struct{}
	slots    chan struct{} // taken while a workflow is being started
	starting sync.WaitGroup
	engine   trouble

	// halted says that this replica begins no jobs: an operator has it drained.
	halted atomic.Bool

	mu    sync.Mutex
	woken map[string]struct{} // tenants of which something was heard since the last look

	// Of the goroutine that runs.
	ledger trouble
	idle   map[string]struct{}  // tenants that gave nothing when they were asked
	queue  map[string]*standing // tenants whose jobs wait
	turn   uint64
	again  time.Duration // until one of them may have the next job started by its pace; 0 when none waits for that
}

// New makes a Dispatcher.
func New(cfg Config, d Deps) *Dispatcher {
	if d.Tick == 0 {
		d.Tick = usualTick
	}
	return &Dispatcher{
		Deps: d, cfg: cfg, wake: make(chan struct{}, 1), slots: make(chan struct{}, starters),
		woken: map[string]struct{}{}, idle: map[string]struct{}{}, queue: map[string]*standing{},
	}
}

// Wake has it look at once, because a job of the tenant waits, or has ended. However often it is called before that, there is one
// look.
func (d *Dispatcher) Wake(tenantID string) {
	d.mu.Lock()
	d.woken[tenantID] = struct{}{}
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Halt has it start no more jobs, or some again. What it has admitted by then is started.
func (d *Dispatcher) Halt(halted bool) {
	d.halted.Store(halted)
	if !halted {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
}

// Run starts jobs until ctx ends, and returns when those have been started, or put back, that were admitted by then.
func (d *Dispatcher) Run(ctx context.Context) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "dispatch"))
	defer d.starting.Wait()
	tick := time.NewTicker(d.Tick)
	defer tick.Stop()
	for ctx.Err() == nil {
		switch err := d.look(ctx); {
		case err == nil:
			d.ledger.over()
		case ctx.Err() == nil:
			d.ledger.seen()
			d.Logger.WarnContext(ctx, "the queue could not be looked at", "error", err)
		}
		if wait := max(d.ledger.pause(), d.engine.pause()); wait > 0 {
			_ = pause.For(ctx, wait) // the loop sees the end of ctx
			continue
		}
		paced := time.NewTimer(cmp.Or(d.again, d.Tick))
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-paced.C:
		case <-tick.C:
			clear(d.idle)
		}
		paced.Stop()
	}
}

// RunMeasuring counts the queues until ctx ends.
func (d *Dispatcher) RunMeasuring(ctx context.Context) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "queue_depth"))
	for ctx.Err() == nil {
		if err := d.Measure(ctx); err != nil && ctx.Err() == nil {
			d.Logger.WarnContext(ctx, "the queues could not be measured", "error", err)
		}
		_ = pause.For(ctx, measureInterval) // the loop sees the end of ctx
	}
}

// Measure counts the queues once, what holds them, what is paused, and which enhancers nobody works for.
func (d *Dispatcher) Measure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	depths, err := d.Queue.Waiting(ctx)
	if err != nil {
		return err
	}
	queues := make([]telemetry.Queue, len(depths))
	for i, q := range depths {
		queues[i] = telemetry.Queue{TenantID: q.TenantID, Waiting: q.Waiting, Held: q.Held, Running: q.Running, Oldest: q.Oldest}
	}
	d.Metrics.Queues(queues)
	standing, err := d.Queue.StandingOutages(ctx)
	if err != nil {
		return err
	}
	outages := make([]telemetry.Outage, len(standing))
	for i, o := range standing {
		outages[i] = telemetry.Outage{TenantID: o.TenantID, Dependency: string(o.Dependency), For: o.For}
	}
	d.Metrics.Outages(outages)
	paused, err := d.Pauses.Standing(ctx)
	if err != nil {
		return err
	}
	pauses := make([]telemetry.Pause, len(paused))
	for i, p := range paused {
		pauses[i] = telemetry.Pause{TenantID: p.TenantID, Scope: string(p.Scope)}
	}
	d.Metrics.Paused(pauses)
	if d.Crew == nil {
		return nil
	}
	unmanned, err := d.Crew.WithoutWorkers(ctx)
	if err != nil {
		return err
	}
	d.Metrics.Unmanned(unmanned)
	return nil
}

// look starts jobs as long as there are some to start and room for them.
func (d *Dispatcher) look(ctx context.Context) error {
	d.mu.Lock()
	for tenantID := range d.woken {
		delete(d.idle, tenantID)
	}
	clear(d.woken)
	d.mu.Unlock()
	for ctx.Err() == nil && !d.halted.Load() {
		turns, err := d.turns(ctx)
		if err != nil {
			return err
		}
		tenantID, most := d.next(turns, time.Now())
		if most == 0 {
			return nil
		}
		jobs, err := d.admit(ctx, tenantID, most)
		if err != nil && ctx.Err() == nil {
			// It may be this tenant's trouble alone. Is it the ledger's, the next question will tell.
			d.Logger.WarnContext(ctx, "jobs could not be admitted", telemetry.KeyTenant, tenantID, "error", err)
		}
		if len(jobs) == 0 {
			d.idle[tenantID] = struct{}{}
		}
		d.queue[tenantID].tokens -= float64(len(jobs))
		for _, a := range jobs {
			d.start(ctx, a)
		}
		if d.engine.now() {
			// One is tried after the pause, and no other until its outcome is known.
			if d.starting.Wait(); d.engine.now() {
				return nil
			}
		}
	}
	return nil
}

func (d *Dispatcher) turns(ctx context.Context) ([]ledger.Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return d.Queue.Turns(ctx)
}

func (d *Dispatcher) admit(ctx context.Context, tenantID string, most int) ([]ledger.Admitted, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return d.Queue.Admit(ctx, tenantID, most, d.cfg.TenantLimit)
}
