package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func validID(id string) bool { return ticket.ValidID(id) }

// errGone ends a poll: the tenant was disabled or removed a moment ago.
var errGone = errors.New("the tenant is not worked for any more")

// errFull ends a poll: so many of the tenant's jobs wait that no more are added. It is not a failure.
var errFull = errors.New("as many jobs wait as may wait")

// errPaused ends a poll, as a rule before it began: an operator has paused the tenant's intake. It is not a failure.
var errPaused = errors.New("the tenant's intake is paused")

// poll is one look at a tenant's requests, with the lease.
type poll struct {
	*Reconciler
	counts

	tenantID string
	desk     Desk
	claimed  *claimed
	// state is what is kept, also when the poll fails; next is the page that it is about to look at.
	state state
	next  place
	// reached is the position that is kept when the list is followed to its end.
	reached time.Time
	// rest waits; the schedule gives the poll's place to another meanwhile.
	rest func(ctx context.Context, d time.Duration) error
	// oldest and newest are the missed requests' times of creation.
	oldest, newest time.Time
	caughtUp       bool
}

// counts are what a poll has come across.
type counts struct{ listed, missed, skipped, leftOut int }

// poll polls the tenant if that is due and nobody else does.
func (r *Reconciler) poll(ctx context.Context, tenantID string, rest func(context.Context, time.Duration) error) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "reconcile"), slog.String(telemetry.KeyTenant, tenantID))
	c, err := r.rows.claim(ctx, tenantID, r.cfg.Interval)
	if err != nil {
		if ctx.Err() == nil {
			r.Logger.WarnContext(ctx, "the poll for missed webhooks cannot begin", "error", err)
		}
		return
	}
	if c == nil {
		return
	}
	p := &poll{Reconciler: r, tenantID: tenantID, claimed: c, state: c.state, rest: rest}
	started := time.Now()
	p.finish(ctx, p.work(ctx), time.Since(started))
}

func (p *poll) work(ctx context.Context) error {
	if p.claimed.paused {
		return errPaused
	}
	desk, err := p.Desks.Polled(ctx, p.tenantID)
	if errors.Is(err, tenant.ErrNotFound) {
		return errGone
	}
	if err != nil {
		return fmt.Errorf("find the ServiceDesk Plus of tenant %s: %w", p.tenantID, err)
	}
	p.desk = desk
	if err := p.begin(ctx); err != nil {
		return err
	}
	return p.follow(ctx)
}

// serverNow is the time by the server's clock, as far as it is known.
func (p *poll) serverNow() time.Time { return p.cfg.now().Add(p.state.ahead) }

// present is the time, by our clock, from which ages are counted: the beginning of a pause of the intake, until what came in
// since then has been looked at. A pause does not make it too old.
func (p *poll) present() time.Time {
	if since := p.claimed.pausedSince; !since.IsZero() {
		return since
	}
	return p.cfg.now()
}

// floor is the time of creation, by the server's clock, before which nothing is wanted.
func (p *poll) floor() time.Time {
	floor := p.enabled()
	if oldest := p.present().Add(p.state.ahead - p.cfg.MaxAge); oldest.After(floor) {
		floor = oldest
	}
	return floor
}

// enabled is since when the tenant's requests are wanted at all, by the server's clock.
func (p *poll) enabled() time.Time {
	since := p.claimed.since
	if p.claimed.enabledSince.After(since) {
		since = p.claimed.enabledSince
	}
	return since.Add(p.state.ahead)
}

// begin finds the page where the poll sets in.
func (p *poll) begin(ctx context.Context) error {
	if at, present := p.state.place.at, p.serverNow(); at.After(present.Add(slack)) {
		p.Logger.WarnContext(ctx, "requests were followed into the future: a clock was set back; the poll goes back to the present",
			"from", at, "to", present)
		p.state.place, p.state.behind = placeAt(present), false
	}
	if err := p.leaveOut(ctx); err != nil {
		return err
	}
	p.reached, p.next = p.state.place.at, p.state.place
	if !p.state.behind && !p.reached.IsZero() {
		p.next = placeAt(p.reached.Add(-overlap))
	}
	if floor := p.floor(); p.next.at.Before(floor) {
		p.next = placeAt(floor)
	}
	return nil
}

// mostLeftOut is more than any server has, and little enough for such numbers to be added up.
const mostLeftOut = 1_000_000_000

// leaveOut gives up what has become too old since the list was last followed to its end, and says how much that is. A
// tenant without new requests for as long has nothing to lose: what counts is when somebody looked.
func (p *poll) leaveOut(ctx context.Context) error {
	looked, reached := p.claimed.succeeded, p.state.place.at
	for _, began := range []time.Time{p.claimed.since, p.claimed.enabledSince} {
		if began.After(looked) {
			looked = began
		}
	}
	if enabled := p.enabled(); enabled.After(reached) {
		reached = enabled
	}
	floor := p.floor()
	if p.present().Sub(looked) <= p.cfg.MaxAge || !reached.Before(floor) {
		return nil
	}
	var young servicedesk.RequestPage
	older, err := p.ask(ctx, servicedesk.ListQuery{CreatedAfter: reached, RowCount: 1, WithTotal: true})
	if err == nil {
		young, err = p.ask(ctx, servicedesk.ListQuery{CreatedAfter: floor, RowCount: 1, WithTotal: true})
	}
	// The number is for the log alone: a server that fails to count still has a list to follow.
	uncounted := servicedesk.Retryable(err) || servicedesk.InputRefused(err)
	if err != nil && (ctx.Err() != nil || !uncounted) {
		return err
	}
	left := min(max(older.Total-young.Total, 0), mostLeftOut)
	if uncounted {
		left = 0
	}
	p.leftOut += left
	if left > 0 || uncounted || len(older.Requests) > 0 && older.Total == 0 { // a server that does not count
		p.Logger.WarnContext(ctx, "requests are not looked at any more: they became older than RECONCILE_MAX_AGE before anybody could",
			"at_most", left, "from", reached, "to", floor, "not_counted", err)
	}
	// So that they are not counted again.
	p.state.place, p.state.behind = placeAt(floor), true
	return p.rows.save(ctx, p.tenantID, p.claimed.holder, p.state)
}

