// Package history owns the context source "similar tickets": a tenant's resolved tickets that read
// like the one at hand.
//
// The whole ticket is the query of a search over the tenant's index (package search). What it finds is weighed by age
// and, where the platform has an embedding model, by meaning; near-identical tickets are shown as one.
package history

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// MaxTickets is how many similar tickets one answer has at most, unless Options say otherwise.
const MaxTickets = 5

// Lengths of an item's texts, in characters.
const (
	MaxText       = 600
	MaxResolution = 1200
)

// MinRelevance is the relevance below which a past ticket is no help: it shares a few everyday
// words and nothing else.
const MinRelevance = 0.15

// maxQuery is how many characters of subject and description the query is made of, each; beyond it, a
// ticket is mostly pasted logs.
const maxQuery = ticket.MaxDescription

// Tenants runs fn in a read-only transaction that sees one moment of nothing but the tenant's rows.
type Tenants interface {
	InTenantSnapshot(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error
}

// Links knows how a tenant's tickets are addressed in a browser; empty when nobody said.
type Links interface {
	TicketURL(ctx context.Context, tenantID string) (tenant.LinkTemplate, error)
}

// Options are all optional.
type Options struct {
	Reranker gather.Reranker
	Links    Links
	// MaxTickets replaces the constant of that name.
	MaxTickets int
	Logger     *slog.Logger
	Clock      func() time.Time
}

// Source finds similar tickets.
type Source struct {
	db   Tenants
	opts Options
}

var _ gather.Source = (*Source)(nil)

// New makes a Source that reads the table ticket_history.
func New(db Tenants, opts Options) *Source {
	if opts.MaxTickets == 0 {
		opts.MaxTickets = MaxTickets
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Source{db: db, opts: opts}
}

// Kind is gather.KindTicket.
func (s *Source) Kind() gather.Kind { return gather.KindTicket }

// Find gives the resolved tickets most similar to q's, without that one itself: at most MaxTickets,
// best first. Relevance is the share of what the ticket's words say that the candidate says too (rare words say more,
// those of the subject too), at most 1, less up to a tenth for its age; tickets below MinRelevance are left out, and
// of near-identical ones the best stands for all, which Item.Similar counts. Texts are cut to MaxText and
// MaxResolution. Errors may pass.
func (s *Source) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	query := search.Document{Title: queryText(q.Ticket.Subject), Body: queryText(q.Ticket.Description)}
	var found []candidate
	err := s.db.InTenantSnapshot(ctx, q.TenantID, func(tx postgres.Tx) error {
		hits, err := search.Tickets.Find(ctx, tx, query, max(maxCandidates, s.opts.MaxTickets))
		if err != nil {
			return err
		}
		found, err = s.candidates(ctx, tx, hits, ticket.Normalize(q.Ticket.ID), q.AsOf)
		return err
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("search the ticket history: %w", err)
	}
	items := make([]*gather.Item, len(found))
	for i := range found {
		items[i] = &found[i].item
	}
	gather.Rerank(ctx, s.opts.Reranker, s.opts.Logger, q, gather.KindTicket, items)
	slices.SortStableFunc(found, byRelevance)
	shown := fold(found, s.opts.MaxTickets)
	s.link(ctx, q.TenantID, shown)
	return gather.Result{Items: shown}, nil
}

// queryText is text as the database takes it: without NUL, valid UTF-8, of bounded length.
func queryText(text string) string {
	return gather.Excerpt(ticket.Normalize(text), maxQuery)
}

// link gives items without a URL the one that the tenant's tickets have.
func (s *Source) link(ctx context.Context, tenantID string, items []gather.Item) {
	if s.opts.Links == nil || !slices.ContainsFunc(items, func(i gather.Item) bool { return i.URL == "" }) {
		return
	}
	template, err := s.opts.Links.TicketURL(ctx, tenantID)
	if err != nil {
		s.opts.Logger.WarnContext(ctx, "past tickets have no link", "tenant_id", tenantID, "error", err)
		return
	}
	for i := range items {
		items[i].URL = cmp.Or(items[i].URL, template.For(items[i].ID))
	}
}
