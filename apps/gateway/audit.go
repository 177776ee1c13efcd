package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// The reasons of refusals that are security events.
const (
	reasonSignature = "wrong signature"
	reasonTenant    = "unknown tenant"
	reasonStale     = "too old or from the future"
	reasonSuspected = "too many wrong signatures"
	reasonFull      = "over the tenant's limit"
)

const (
	// auditPause lies between two lines about the same refusal.
	auditPause = time.Minute
	// auditKinds of refusals are told apart at a time.
	auditKinds = 1_000
	// auditLines a second are written at most, whatever comes, after a burst of auditBurst.
	auditLines, auditBurst = 5, 100
)

// refusal is what makes a line of its own: who was refused, and why. The tenant is what the sender claims to be.
type refusal struct {
	reason, tenantID string
	from             netip.Addr
}

// audit writes refusals to the log, one line a minute for each kind and not one for each request, so that a flood does
// not fill the disk. How many there were in all, the metrics say.
type audit struct {
	logger *slog.Logger
	now    func() time.Time
	budget *rate.Limiter

	mu    sync.Mutex
	kinds *lru.Cache[refusal, *told]
}

type told struct {
	at     time.Time
	unsaid int // refusals since then
}

func newAudit(logger *slog.Logger, now func() time.Time) (*audit, error) {
	kinds, err := lru.New[refusal, *told](auditKinds)
	if err != nil {
		return nil, fmt.Errorf("remember refusals: %w", err)
	}
	return &audit{logger: logger, now: now, budget: rate.NewLimiter(auditLines, auditBurst), kinds: kinds}, nil
}

// refused logs the refusal, or counts it for the next line about its kind. The tenant stands in ctx, if one is claimed.
func (a *audit) refused(ctx context.Context, r refusal) {
	unsaid, ok := a.due(r)
	if !ok {
		return
	}
	a.logger.WarnContext(ctx, "webhook refused",
		"security_event", true, "reason", r.reason, "address", r.from.String(), "unsaid", unsaid)
}

// due says whether a line is to be written now, and how many refusals it also stands for.
func (a *audit) due(r refusal) (unsaid int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	last, known := a.kinds.Get(r)
	if !known {
		last = &told{}
		a.kinds.Add(r, last)
	}
	if known && now.Sub(last.at) < auditPause || !a.budget.AllowN(now, 1) {
		last.unsaid++
		return 0, false
	}
	unsaid, last.unsaid, last.at = last.unsaid, 0, now
	return unsaid, true
}
