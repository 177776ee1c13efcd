package history

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/corpus"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// ticketColumns are tickets, turned by a quarter: COPY FROM is refused where row-level security is in force, and an
// INSERT of arrays comes closest to its speed.
type ticketColumns struct {
	ids, subjects, descriptions, resolutions, urls []string
	created, resolved, updated                     []*time.Time
	digests                                        [][]byte
	people                                         []string // the names of each, in lines
}

func columns(tickets []PastTicket, rows []corpus.Row, at []int) ticketColumns {
	var c ticketColumns
	for _, i := range at {
		p := tickets[i]
		c.ids, c.subjects, c.descriptions = append(c.ids, p.ID), append(c.subjects, p.Subject), append(c.descriptions, p.Description)
		c.resolutions, c.urls = append(c.resolutions, p.Resolution), append(c.urls, p.URL)
		c.created, c.resolved, c.updated = append(c.created, postgres.TimeOrNull(p.CreatedAt)), append(c.resolved, postgres.TimeOrNull(p.ResolvedAt)), append(c.updated, postgres.TimeOrNull(p.UpdatedAt))
		c.digests = append(c.digests, rows[i].Digest)
		c.people = append(c.people, inLines(p.Requester, p.Technician))
	}
	return c
}

// inLines gives names as one text, since Postgres has no arrays of arrays of different lengths.
func inLines(names ...string) string { return strings.Join(ticket.People(names...), "\n") }

func insert(ctx context.Context, tx postgres.Tx, origin gather.Origin, c ticketColumns, documents []*int32) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO ticket_history AS h
			(tenant_id, origin, ticket_id, subject, description, resolution, url, created_at, resolved_at, updated_at, digest, document, people)
		SELECT current_setting('app.tenant_id'), $1, t.id, t.subject, t.description, t.resolution, t.url, t.created, t.resolved, t.updated, t.digest, t.document,
			coalesce(string_to_array(nullif(t.people, ''), E'\n'), '{}')
		FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
		            $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::bytea[], $11::integer[], $12::text[])
			AS t (id, subject, description, resolution, url, created, resolved, updated, digest, document, people)
		ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET
			origin = CASE h.origin WHEN 'file' THEN excluded.origin ELSE h.origin END,
			subject = excluded.subject, description = excluded.description, resolution = excluded.resolution, url = excluded.url,
			created_at = excluded.created_at, resolved_at = excluded.resolved_at, updated_at = excluded.updated_at,
			digest = excluded.digest, document = excluded.document, people = excluded.people, changed_at = clock_timestamp()`,
		origin, c.ids, c.subjects, c.descriptions, c.resolutions, c.urls, c.created, c.resolved, c.updated, c.digests, documents, c.people)
	return err
}

// Name notes the names of people on tickets of the tenant that have none yet, without reading the tickets anew: those that were stored
// before names were. people are by the ticket's id; ids that are not there are passed over. It says how many tickets were changed.
func (s *Store) Name(ctx context.Context, tenantID string, people map[string][]string) (int, error) {
	const (
		lacking = `SELECT EXISTS (SELECT FROM ticket_history WHERE ticket_id = ANY ($1) AND people = '{}')`
		name    = `
			UPDATE ticket_history h SET people = string_to_array(n.people, E'\n')
			FROM unnest($1::text[], $2::text[]) AS n (id, people)
			WHERE h.ticket_id = n.id AND h.people = '{}'`
	)
	var ids, names []string
	for _, id := range slices.Sorted(maps.Keys(people)) {
		if lines := inLines(people[id]...); lines != "" {
			ids, names = append(ids, id), append(names, lines)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	changed := 0
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		var due bool
		if err := tx.QueryRow(ctx, lacking, ids).Scan(&due); err != nil || !due {
			return err
		}
		// Others change many rows in one transaction, too, and in another order.
		if err := table.Collection.Lock(ctx, tx); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, name, ids, names)
		changed = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("name the people of past tickets of tenant %s: %w", tenantID, err)
	}
	return changed, nil
}
