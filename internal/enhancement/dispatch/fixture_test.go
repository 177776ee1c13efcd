package dispatch_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/dispatch"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var errExample = errors.New("example")

// engine stands in for the workflow engine. What it has started runs until the test ends it.
type engine struct {
	mu      sync.Mutex
	started []ledger.Admitted // in this order
	down    bool
	bad     map[string]bool // jobs of which it can make nothing, though it is up
	tries   int
	changed chan struct{}
}

func (e *engine) Start(_ context.Context, a ledger.Admitted) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.tell()
	e.tries++
	if e.down || e.bad[a.JobID] {
		return errExample
	}
	e.started = append(e.started, a)
	return nil
}

func (e *engine) Answers(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down {
		return errExample
	}
	return nil
}

func (e *engine) tell() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// starts are those so far.
func (e *engine) starts() []ledger.Admitted {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.started)
}

// set changes what it is up to.
func (e *engine) set(change func(e *engine)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

// of counts the starts of the tenant's jobs.
func of(tenantID string, started []ledger.Admitted) (n int) {
	for _, a := range started {
		if a.TenantID == tenantID {
			n++
		}
	}
	return n
}

// flaky is a ledger that does not answer when it is told so.
type flaky struct {
	*ledger.Ledger

	mu    sync.Mutex
	down  bool
	turns int    // how often it was asked whose turn it is
	bad   string // a tenant whose jobs cannot be admitted
}

func (f *flaky) Admit(ctx context.Context, tenantID string, most, limit int) ([]ledger.Admitted, error) {
	if tenantID == f.bad {
		return nil, errExample
	}
	return f.Ledger.Admit(ctx, tenantID, most, limit)
}

func (f *flaky) Turns(ctx context.Context) ([]ledger.Turn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turns++
	if f.down {
		return nil, errExample
	}
	return f.Ledger.Turns(ctx)
}

func (f *flaky) set(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *flaky) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.turns
}

// diary is a log that many write.
type diary struct {
	mu   sync.Mutex
	text strings.Builder
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// world is a ledger with dispatchers and their engine.
type world struct {
	t       *testing.T
	store   *tenantstoretest.Store
	ledger  *flaky
	engine  *engine
	metrics *telemetry.Metrics
	log     *diary
	cfg     dispatch.Config
}

func newWorld(t *testing.T, tenants ...string) *world {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range tenants {
		store.Save(t, id)
	}
	return &world{
		t: t, store: store, ledger: &flaky{Ledger: ledger.New(store.DB)}, metrics: telemetry.NewMetrics(), log: &diary{},
		engine: &engine{bad: map[string]bool{}, changed: make(chan struct{}, 1)},
		cfg:    dispatch.Config{TenantLimit: 4, GlobalLimit: 12},
	}
}

// never is a tick that does not come while a test runs.
const never = time.Hour

// replica is another dispatcher on the same ledger and engine, that runs until the test ends or it is stopped.
func (w *world) replica(tick time.Duration) (d *dispatch.Dispatcher, stop func()) {
	d = dispatch.New(w.cfg, dispatch.Deps{
		Queue: w.ledger, Pauses: suspension.New(w.store.DB), Engine: w.engine, Metrics: w.metrics, Tick: tick,
		Logger: telemetry.NewLogger(w.log, "enhancer", telemetry.LogConfig{Level: slog.LevelInfo}),
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	stop = func() { cancel(); wg.Wait() }
	w.t.Cleanup(stop)
	return d, stop
}

func (w *world) queue(tenantID, ticketID string) enhancement.Job {
	w.t.Helper()
	j := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "d"}, "example-correlation")
	if _, err := w.ledger.AcceptQueued(w.t.Context(), j); err != nil {
		w.t.Fatal(err)
	}
	return j
}

// burst has n jobs of the tenant wait, all of them older than what is queued one by one.
func (w *world) burst(tenantID string, n int) {
	w.t.Helper()
	_, err := w.store.Database.Admin.Exec(w.t.Context(), `
		INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, received_at, queued_at)
		SELECT $1, gen_random_uuid(), i::text, 'created', 'd', 'Low', 'c', now() - interval '1 hour' + i * interval '1 millisecond', now()
		FROM generate_series(1, $2::int) i`, tenantID, n)
	if err != nil {
		w.t.Fatal(err)
	}
}

// end ends a job, as its workflow does.
func (w *world) end(a ledger.Admitted) {
	w.t.Helper()
	if ended, err := w.ledger.Fail(w.t.Context(), a.TenantID, a.JobID, a.Run, "example"); err != nil || !ended {
		w.t.Errorf("ended %t, %v", ended, err)
	}
}

// until waits for the engine to be in a state.
func (w *world) until(what string, is func(e *engine) bool) {
	w.t.Helper()
	patience := time.After(time.Minute)
	for {
		w.engine.mu.Lock()
		ok := is(w.engine)
		w.engine.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.engine.changed:
		case <-patience:
			w.t.Fatalf("it does not happen that %s: %d starts, %s", what, len(w.engine.starts()), w.log)
		}
	}
}

func (w *world) untilLogged(what string) {
	w.t.Helper()
	for patience := time.After(time.Minute); !strings.Contains(w.log.String(), what); {
		select {
		case <-time.After(time.Millisecond):
		case <-patience:
			w.t.Fatalf("nobody learns that it is %s: %s", what, w.log)
		}
	}
}

func (w *world) running(tenantID string) (n int) {
	w.t.Helper()
	turns, err := w.ledger.Ledger.Turns(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, t := range turns {
		if t.TenantID == tenantID {
			n = t.Running
		}
	}
	return n
}

// measured gives the value of a line of the metrics; empty when there is none.
func (w *world) measured(line string) string {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for l := range strings.Lines(rec.Body.String()) {
		if value, ok := strings.CutPrefix(l, line+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
