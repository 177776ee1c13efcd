package history

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	// maxCandidates is how many tickets are looked at closely. Many, because a hundred alerts of one kind are one result.
	maxCandidates = 100
	// maxCompared is how many characters of a description say whether two tickets are near-identical.
	maxCompared = 1500

	// The most relevant ticket is worth up to a tenth less when it is old: systems change.
	agePenalty  = 0.1
	ageHalfLife = 365 * 24 * time.Hour
)

// candidate is a ticket that was found, with the beginning of its description.
type candidate struct {
	item  gather.Item
	begin string
}

// The texts are cut in the database, far enough behind what is kept of them (gather.Overhang): a long resolution need not travel. The lateral join has every ticket looked up by
// its number, whatever the planner believes of the tenant.
const candidatesOf = `
	SELECT w.document, h.*
	FROM unnest(@documents::integer[]) AS w (document)
	CROSS JOIN LATERAL (
		SELECT ticket_id, subject, left(description, @compared), left(resolution, @resolution), resolved_at, url, nullif(people, '{}')
		FROM ticket_history WHERE document = w.document LIMIT 1
	) AS h
	WHERE h.ticket_id <> @self AND (@as_of::timestamptz IS NULL OR h.resolved_at < @as_of)`

func (s *Source) candidates(ctx context.Context, tx postgres.Tx, found search.Result, self string, asOf time.Time) ([]candidate, error) {
	if len(found.Hits) == 0 {
		return nil, nil
	}
	documents := make([]int32, len(found.Hits))
	scores := make(map[int32]float64, len(found.Hits))
	for i, hit := range found.Hits {
		documents[i], scores[hit.Document] = hit.Document, hit.Score
	}
	rows, err := tx.Query(ctx, candidatesOf, pgx.NamedArgs{
		"documents": documents, "self": self, "as_of": orNull(asOf), "compared": maxCompared, "resolution": 2 * MaxResolution,
	})
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	now := s.opts.Clock()
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (candidate, error) {
		c := candidate{item: gather.Item{Kind: gather.KindTicket}}
		var document int32
		err := row.Scan(&document, &c.item.ID, &c.item.Title, &c.begin, &c.item.Resolution, &c.item.ResolvedAt, &c.item.URL, &c.item.People)
		c.item.Relevance = min(scores[document]/found.Perfect, 1) * recency(now.Sub(c.item.ResolvedAt))
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	all = slices.DeleteFunc(all, func(c candidate) bool { return c.item.Relevance < MinRelevance })
	slices.SortFunc(all, byRelevance)
	return all, nil
}

func byRelevance(x, y candidate) int {
	return cmp.Or(cmp.Compare(y.item.Relevance, x.item.Relevance), y.item.ResolvedAt.Compare(x.item.ResolvedAt),
		cmp.Compare(x.item.ID, y.item.ID))
}

// recency is 1 for a ticket resolved just now and goes down to 1-agePenalty.
func recency(age time.Duration) float64 {
	return 1 - agePenalty*(1-math.Exp2(-max(age, 0).Hours()/ageHalfLife.Hours()))
}

// fold gives the items of the first limit candidates that are not near-identical to one before, which counts them.
func fold(found []candidate, limit int) []gather.Item {
	var (
		items  []gather.Item
		shapes []search.Shape
	)
	for _, c := range found {
		shape := search.ShapeOf(c.item.Title + "\n" + c.begin)
		same := slices.IndexFunc(shapes, shape.NearlyIs)
		switch {
		case same >= 0:
			items[same].Similar++
		case len(items) < limit:
			items, shapes = append(items, c.trimmed()), append(shapes, shape)
		}
	}
	return items
}

func (c candidate) trimmed() gather.Item {
	item := c.item
	item.ResolvedAt = item.ResolvedAt.UTC()
	item.Title = gather.WholeExcerpt(item.Title, ticket.MaxSubject, item.People)
	item.Text = gather.WholeExcerpt(c.begin, MaxText, item.People)
	item.Resolution = gather.WholeExcerpt(item.Resolution, MaxResolution, item.People)
	return item
}
