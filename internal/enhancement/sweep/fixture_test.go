package sweep_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/sweep"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var errExample = errors.New("example")

// engine stands in for the workflow engine. It has a workflow after its start, until something takes it away.
type engine struct {
	mu        sync.Mutex
	ledger    *ledger.Ledger
	instances map[string]sidecar.Instance
	// starts are the jobs in the order in which they were started.
	starts []string
	looks  map[string]int
	down   bool
	// bad are the instances of which the engine can make nothing, though it is up.
	bad map[string]bool
	// forgetful engines lose each workflow at once.
	forgetful bool
	// immortal engines end no workflow.
	immortal bool
	onStart  func()
	onLook   func()
}

func (e *engine) Look(_ context.Context, id string) (sidecar.Instance, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looks[id]++
	if e.onLook != nil {
		e.onLook()
	}
	if e.down || e.bad[id] {
		return sidecar.Instance{}, errExample
	}
	if found, ok := e.instances[id]; ok {
		return found, nil
	}
	return sidecar.Instance{Phase: sidecar.PhaseNone}, nil
}

func (e *engine) Terminate(_ context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down || e.immortal {
		return errExample
	}
	e.instances[id] = sidecar.Instance{Phase: sidecar.PhaseEnded, Detail: "TERMINATED"}
	return nil
}

func (e *engine) Purge(_ context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down || e.bad[id] || e.instances[id].Phase == sidecar.PhaseActive {
		return errExample
	}
	delete(e.instances, id)
	return nil
}

// Restart starts the workflow of a running job, as the enhancer does.
func (e *engine) Restart(ctx context.Context, d ledger.Due) error {
	if e.onStart != nil {
		e.onStart()
	}
	job, err := e.ledger.Job(ctx, d.TenantID, d.JobID)
	if err != nil || job.Status != enhancement.StatusRunning || job.Run != d.Run {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := enhancement.InstanceID(d.JobID, d.Run)
	if e.down || e.bad[id] {
		return errExample
	}
	e.starts = append(e.starts, d.TenantID+"/"+d.JobID)
	if !e.forgetful {
		e.instances[id] = sidecar.Instance{Phase: sidecar.PhaseActive, MovedAt: time.Now()}
	}
	return nil
}

// world is a sweeper with its ledger and its engine. Time passes when it is told to.
type world struct {
	*sweep.Sweeper

	t       *testing.T
	store   *tenantstoretest.Store
	ledger  *ledger.Ledger
	engine  *engine
	metrics *telemetry.Metrics
	spans   *tracingtest.Spans
	log     *strings.Builder
	logger  *slog.Logger
}

var config = sweep.Config{
	Interval: 30 * time.Second, PendingAfter: 5 * time.Minute, RunningAfter: 5 * time.Minute, StuckAfter: time.Hour,
	Backoff: 5 * time.Second, Attempts: 4, LedgerRetention: 400 * 24 * time.Hour, Retention: 24 * time.Hour,
}

func newWorld(t *testing.T, tenants ...string) *world {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range append(tenants, "alpha") {
		store.Save(t, id)
	}
	books := ledger.New(store.DB)
	w := &world{
		t: t, store: store, ledger: books, metrics: telemetry.NewMetrics(), log: &strings.Builder{}, spans: tracingtest.New(t),
		engine: &engine{ledger: books, instances: map[string]sidecar.Instance{}, looks: map[string]int{}, bad: map[string]bool{}},
	}
	w.logger = telemetry.NewLogger(w.log, "enhancer", telemetry.LogConfig{Level: slog.LevelInfo})
	w.Sweeper = w.replica()
	return w
}

// replica is another sweeper on the same ledger and engine.
func (w *world) replica() *sweep.Sweeper {
	return sweep.New(config, sweep.Deps{
		Ledger: ledger.New(w.store.DB), Engine: w.engine, Starter: w.engine, Metrics: w.metrics, Tracer: w.spans.Tracer, Logger: w.logger,
	})
}

func (w *world) accept(tenantID, ticketID string) enhancement.Job {
	w.t.Helper()
	j := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "d"}, "example-correlation")
	j.TraceParent = queuedAt
	if _, err := w.ledger.Accept(w.t.Context(), j); err != nil {
		w.t.Fatal(err)
	}
	return j
}

// run is a job whose workflow is under way.
func (w *world) run(tenantID, ticketID string) enhancement.Job {
	w.t.Helper()
	j := w.accept(tenantID, ticketID)
	if _, err := w.ledger.Queued(w.t.Context(), tenantID, j.ID); err != nil {
		w.t.Fatal(err)
	}
	for _, a := range w.admit(tenantID) {
		if err := w.engine.Restart(w.t.Context(), ledger.Due{TenantID: tenantID, JobID: a.JobID, Run: a.Run}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.engine.starts = nil
	return j
}

// admit gives what waits, as to the dispatcher.
func (w *world) admit(tenantID string) []ledger.Admitted {
	w.t.Helper()
	const all = 1_000
	jobs, err := w.ledger.Admit(w.t.Context(), tenantID, all, all)
	if err != nil {
		w.t.Fatal(err)
	}
	return jobs
}

func (w *world) job(j enhancement.Job) enhancement.Job {
	w.t.Helper()
	got, err := w.ledger.Job(w.t.Context(), j.TenantID, j.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) fail(j enhancement.Job) {
	w.t.Helper()
	if _, err := w.ledger.Fail(w.t.Context(), j.TenantID, j.ID, w.job(j).Run, "example"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) age(d time.Duration) {
	w.t.Helper()
	if _, err := w.store.Database.Admin.Exec(w.t.Context(), `UPDATE enhancement_history SET
		received_at = received_at - $1::interval, started_at = started_at - $1::interval,
		finished_at = finished_at - $1::interval, sweep_at = sweep_at - $1::interval, worked_at = worked_at - $1::interval`, d); err != nil {
		w.t.Fatal(err)
	}
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	for id, instance := range w.engine.instances {
		instance.MovedAt = instance.MovedAt.Add(-d)
		w.engine.instances[id] = instance
	}
}

// later makes a pass after the time.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.age(d)
	if err := w.Pass(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// measured gives the value of a line of the metrics; 0 when there is none.
func (w *world) measured(line string) string {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for l := range strings.Lines(rec.Body.String()) {
		if value, ok := strings.CutPrefix(l, line+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "0"
}

func (w *world) swept(outcome telemetry.Swept) string {
	w.t.Helper()
	return w.measured(telemetry.MetricSwept + `{outcome="` + string(outcome) + `"}`)
}
