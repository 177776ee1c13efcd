package history

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/corpus"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// MaxBatch is how many tickets a Put should have at most: they are in memory, and in one transaction.
const MaxBatch = 10_000

//nolint:gochecknoglobals // a constant, if structs could be
var table = corpus.Table{
	Name: "ticket_history", Key: "ticket_id", Searchable: "resolved_at IS NOT NULL AND resolution <> ''",
	Title: "subject", Body: "description", Collection: search.Tickets,
}

// PastTicket is a ticket as the history keeps it. Its texts are plain.
type PastTicket struct {
	ID          string    `json:"ticket_id"`
	Subject     string    `json:"subject" required:"false"`
	Description string    `json:"description" required:"false"`
	Resolution  string    `json:"resolution" required:"false"`
	CreatedAt   time.Time `json:"created_at,omitzero"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero"` // zero while it is open
	UpdatedAt   time.Time `json:"updated_at,omitzero"`  // zero when not known
	URL         string    `json:"url,omitempty"`
	// Requester and Technician are names. They are hidden from language models, and not searched.
	Requester  string `json:"requester,omitempty"`
	Technician string `json:"technician,omitempty"`
}

// Validate names what is missing.
func (p PastTicket) Validate() error {
	var errs []error
	if p.ID == "" || p.ID != ticket.Normalize(p.ID) {
		errs = append(errs, errors.New("ticket_id: is missing, or holds control characters"))
	}
	if ticket.Normalize(p.Subject) == "" && ticket.Normalize(p.Description) == "" {
		errs = append(errs, errors.New("description: is empty, and so is the subject"))
	}
	return errors.Join(errs...)
}

// Store keeps past tickets.
type Store struct {
	corpus.Store

	db *postgres.DB
}

// NewStore makes a Store of the table ticket_history.
func NewStore(db *postgres.DB) *Store { return &Store{corpus.NewStore(db, table), db} }

// Put adds tickets to the tenant's history, all or none; one that is there is replaced, and counts as unchanged if it
// is the same. Of several with one id the last counts.
func (s *Store) Put(ctx context.Context, tenantID string, origin gather.Origin, tickets []PastTicket) (gather.Change, error) {
	normal := make([]PastTicket, len(tickets))
	rows := make([]corpus.Row, len(tickets))
	for i, p := range tickets {
		if err := p.Validate(); err != nil {
			return gather.Change{}, fmt.Errorf("past ticket %q: %w", p.ID, err)
		}
		p = p.normal()
		normal[i] = p
		rows[i] = corpus.Row{
			ID: p.ID, Text: search.Document{Title: p.Subject, Body: p.Description},
			Searchable: p.Resolution != "" && !p.ResolvedAt.IsZero(), Digest: p.digest(), UpdatedAt: p.UpdatedAt,
		}
	}
	return s.PutRows(ctx, tenantID, origin, rows, func(ctx context.Context, tx postgres.Tx, at []int, documents []*int32) error {
		return insert(ctx, tx, origin, columns(normal, rows, at), documents)
	})
}

func (p PastTicket) normal() PastTicket {
	p.Subject, p.Description, p.Resolution = ticket.Normalize(p.Subject), ticket.Normalize(p.Description), ticket.Normalize(p.Resolution)
	p.URL, p.Requester, p.Technician = ticket.Normalize(p.URL), ticket.Normalize(p.Requester), ticket.Normalize(p.Technician)
	return p
}

func (p PastTicket) digest() []byte {
	p.UpdatedAt = time.Time{}
	p.CreatedAt, p.ResolvedAt = p.CreatedAt.UTC().Truncate(time.Microsecond), p.ResolvedAt.UTC().Truncate(time.Microsecond)
	encoded, _ := json.Marshal(p) // strings and times always encode
	sum := sha256.Sum256(encoded)
	return sum[:]
}
