package feedback

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

const (
	// most is by how much of its relevance a source rises or falls at most: one that matches more than (1+most)/(1-most) times as well is
	// never overtaken.
	most = 0.15
	// prior is how many votes it takes for half of that: one vote is an opinion, and may be a slip.
	prior = 3
	// halfLife is after how long a vote counts half. Systems change, and with them what helps.
	halfLife = 90 * 24 * time.Hour
	// oldest is how old a vote is that still counts at all.
	oldest = 2 * 365 * 24 * time.Hour
)

// Tally is what was said of a source: votes, each weighed by its age.
type Tally struct{ Up, Down float64 }

// Factor is what a relevance is multiplied by: 1 without votes, and between 1-most and 1+most. It grows with Up and falls with Down, for both
// alike: the difference as a share of all votes and of prior ones that say nothing, which is the mean of a Bayesian estimate.
func (t Tally) Factor() float64 {
	return 1 + most*(t.Up-t.Down)/(t.Up+t.Down+prior)
}

// Tallies gives what was said by then of the parts of these keys, in all notes of the tenant; of those of which nothing was said there is none.
func (s *Store) Tallies(ctx context.Context, tenantID string, keys []string, by time.Time) (map[string]Tally, error) {
	const query = `
		SELECT part, coalesce(sum(weight) FILTER (WHERE vote = 'up'), 0), coalesce(sum(weight) FILTER (WHERE vote = 'down'), 0)
		FROM (SELECT part, vote, power(0.5, extract(epoch FROM $3::timestamptz - changed_at)::float8 / $4) AS weight FROM note_feedback_parts
			WHERE tenant_id = $1 AND part = ANY ($2) AND vote <> '' AND changed_at <= $3 AND changed_at > $3::timestamptz - make_interval(secs => $5)) votes
		GROUP BY part`
	tallies := map[string]Tally{}
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, tenantID, keys, by, halfLife.Seconds(), oldest.Seconds())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var (
				key string
				t   Tally
			)
			if err := rows.Scan(&key, &t.Up, &t.Down); err != nil {
				return err
			}
			tallies[key] = t
		}
		return rows.Err()
	})
	if err != nil {
		return nil, explain(err, "count the votes on sources of", Note{TenantID: tenantID})
	}
	return tallies, nil
}

// learned is a source whose findings rise and fall by what technicians said of them.
type learned struct {
	gather.Source

	votes  *Store
	logger *slog.Logger
	now    func() time.Time
}

// Learn gives source with what it finds in the order in which its relevance and the votes of the tenant's technicians put it. Relevance is
// then what that comes to. It finds nothing more and leaves out nothing; votes that cannot be read change nothing, which is logged.
func Learn(source gather.Source, votes *Store, logger *slog.Logger, now func() time.Time) gather.Source {
	return learned{Source: source, votes: votes, logger: logger, now: now}
}

// Find implements gather.Source.
func (l learned) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	found, err := l.Source.Find(ctx, q)
	if err != nil || len(found.Items) == 0 {
		return found, err //nolint:wrapcheck // it is the source's
	}
	keys := make([]string, len(found.Items))
	for i := range found.Items {
		keys[i] = keyOf(&found.Items[i])
	}
	by := q.AsOf
	if by.IsZero() {
		by = l.now()
	}
	tallies, err := l.votes.Tallies(ctx, q.TenantID, keys, by)
	if err != nil {
		l.logger.WarnContext(ctx, "what was found is ranked without feedback", "tenant_id", q.TenantID, "kind", l.Kind(), "error", err)
		return found, nil
	}
	if len(tallies) == 0 {
		return found, nil
	}
	items := slices.Clone(found.Items) // they may be of a cache
	for i := range items {
		items[i].Relevance = math.Min(1, items[i].Relevance*tallies[keys[i]].Factor())
	}
	slices.SortStableFunc(items, func(a, b gather.Item) int {
		switch {
		case a.Relevance > b.Relevance:
			return -1
		case a.Relevance < b.Relevance:
			return 1
		default:
			return 0
		}
	})
	found.Items = items
	return found, nil
}

// keyOf is the key of the part that a note makes of the item: notes call past tickets by their number and articles by their title.
func keyOf(item *gather.Item) string {
	if item.Kind == gather.KindTicket {
		return Part{Kind: KindTicket, Name: "#" + item.ID}.Key()
	}
	return Part{Kind: KindArticle, Name: item.Title}.Key()
}
