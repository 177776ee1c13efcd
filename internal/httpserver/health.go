package httpserver

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// checkTimeout bounds all checks of one readiness request together.
const checkTimeout = 3 * time.Second

// Check asks a dependency whether it can be used right now.
type Check func(context.Context) error

// Health answers liveness and readiness.
type Health struct {
	checks   map[string]Check
	logger   *slog.Logger
	draining atomic.Bool
}

// NewHealth makes a Health that is ready when all checks pass.
func NewHealth(logger *slog.Logger, checks map[string]Check) *Health {
	return &Health{checks: checks, logger: logger}
}

// Drain turns readiness negative for good.
func (h *Health) Drain() { h.draining.Store(true) }

// Leave is Drain for Run's beforeDrain, with the time that load balancers need to notice: until then they send requests, which
// have to be served.
func (h *Health) Leave(notice time.Duration) func() {
	return func() {
		h.Drain()
		time.Sleep(notice)
	}
}

// Live answers 200 as long as the process serves at all (GET /healthz).
func (*Health) Live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// Ready answers 200 when every check passes and 503 otherwise, with the state of each (GET /readyz).
// The reasons are logged and not shown: they can name hosts.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	state, code := map[string]string{"status": "ok"}, http.StatusOK
	for name, err := range h.ask(ctx) {
		state[name] = "ok"
		if err != nil {
			state[name], state["status"], code = "unavailable", "unavailable", http.StatusServiceUnavailable
			h.logger.WarnContext(ctx, "readiness check failed", "check", name, "error", err)
		}
	}
	writeJSON(w, code, state)
}

// ask makes all checks at once.
func (h *Health) ask(ctx context.Context) map[string]error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		found = make(map[string]error, len(h.checks))
	)
	for name, check := range h.checks {
		wg.Go(func() {
			err := check(ctx)
			mu.Lock()
			defer mu.Unlock()
			found[name] = err
		})
	}
	wg.Wait()
	return found
}

// watchInterval is how often Watch looks: a scrape finds what is not much older than the one before.
const watchInterval = 10 * time.Second

// Watch makes the checks, now and every 10 s, and reports what they find, until ctx ends. What a check does is not done for whoever reads
// the result, so that a dependency that hangs does not hold up a scrape.
func (h *Health) Watch(ctx context.Context, report func(name string, up bool)) {
	again := time.NewTicker(watchInterval)
	defer again.Stop()
	for {
		asked, cancel := context.WithTimeout(ctx, checkTimeout)
		found := h.ask(asked)
		cancel()
		if ctx.Err() != nil {
			return // what failed was called off
		}
		for name, err := range found {
			report(name, err == nil)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client has gone when this fails, and the status is sent.
	_ = json.NewEncoder(w).Encode(body)
}
