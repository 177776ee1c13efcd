package crew

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// Engine is where a replica's worker is connected.
type Engine interface {
	// Connect has the worker take steps until ctx ends.
	Connect(ctx context.Context) error
	// Ready is nil while the engine counts on the worker.
	Ready(ctx context.Context) error
}

// Beats is the register, as *Register is.
type Beats interface {
	Beat(ctx context.Context, m Member) (drain bool, err error)
	Leave(ctx context.Context, replica string) error
}

// Config is what a Hand works with.
type Config struct {
	Replica, Version string
	// Enhancer is as in Member.
	Enhancer string

	Engine Engine
	Beats  Beats
	// Halt has the replica begin no jobs, or begin some again.
	Halt func(halted bool)
	// Steps is how many steps the replica has under way.
	Steps   func() int
	Metrics *telemetry.Metrics
	Logger  *slog.Logger
	// Every is how often it tells of itself, BeatEvery when zero.
	Every time.Duration
	// Quiet is how long no step has to be under way before its worker is disconnected. After Hope any moment without a step will do, and after
	// Patience none is needed. The usual ones when zero.
	Quiet, Hope, Patience time.Duration
}

const (
	// usualQuiet is longer than the engine takes from a step to the next.
	usualQuiet = time.Second
	// usualHope is how long such quiet is hoped for. Under load, steps of other replicas' jobs leave none; those replicas go on with the jobs.
	usualHope = 10 * time.Second
	// usualPatience is what a job may take. The worker is disconnected then: what it has under way goes on to its end, and the engine has what
	// it did not hear of done again, which finds what is recorded.
	usualPatience = 2 * time.Minute
	// readyTimeout bounds the question to the engine.
	readyTimeout = 2 * time.Second
	// look is how often the steps are counted.
	look = 100 * time.Millisecond
)

// Hand is a replica's own part: its worker, which an operator may have drained. It is safe for concurrent use.
type Hand struct {
	Config

	mu         sync.Mutex
	state      State
	working    context.Context //nolint:containedctx // what a worker lives in that is connected again
	disconnect context.CancelFunc
	draining   context.CancelFunc
	ended      chan struct{} // when the drain under way has
}

// NewHand makes a Hand.
func NewHand(cfg Config) *Hand {
	for d, usual := range map[*time.Duration]time.Duration{&cfg.Every: BeatEvery, &cfg.Quiet: usualQuiet, &cfg.Hope: usualHope, &cfg.Patience: usualPatience} {
		if *d == 0 {
			*d = usual
		}
	}
	return &Hand{Config: cfg, state: Working}
}

// Start connects the worker, which is disconnected when ctx ends.
func (h *Hand) Start(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.working = ctx
	return h.connect() //nolint:contextcheck // it lives in h.working, also when it is connected again
}

func (h *Hand) connect() error {
	ctx, cancel := context.WithCancel(h.working)
	if err := h.Engine.Connect(ctx); err != nil {
		cancel()
		return err
	}
	h.disconnect, h.state = cancel, Working
	return nil
}

// Ready is nil while the engine counts on the worker, and while it is not to: a worker that was drained is not lost.
func (h *Hand) Ready(ctx context.Context) error {
	if h.State() == Drained {
		return nil
	}
	err := h.Engine.Ready(ctx)
	if err != nil && h.State() == Drained { // it was drained while it was asked
		return nil
	}
	return err
}

// State is how it is, apart from what the engine thinks of it.
func (h *Hand) State() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

// Run tells of the replica, and obeys, until ctx ends. Then it leaves the register.
func (h *Hand) Run(ctx context.Context) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "worker"))
	failing := false
	for ctx.Err() == nil {
		drain, err := h.beat(ctx)
		switch {
		case err == nil:
			failing = false
			h.obey(ctx, drain)
		case ctx.Err() == nil && !failing: // once, not every two seconds
			failing = true
			h.Logger.WarnContext(ctx, "the register of workers does not answer: this one goes on as it is", "error", err)
		}
		_ = pause.For(ctx, h.Every) // the loop sees the end of ctx
	}
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	if err := h.Beats.Leave(parting, h.Replica); err != nil {
		h.Logger.WarnContext(ctx, "this worker stays in the register until it is forgotten", "error", err)
	}
}

func (h *Hand) beat(ctx context.Context) (drain bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*readyTimeout)
	defer cancel()
	m := Member{Replica: h.Replica, Version: h.Version, Enhancer: h.Enhancer, State: h.State(), Steps: h.Steps()}
	asking, asked := context.WithTimeout(ctx, readyTimeout)
	defer asked()
	if m.State == Working && h.Engine.Ready(asking) != nil {
		m.State = Unavailable
	}
	h.Metrics.WorkerActive(m.State == Working)
	h.Metrics.WorkerDraining(m.State == Draining || m.State == Drained)
	return h.Beats.Beat(ctx, m)
}

// obey begins what is wanted, unless it is so already.
func (h *Hand) obey(ctx context.Context, drain bool) {
	switch state := h.State(); {
	case drain && state == Working:
		h.beginDrain(ctx)
	case !drain && state == Draining:
		h.endDrain()
		h.resume(ctx)
	case !drain && state == Drained:
		h.resume(ctx)
	}
}

func (h *Hand) beginDrain(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = Draining
	h.Halt(true)
	h.Metrics.WorkerDraining(true) // before it is inactive, so that nobody takes it for lost
	h.Metrics.WorkerActive(false)
	h.Logger.InfoContext(ctx, "this worker is drained: it begins no jobs, and waits for its steps", "steps", h.Steps())
	waiting, cancel := context.WithTimeout(ctx, h.Patience)
	h.draining, h.ended = cancel, make(chan struct{})
	go h.drain(ctx, waiting, h.ended)
}

// drain disconnects the worker when no step is under way, or when patience has come to its end.
func (h *Hand) drain(ctx, waiting context.Context, ended chan struct{}) {
	defer close(ended)
	defer h.draining()
	began, quietSince := time.Now(), time.Time{}
	for waiting.Err() == nil {
		switch {
		case h.Steps() > 0:
			quietSince = time.Time{}
		case time.Since(began) >= h.Hope, !quietSince.IsZero() && time.Since(quietSince) >= h.Quiet:
			h.disconnected(ctx)
			return
		case quietSince.IsZero():
			quietSince = time.Now()
		}
		_ = pause.For(waiting, look) // the loop sees the end
	}
	if context.Cause(waiting) == context.DeadlineExceeded { //nolint:errorlint // a cause is not wrapped
		h.disconnected(ctx)
	}
}

func (h *Hand) disconnected(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != Draining {
		return
	}
	h.state = Drained // before it is so: who asks must not take it for lost
	h.disconnect()
	h.Logger.InfoContext(ctx, "this worker is drained and disconnected", "steps", h.Steps())
}

// endDrain gives up a drain under way.
func (h *Hand) endDrain() {
	h.mu.Lock()
	cancel, ended := h.draining, h.ended
	h.mu.Unlock()
	cancel()
	<-ended
}

// resume takes work again.
func (h *Hand) resume(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == Drained {
		if err := h.connect(); err != nil { //nolint:contextcheck // see Start
			h.Logger.WarnContext(ctx, "the worker could not be connected again: it is tried soon", "error", err)
			return
		}
	}
	h.state = Working
	h.Halt(false)
	h.Logger.InfoContext(ctx, "this worker takes work again")
}