// follow goes along the list until its end, or as far as one poll may.
func (p *poll) follow(ctx context.Context) error {
	rewinds := 0
	var before []servicedesk.Request
	for range p.cfg.Pages {
		asked := p.next
		page, err := p.ask(ctx, asked.query())
		if err != nil {
			return err
		}
		if !asked.continues(page.Requests) {
			if rewinds++; rewinds > maxRewinds {
				return errTorn
			}
			p.next = placeAt(asked.at)
			continue
		}
		if asked.skip > 0 && samePage(before, page.Requests) {
			return errTorn
		}
		before = page.Requests
		p.listed += len(page.Requests)
		v := window{from: asked.at, floor: p.floor(), now: p.serverNow(), grace: p.cfg.Grace, done: p.cfg.Done}.look(page.Requests)
		p.skipped += v.skipped
		if err := p.enqueue(ctx, v.wanted); err != nil {
			return err
		}
		if v.wrong != nil {
			return v.wrong
		}
		if v.edge.After(p.reached) {
			p.reached = v.edge
		}
		if !page.HasMore || v.tail {
			p.caughtUp = true
			p.state.place, p.state.behind = placeAt(p.reached), false
			return nil
		}
		p.next = asked.behindPage(page.Requests, v.edge)
		p.state.place, p.state.behind = p.next, true
		if err := p.rows.save(ctx, p.tenantID, p.claimed.holder, p.state); err != nil {
			return err
		}
	}
	return nil
}

// samePage tells whether two pages are one, by their ends.
func samePage(a, b []servicedesk.Request) bool {
	return len(a) > 0 && len(a) == len(b) && a[0].ID == b[0].ID && a[len(a)-1].ID == b[len(b)-1].ID
}

// enqueue makes the jobs of those requests of which the ledger knows nothing, in the order of their creation.
func (p *poll) enqueue(ctx context.Context, wanted []servicedesk.Request) error {
	if len(wanted) == 0 {
		return nil
	}
	slices.SortStableFunc(wanted, func(a, b servicedesk.Request) int { return a.CreatedTime.Compare(b.CreatedTime) })
	ids := make([]string, len(wanted))
	for i, t := range wanted {
		ids[i] = t.ID
	}
	unknown, err := p.Ledger.Unknown(ctx, p.tenantID, ids)
	if err != nil || len(unknown) == 0 {
		return err
	}
	waiting, err := p.Ledger.Backlog(ctx, p.tenantID, p.cfg.Backlog)
	if err != nil {
		return err
	}
	room := p.cfg.Backlog - waiting
	for _, t := range wanted {
		if !slices.Contains(unknown, t.ID) {
			continue
		}
		if room <= 0 {
			return errFull
		}
		made, err := p.accept(ctx, t)
		if err != nil {
			return err
		}
		if made {
			room--
		}
	}
	return nil
}

// accept makes the job that the webhook would have made, unless the webhook came after all.
func (p *poll) accept(ctx context.Context, t servicedesk.Request) (bool, error) {
	job := enhancement.NewRefetch(p.tenantID, enhancement.EventCreated, t.ID, uuid.NewString())
	ctx, span := p.traced(ctx, job)
	defer span.End()
	job.TraceParent = tracing.Parent(ctx)
	made, err := p.Ledger.AcceptQueued(ctx, job)
	span.SetAttributes(tracing.KeyRepeated.Bool(!made))
	if errors.Is(err, ledger.ErrIntakePaused) {
		return false, errPaused
	}
	if err != nil || !made {
		return false, err
	}
	p.missed++
	p.Wake(p.tenantID)
	if p.oldest.IsZero() || t.CreatedTime.Before(p.oldest) {
		p.oldest = t.CreatedTime
	}
	if t.CreatedTime.After(p.newest) {
		p.newest = t.CreatedTime
	}
	p.Metrics.ReconcileMissed(p.tenantID)
	p.Logger.InfoContext(ctx, "a ticket whose webhook was missed is enhanced", telemetry.KeyTicket, t.ID, telemetry.KeyJob, job.ID,
		telemetry.KeyCorrelation, job.CorrelationID, "created", t.CreatedTime)
	return true, nil
}

// traced begins the trace of a job that no webhook told of: its root is where the job is queued.
func (p *poll) traced(ctx context.Context, job enhancement.Job) (context.Context, trace.Span) {
	return p.Tracer.RootAt(ctx, tracing.SpanQueued, trace.SpanKindInternal, time.Now(),
		tracing.KeyTenant.String(job.TenantID), tracing.KeyTicket.String(job.Ticket.ID), tracing.KeyJob.String(job.ID),
		tracing.KeyCorrelation.String(job.CorrelationID), tracing.KeyOrigin.String(tracing.OriginReconciliation))
}
