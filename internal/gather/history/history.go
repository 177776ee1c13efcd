// Package history owns the context source "similar tickets": a tenant's resolved tickets that read
// like the one at hand, found by words.
//
// The whole ticket is the query. Its distinct words, stemmed and freed of stop words exactly as the
// index did it, are joined by OR, since no past ticket has all of them; the most distinctive ones are
// kept and matches are ranked. Postgres' ranking knows no inverse document frequency, and the row-level
// security in force makes it read all tickets of the tenant. How good and how fast that is at which size
// is measured elsewhere; the interface is not affected by the answer.
package history

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// MaxTickets is how many similar tickets one answer has at most.
const MaxTickets = 5

// Lengths of an item's texts, in characters.
const (
	MaxText       = 600
	MaxResolution = 1200
)

// maxQuery is how many characters of subject and description the query is made of, each; beyond it, a
// ticket is mostly pasted logs.
const maxQuery = ticket.MaxDescription

// Tenants runs fn in a transaction that sees nothing but the tenant's rows.
type Tenants interface {
	InTenant(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error
}

// Source finds similar tickets.
type Source struct {
	db Tenants
}

var _ gather.Source = (*Source)(nil)

// New makes a Source that reads the table ticket_history.
func New(db Tenants) *Source { return &Source{db: db} }

// Kind is gather.KindTicket.
func (s *Source) Kind() gather.Kind { return gather.KindTicket }

// Find gives the resolved tickets most similar to q's, without that one itself: at most MaxTickets,
// best first, the more recently resolved first among equals. Relevance is the candidate's rank divided by
// the rank that the ticket's own text gets, at most 1: about the share of the ticket's distinctive
// words that the candidate has, the subject's counting more, long texts counting less. Candidates
// below MinRelevance are left out. Texts are cut to MaxText and MaxResolution. Errors may pass.
func (s *Source) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	subject, description := queryText(q.Ticket.Subject), queryText(q.Ticket.Description)
	if subject == "" && description == "" {
		return gather.Result{}, nil
	}
	var items []gather.Item
	err := s.db.InTenant(ctx, q.TenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, similarTickets, pgx.NamedArgs{
			"subject": subject, "description": description, "self": ticket.Normalize(q.Ticket.ID),
			"terms": maxTerms, "floor": MinRelevance, "limit": MaxTickets,
			"text": 2 * MaxText, "resolution": 2 * MaxResolution,
		})
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		items, err = pgx.CollectRows(rows, scanTicket)
		if err != nil {
			return fmt.Errorf("read the rows: %w", err)
		}
		return nil
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("search the ticket history: %w", err)
	}
	return gather.Result{Items: items}, nil
}

// queryText is text as Postgres takes it: without NUL, valid UTF-8, of bounded length.
func queryText(text string) string {
	return gather.Excerpt(ticket.Normalize(text), maxQuery)
}

func scanTicket(row pgx.CollectableRow) (gather.Item, error) {
	item := gather.Item{Kind: gather.KindTicket}
	var resolvedAt time.Time
	err := row.Scan(&item.ID, &item.Title, &item.Text, &item.Resolution, &resolvedAt, &item.URL, &item.Relevance)
	if err != nil {
		return gather.Item{}, fmt.Errorf("scan a ticket: %w", err)
	}
	item.ResolvedAt = resolvedAt.UTC()
	item.Title = gather.Excerpt(item.Title, ticket.MaxSubject)
	item.Text = gather.Excerpt(item.Text, MaxText)
	item.Resolution = gather.Excerpt(item.Resolution, MaxResolution)
	return item, nil
}
