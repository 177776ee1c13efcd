package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/webhook"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

const (
	// takeTimeout bounds the work on one webhook. It holds the time a publish may take.
	takeTimeout = 10 * time.Second
	// withdrawTimeout comes on top of it, since it is the time-out that makes withdrawing necessary.
	withdrawTimeout = 3 * time.Second
	// shares of the database connections there are; no tenant has more than one.
	shares = 4
)

// headerCorrelation lets a sender choose the id by which the logs of all apps can be searched.
const headerCorrelation = "X-Correlation-ID"

var correlationPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// tenants has copies of tenants, which may be out of date, and the tenants themselves.
type tenants interface {
	Recall(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, bool)
	Read(ctx context.Context, id string) (tenantcache.Fresh, error)
	Keep(ctx context.Context, f tenantcache.Fresh)
}

type jobLedger interface {
	Accept(ctx context.Context, job enhancement.Job, terms quota.Terms) (quota.Acceptance, error)
	Confirm(ctx context.Context, tenantID, jobID string) error
	Withdraw(ctx context.Context, tenantID, jobID string, a quota.Acceptance) (bool, error)
}

type queue interface {
	Publish(ctx context.Context, topic string, payload any) error
}

// webhookHandler takes one webhook: 202 says that the job is in the ledger and on the queue.
type webhookHandler struct {
	tenants tenants
	ledger  jobLedger
	queue   queue
	turns   *quota.Turns
	proxies origin.Proxies
	// failures are the wrong signatures, by address.
	failures *origin.Failures
	// decoys are checked against in place of secrets that there are not: random ones.
	decoys [secretsTried]string
	// perMinute is the limit of tenants without one of their own.
	perMinute int
	maxBody   int64
	maxSkew   time.Duration
	verify    func(secret string, body []byte, signature string) error
	match     func(secret, given string) error
	metrics   *telemetry.Metrics
	sparse    *audit.Sparse
	trail     trail
	tracer    *tracing.Tracer // nil: nothing is traced
	logger    *slog.Logger
}

// newWebhookHandler takes the collaborators that reach outside of the process, and makes the others.
func newWebhookHandler(
	cfg config, tenants tenants, jobs *ledger.Ledger, queue queue, trail trail, metrics *telemetry.Metrics, tracer *tracing.Tracer,
	logger *slog.Logger,
) (*webhookHandler, error) {
	failures, err := origin.NewFailures(cfg.BadSignatures, time.Now)
	if err != nil {
		return nil, err
	}
	sparse, err := audit.NewSparse(auditLines, auditBurst, time.Now)
	if err != nil {
		return nil, err
	}
	return &webhookHandler{
		tenants: tenants, ledger: quota.NewLedger(jobs, time.Now), queue: queue,
		turns: quota.NewTurns(int(cfg.Database.MaxConns) / shares), proxies: cfg.TrustedProxies, failures: failures,
		decoys:    [secretsTried]string{rand.Text(), rand.Text()},
		perMinute: cfg.PerMinute, maxBody: cfg.MaxBody, maxSkew: cfg.MaxSkew,
		verify: webhook.Verify, match: webhook.VerifySecret,
		metrics: metrics, sparse: sparse, trail: trail, tracer: tracer, logger: logger,
	}, nil
}

// visit is a request and what is known of its sender before it is read.
type visit struct {
	*http.Request

	from netip.Addr
	// tenantID is whose webhook it claims to be, once it is read.
	tenantID string
	// trial says that the address is suspected, and this request one of those that are looked at all the same.
	trial bool
	// proven says that it is tenantID's, and not only claims to be.
	proven bool
	// enhancer is whose works for the tenant; see tenant.EnhancerOf.
	enhancer string
	// correlation finds the log lines about it.
	correlation string
	traces      visitTrace
}

// provenTenant is whose webhook it is proven to be; empty where it is only claimed.
func (v *visit) provenTenant() string {
	if !v.proven {
		return ""
	}
	return v.tenantID
}

type accepted struct {
	JobID  string             `json:"job_id"`
	Status enhancement.Status `json:"status"`
}

// ServeHTTP implements http.Handler.
func (h *webhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	correlation := r.Header.Get(headerCorrelation)
	if !correlationPattern.MatchString(correlation) {
		correlation = uuid.NewString()
	}
	w.Header().Set(headerCorrelation, correlation)
	ctx := telemetry.With(context.WithoutCancel(r.Context()),
		slog.String(telemetry.KeyCorrelation, correlation),
		slog.String(telemetry.KeyOperation, "webhook_received"))

	v := &visit{Request: r, from: h.proxies.Client(r), correlation: correlation, traces: newVisitTrace()}
	ctx, result, err := h.take(ctx, w, v)
	if err != nil {
		p := h.explain(ctx, v, err)
		h.metrics.Webhook(v.provenTenant(), p.Status)
		v.traces.end(p.Status, err)
		writeProblem(w, p)
		return
	}
	h.metrics.Webhook(v.provenTenant(), http.StatusAccepted)
	v.traces.end(http.StatusAccepted, nil)
	writeBody(w, "application/json", http.StatusAccepted, result)
}

// take returns, besides its result, the context in which to log: it knows the job as soon as there is one.
func (h *webhookHandler) take(ctx context.Context, w http.ResponseWriter, v *visit) (context.Context, accepted, error) {
	if err := h.admit(v); err != nil {
		w.Header().Set("Connection", "close") // or the server would read the body after all, to keep the connection
		return ctx, accepted{}, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, v.Body, h.maxBody))
	if err != nil {
		return ctx, accepted{}, &unreadableError{err}
	}
	// What was begun for a sender is finished even when the sender has hung up, but not at any price: a
	// database that hangs must not let requests pile up.
	ctx, cancel := context.WithTimeout(ctx, takeTimeout)
	defer cancel()
	ctx, job, a, err := h.admitJob(ctx, v, body)
	if err != nil {
		return ctx, accepted{}, err
	}
	job.ID = a.JobID // which may be another one that does its work
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyJob, job.ID))
	v.traces.accepted(a.Accepted)
	status, err := h.enqueue(ctx, job, v.enhancer, a)
	if err != nil {
		return ctx, accepted{}, err
	}
	h.logger.InfoContext(ctx, "webhook accepted", telemetry.KeyStatus, status, "event", job.Event, "refetch", job.Refetch,
		"priority", job.Ticket.Priority, "description_length", len(job.Ticket.Description))
	return ctx, accepted{job.ID, status}, nil
}

// admitJob authenticates the webhook and has its job accepted. The copy of the tenant by which a sender is believed may be
// out of date; the ledger notices, and then the tenant itself decides.
func (h *webhookHandler) admitJob(
	ctx context.Context, v *visit, body []byte,
) (context.Context, enhancement.Job, quota.Acceptance, error) {
	for trust := true; ; trust = false {
		payload, terms, err := h.authenticate(ctx, v, body, trust)
		within := h.traced(ctx, v)
		if _, invalid := errors.AsType[*webhook.InvalidError](err); invalid && trust && v.proven {
			continue // by preferences that may have changed
		}
		if err != nil {
			return within, enhancement.Job{}, quota.Acceptance{}, err
		}
		job := payload.Job(v.correlation)
		known := telemetry.With(within, slog.String(telemetry.KeyTenant, job.TenantID), slog.String(telemetry.KeyTicket, job.Ticket.ID))
		known, job.TraceParent = v.traces.queue(known, job)
		a, err := h.accept(known, job, terms)
		if errors.Is(err, quota.ErrOutdated) && ctx.Err() == nil {
			continue
		}
		return known, job, a, err
	}
}
