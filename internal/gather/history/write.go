package history

import (
	"context"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/corpus"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ticketColumns are tickets, turned by a quarter: COPY FROM is refused where row-level security is in force, and an
// INSERT of arrays comes closest to its speed.
type ticketColumns struct {
	ids, subjects, descriptions, resolutions, urls []string
	created, resolved, updated                     []*time.Time
	digests                                        [][]byte
}

func columns(tickets []PastTicket, rows []corpus.Row, at []int) ticketColumns {
	var c ticketColumns
	for _, i := range at {
		p := tickets[i]
		c.ids, c.subjects, c.descriptions = append(c.ids, p.ID), append(c.subjects, p.Subject), append(c.descriptions, p.Description)
		c.resolutions, c.urls = append(c.resolutions, p.Resolution), append(c.urls, p.URL)
		c.created, c.resolved, c.updated = append(c.created, orNull(p.CreatedAt)), append(c.resolved, orNull(p.ResolvedAt)), append(c.updated, orNull(p.UpdatedAt))
		c.digests = append(c.digests, rows[i].Digest)
	}
	return c
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func insert(ctx context.Context, tx postgres.Tx, origin gather.Origin, c ticketColumns, documents []*int32) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO ticket_history AS h
			(tenant_id, origin, ticket_id, subject, description, resolution, url, created_at, resolved_at, updated_at, digest, document)
		SELECT current_setting('app.tenant_id'), $1, t.*
		FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
		            $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::bytea[], $11::integer[]) AS t
		ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET
			origin = CASE h.origin WHEN 'file' THEN excluded.origin ELSE h.origin END,
			subject = excluded.subject, description = excluded.description, resolution = excluded.resolution, url = excluded.url,
			created_at = excluded.created_at, resolved_at = excluded.resolved_at, updated_at = excluded.updated_at,
			digest = excluded.digest, document = excluded.document, changed_at = clock_timestamp()`,
		origin, c.ids, c.subjects, c.descriptions, c.resolutions, c.urls, c.created, c.resolved, c.updated, c.digests, documents)
	return err
}
