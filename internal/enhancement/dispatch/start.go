package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// start has the workflow of an admitted job started, and waits only while there are too many starts already. The end of ctx does
// not cut a start off: whether it has happened would not be known.
func (d *Dispatcher) start(ctx context.Context, a ledger.Admitted) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, a.TenantID), slog.String(telemetry.KeyTicket, a.TicketID),
		slog.String(telemetry.KeyJob, a.JobID), slog.String(telemetry.KeyCorrelation, a.CorrelationID))
	select {
	case <-ctx.Done():
		d.putBack(context.WithoutCancel(ctx), a)
		return
	case d.slots <- struct{}{}:
	}
	d.starting.Go(func() {
		defer func() { <-d.slots }()
		d.startOne(context.WithoutCancel(ctx), a)
	})
}

func (d *Dispatcher) startOne(ctx context.Context, a ledger.Admitted) {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err := d.Engine.Start(starting, a)
	if err == nil {
		d.engine.over()
		d.Logger.InfoContext(ctx, "enhancement started", telemetry.KeyStatus, enhancement.StatusRunning)
		return
	}
	d.engine.seen()
	asking, cancelAsking := context.WithTimeout(ctx, startTimeout)
	defer cancelAsking()
	if silence := d.Engine.Answers(asking); silence == nil {
		// It is this job that the engine chokes on. Put back, it would be the next one for ever; running, it is the sweeper's,
		// which counts its attempts.
		d.Logger.ErrorContext(ctx, "workflow not started, left to the sweeper", "error", err)
		return
	}
	d.Logger.WarnContext(ctx, "workflow not started, the job waits for the workflow engine", "error", err)
	d.putBack(ctx, a)
}

// putBack is for a job that was admitted and has no workflow. If that fails, the sweeper finds it.
func (d *Dispatcher) putBack(ctx context.Context, a ledger.Admitted) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := d.Queue.Readmit(ctx, a.TenantID, a.JobID, a.Run); err != nil {
		d.Logger.WarnContext(ctx, "a job was not put back into the queue, left to the sweeper", "error", err)
	}
}

const (
	// firstPause is made after the first failure in a row. It doubles up to longestPause, which is short enough for all to go on
	// soon after the end of a long outage.
	firstPause, longestPause = 250 * time.Millisecond, 5 * time.Second
)

// trouble counts the failures in a row of the engine, or of the ledger: those between two pauses as one.
type trouble struct {
	mu    sync.Mutex
	times int
	due   bool // a pause is
}

func (t *trouble) seen() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.due {
		t.times++
		t.due = true
	}
}

func (t *trouble) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.times, t.due = 0, false
}

func (t *trouble) now() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.times > 0
}

// pause is how long to wait before the next try, give or take a fifth; 0 when nothing has failed since the last one.
func (t *trouble) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.due {
		return 0
	}
	t.due = false
	return pause.Jittered(pause.Doubled(firstPause, longestPause, t.times-1))
}
