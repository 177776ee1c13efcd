// Package sweep owns the second look at jobs: those of the ledger that nobody works on are put on the way again, or given up
// for good, the workflows of ended ones are removed from the engine, and old ones from the ledger. Any number of replicas may do it at once.
package sweep

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// Config is what the enhancer can be set to.
type Config struct {
	// Interval is how often unfinished jobs are looked for; 0 for never.
	Interval time.Duration `envconfig:"SWEEP_INTERVAL" default:"5s"`
	// PendingAfter is how long a message is left to arrive, and RunningAfter how long a workflow is left alone.
	PendingAfter time.Duration `envconfig:"SWEEP_PENDING_AFTER" default:"30s"`
	RunningAfter time.Duration `envconfig:"SWEEP_RUNNING_AFTER" default:"15s"`
	// StuckAfter is how long a workflow may stand still, with no step under way, before the engine counts as having forgotten to
	// go on: longer than the pauses between attempts. A step may also wait for its turn at the engine, so it doubles with
	// each restart of the job, up to eight times as long.
	StuckAfter time.Duration `envconfig:"SWEEP_STUCK_AFTER" default:"20s"`
	// Backoff is the pause after the first start; it doubles up to longestBackoff.
	Backoff time.Duration `envconfig:"SWEEP_BACKOFF" default:"10s"`
	// Attempts is how often a run is started before it counts as failed: with these defaults, for nearly three hours.
	Attempts int `envconfig:"SWEEP_ATTEMPTS" default:"250"`
	// Retention is how long the engine keeps the workflows of ended jobs; 0 for good.
	Retention time.Duration `envconfig:"WORKFLOW_RETENTION" default:"24h"`
	// LedgerRetention is how long the ledger keeps ended jobs whose workflows are gone; 0 for good.
	LedgerRetention time.Duration `envconfig:"LEDGER_RETENTION" default:"9600h"`
}

const (
	// batch is how many jobs of one tenant are looked at before it is the next one's turn.
	batch = 10
	// lease outlasts a batch of an engine that answers. Of one that does not, another replica may begin on the same jobs, which is
	// harmless: what matters more is that a sweeper's death keeps its jobs waiting for no longer.
	lease = 30 * time.Second
	// longestBackoff bounds the pause between two starts of a job, so that it goes on soon after the end of a long outage.
	longestBackoff = 40 * time.Second
	// stuckGrowth is how many times Config.StuckAfter a workflow may stand still at most.
	stuckGrowth = 8
)

// Stuck is how long the workflow of a job that was restarted so often may stand still.
func (c Config) Stuck(sweeps int) time.Duration {
	return pause.Doubled(c.StuckAfter, stuckGrowth*c.StuckAfter, sweeps)
}

// Engine is the workflow engine, as sidecar.Instances is.
type Engine interface {
	Look(ctx context.Context, instanceID string) (sidecar.Instance, error)
	Terminate(ctx context.Context, instanceID string) error
	Purge(ctx context.Context, instanceID string) error
}

// Starter starts the workflow of a running job anew. That the job has ended by now, or has its workflow, is no error.
type Starter interface {
	Restart(ctx context.Context, d ledger.Due) error
}

// Deps are what the sweeper works with.
type Deps struct {
	Ledger  *ledger.Ledger
	Engine  Engine
	Starter Starter
	Metrics *telemetry.Metrics
	Tracer  *tracing.Tracer // nil: nothing is traced
	Logger  *slog.Logger
}

// Sweeper looks after the ledger.
type Sweeper struct {
	Deps

	cfg Config
}

// New makes a Sweeper.
func New(cfg Config, d Deps) *Sweeper { return &Sweeper{Deps: d, cfg: cfg} }

// errEngine says that the engine answers nobody: it is no job's fault, and nothing can be done until it is back.
var errEngine = errors.New("the workflow engine does not answer")

// Run sweeps until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "sweep"))
	for ctx.Err() == nil {
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "the sweep was cut short", "error", err)
		}
		_ = pause.For(ctx, pause.Jittered(s.cfg.Interval)) // the loop sees the end of ctx
	}
}

// Pass looks at every job that is due, tenants taking turns in an order that differs from pass to pass.
func (s *Sweeper) Pass(ctx context.Context) error {
	tenants, err := s.Ledger.Unfinished(ctx, s.patience())
	if err != nil {
		return err
	}
	var (
		due              []string
		pending, running time.Duration
	)
	for _, t := range tenants {
		pending, running = max(pending, t.Pending), max(running, t.Running)
		if t.Due {
			due = append(due, t.TenantID)
		}
	}
	s.Metrics.OldestJobs(pending, running)
	return inTurns(ctx, due, func(tenantID string) (int, error) { return s.sweepTenant(ctx, tenantID) })
}

// inTurns has do work on a batch of each tenant, again and again for those that have more, and returns when there is nothing
// left or the engine is gone. What goes wrong with one tenant does not keep the others from their turn.
func inTurns(ctx context.Context, tenants []string, do func(tenantID string) (int, error)) error {
	rand.Shuffle(len(tenants), func(i, j int) { tenants[i], tenants[j] = tenants[j], tenants[i] }) //nolint:gosec // not a secret
	var errs []error
	for len(tenants) > 0 && ctx.Err() == nil {
		var more []string
		for _, tenantID := range tenants {
			n, err := do(tenantID)
			switch {
			case errors.Is(err, errEngine):
				return errors.Join(append(errs, err)...)
			case err != nil:
				errs = append(errs, err)
			case n >= batch:
				more = append(more, tenantID)
			}
		}
		tenants = more
	}
	return errors.Join(errs...)
}

func (s *Sweeper) patience() ledger.Patience {
	return ledger.Patience{Pending: s.cfg.PendingAfter, Running: s.cfg.RunningAfter}
}

// sweepTenant looks at a batch of the tenant's due jobs and tells how many there were.
func (s *Sweeper) sweepTenant(ctx context.Context, tenantID string) (int, error) {
	jobs, err := s.Ledger.TakeDue(ctx, tenantID, s.patience(), batch, lease)
	if err != nil {
		return 0, err
	}
	var errs []error
	for i, d := range jobs {
		if ctx.Err() != nil {
			break
		}
		if err := s.sweepJob(ctx, d); err != nil {
			errs = append(errs, err)
			if errors.Is(err, errEngine) {
				s.release(ctx, jobs[i:])
				break
			}
		}
	}
	return len(jobs), errors.Join(errs...)
}

// release gives up the lease on jobs that were not looked at: the engine, once it is back, is asked about them soon.
func (s *Sweeper) release(ctx context.Context, jobs []ledger.Due) {
	for _, d := range jobs {
		if err := s.Ledger.Swept(ctx, d, d.Sweeps, pause.Jittered(s.cfg.Interval)); err != nil {
			s.Logger.WarnContext(ctx, "a job was not released early", telemetry.KeyJob, d.JobID, "error", err)
		}
	}
}
