// Package preview owns what would be said on a ticket: the ticket is read, the sources are asked and a note is drafted as a job
// would do it, and nothing is posted or stored but what it cost.
package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Drafter drafts a note under the tenant's preferences.
type Drafter interface {
	Draft(ctx context.Context, r drafting.Request) (drafting.Draft, error)
}

// Tickets reads tenants' tickets. ErrNoTicket, or history.ErrNoTicket, says that there is none of this id.
type Tickets interface {
	Ticket(ctx context.Context, tenantID, ticketID string) (ticket.Ticket, error)
}

// Jobs knows the jobs of a ticket.
type Jobs interface {
	Newest(ctx context.Context, tenantID, ticketID string) (enhancement.Job, error)
}

// Limits are how long the parts of a preview may take.
type Limits struct {
	Read     time.Duration   // of the ticket
	Search   time.Duration   // of all sources, side by side
	Patience gather.Patience // with each of them
	Draft    time.Duration   // of the note
}

// Total is the longest time that a preview takes.
func (l Limits) Total() time.Duration { return l.Read + l.Search + l.Draft }

// Config bounds what previews take beside the jobs.
type Config struct {
	TenantLimit int `envconfig:"PREVIEW_TENANT_LIMIT" default:"4"`
	GlobalLimit int `envconfig:"PREVIEW_GLOBAL_LIMIT" default:"8"`
}

// Deps are what a Service works with. The sources and the drafter are those of the jobs.
type Deps struct {
	Tenants drafting.Tenants
	Sources map[enhancement.Step]gather.Source
	Drafter Drafter
	Past    Tickets // the mirrored and imported ones
	Jobs    Jobs
	Desks   Tickets // the ServiceDesk Plus
	Limits  Limits
	// Enhancer is whose this is: one of a tenant's own makes previews of no other tenant. See tenant.EnhancerOf.
	Enhancer string
	// Sealer has the console's keyset, by which it vouches for what it asks.
	Sealer *tenant.Sealer
	// Count hears how each request ended; by default nobody does.
	Count  func(telemetry.Previewed)
	Now    func() time.Time
	Logger *slog.Logger
}

// Service makes previews. It may be used concurrently.
type Service struct {
	deps Deps
	room *room
}

// New makes a Service.
func New(cfg Config, d Deps) *Service {
	if d.Count == nil {
		d.Count = func(telemetry.Previewed) {}
	}
	return &Service{deps: d, room: newRoom(cfg.TenantLimit, cfg.GlobalLimit)}
}

// Preview drafts the note. What it refuses is a *Refusal.
func (s *Service) Preview(ctx context.Context, r Request) (adminapi.Preview, error) {
	if own := s.deps.Enhancer; own != tenant.SharedEnhancer && r.TenantID != own {
		return adminapi.Preview{}, refuse(CodeInvalid, "this enhancer works for another tenant alone")
	}
	release, err := s.room.take(r.TenantID)
	if err != nil {
		return adminapi.Preview{}, err
	}
	defer release()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, s.deps.Limits.Total())
	defer cancel()
	t, err := s.deps.Tenants.Tenant(ctx, r.TenantID)
	if errors.Is(err, tenant.ErrNotFound) {
		return adminapi.Preview{}, refuse(CodeNoTenant, "the tenant is not enabled")
	}
	if err != nil {
		return adminapi.Preview{}, fmt.Errorf("read tenant %s: %w", r.TenantID, err)
	}
	subject, source, err := s.read(ctx, r)
	if err != nil {
		return adminapi.Preview{}, err
	}
	request := s.gather(ctx, r, subject)
	request.Preferences = r.Preferences
	format := cmp.Or(r.Preferences, &t.Preferences).NoteFormat()
	drafting, done := context.WithTimeout(ctx, s.deps.Limits.Draft)
	defer done()
	draft, err := s.deps.Drafter.Draft(drafting, request)
	if err != nil {
		return adminapi.Preview{}, fmt.Errorf("draft the note: %w", err)
	}
	s.deps.Logger.InfoContext(ctx, "previewed", "source", source, "generated", draft.Account.Generated,
		"fallback_reason", string(draft.FallbackReason), "cost_usd", draft.Account.CostUSD, "duration_ms", time.Since(began).Milliseconds())
	return adminapi.Preview{
		TicketID: subject.ID, Subject: subject.Subject, Source: source, Note: Rendered(draft.Note, format),
		Found: found(request), Account: AccountOf(draft.Account), LLMCalls: calls(draft.Calls), TookMS: time.Since(began).Milliseconds(),
	}, nil
}

// gather asks the sources side by side; one that cannot be asked leaves a gap.
func (s *Service) gather(ctx context.Context, r Request, t ticket.Ticket) drafting.Request {
	request := drafting.Request{TenantID: r.TenantID, Ticket: t}
	if t.ID != "" {
		request.Reference = enhancement.NoteReference(r.TenantID, t.ID)
	}
	ctx, cancel := context.WithTimeout(ctx, s.deps.Limits.Search)
	defer cancel()
	var asking sync.WaitGroup
	for step, to := range map[enhancement.Step]*synthesis.Found{
		enhancement.StepTicketSearch: &request.Tickets,
		enhancement.StepDocSearch:    &request.Articles,
		enhancement.StepIPSearch:     &request.Systems,
	} {
		asking.Go(func() { *to = s.ask(ctx, step, gather.Query{TenantID: r.TenantID, Ticket: t, AsOf: r.AsOf}) })
	}
	asking.Wait()
	return request
}

func (s *Service) ask(ctx context.Context, step enhancement.Step, q gather.Query) synthesis.Found {
	result, err := s.deps.Limits.Patience.Ask(ctx, func(ctx context.Context) (gather.Result, error) {
		return s.deps.Sources[step].Find(ctx, q)
	})
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "a source could not be asked for a preview", "step", string(step), "error", err)
		return synthesis.Found{Unavailable: cmp.Or(err.Error(), "failed")}
	}
	return synthesis.Found{Result: result}
}
