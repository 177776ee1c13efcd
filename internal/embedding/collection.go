package embedding

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// collection is how texts of one kind and their vectors are stored. As elsewhere, no statement has a
// condition on the tenant: row-level security is what keeps tenants apart.
type collection struct {
	kind  gather.Kind
	start cursor
	// next reads the rows behind a cursor that lack a vector of the model and the present text. The inner
	// query is not a join, so that the planner cannot read all vectors anew for each page.
	next string
	// save leaves out rows that changed or went in the meantime, and says of each that it wrote whether there
	// is a vector.
	save string
	// load reads current vectors.
	load string
}

// cursor is the place of a row in the order of embedding. What lies before it is not read again by the
// same run.
type cursor struct {
	at pgtype.Timestamptz // tickets only
	id string
}

func collectionOf(kind gather.Kind) (collection, error) {
	switch kind {
	case gather.KindTicket:
		return tickets(), nil
	case gather.KindArticle:
		return articles(), nil
	case gather.KindSystem:
	}
	return collection{}, fmt.Errorf("there are no embeddings of kind %q: use %q or %q",
		kind, gather.KindTicket, gather.KindArticle)
}

// tickets are embedded by what was reported and not by how it was solved: the ticket that they are compared
// with has no solution yet. The newest come first, being the likeliest to help.
func tickets() collection {
	return collection{
		kind:  gather.KindTicket,
		start: cursor{at: pgtype.Timestamptz{Valid: true, InfinityModifier: pgtype.Infinity}},
		next: `
			SELECT h.ticket_id, h.resolved_at, h.changed_at, left(h.subject, @chars), left(h.description, @chars), h.people
			FROM ticket_history h
			WHERE h.resolution <> '' AND h.resolved_at IS NOT NULL AND (h.resolved_at, h.ticket_id) < (@at, @id)
			  AND (SELECT e.model = @model AND e.source_changed_at = h.changed_at FROM ticket_embeddings e
			       WHERE e.tenant_id = h.tenant_id AND e.ticket_id = h.ticket_id) IS NOT TRUE
			ORDER BY h.resolved_at DESC, h.ticket_id DESC
			LIMIT @limit`,
		save: `
			INSERT INTO ticket_embeddings (tenant_id, ticket_id, model, dimensions, vector, source_changed_at, error)
			SELECT h.tenant_id, h.ticket_id, @model, octet_length(v.vector), v.vector, v.changed_at, v.error
			FROM unnest(@ids::text[], @changed::timestamptz[], @vectors::bytea[], @errors::text[])
				AS v (id, changed_at, vector, error)
			JOIN ticket_history h ON h.ticket_id = v.id AND h.changed_at = v.changed_at
			FOR KEY SHARE OF h
			ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET
				model = excluded.model, dimensions = excluded.dimensions, vector = excluded.vector,
				source_changed_at = excluded.source_changed_at, error = excluded.error, embedded_at = now()
			RETURNING error = ''`,
		load: `
			SELECT e.ticket_id, e.vector
			FROM ticket_embeddings e
			JOIN ticket_history h ON h.tenant_id = e.tenant_id AND h.ticket_id = e.ticket_id
				AND h.changed_at = e.source_changed_at
			WHERE e.ticket_id = ANY (@ids) AND e.model = @model AND e.error = ''`,
	}
}

func articles() collection {
	return collection{
		kind: gather.KindArticle,
		next: `
			SELECT h.article_id, NULL::timestamptz, h.changed_at, left(h.title, @chars), left(h.body, @chars), NULL::text[]
			FROM kb_articles h
			WHERE h.article_id > @id
			  AND (SELECT e.model = @model AND e.source_changed_at = h.changed_at FROM article_embeddings e
			       WHERE e.tenant_id = h.tenant_id AND e.article_id = h.article_id) IS NOT TRUE
			ORDER BY h.article_id
			LIMIT @limit`,
		save: `
			INSERT INTO article_embeddings (tenant_id, article_id, model, dimensions, vector, source_changed_at, error)
			SELECT h.tenant_id, h.article_id, @model, octet_length(v.vector), v.vector, v.changed_at, v.error
			FROM unnest(@ids::text[], @changed::timestamptz[], @vectors::bytea[], @errors::text[])
				AS v (id, changed_at, vector, error)
			JOIN kb_articles h ON h.article_id = v.id AND h.changed_at = v.changed_at
			FOR KEY SHARE OF h
			ON CONFLICT (tenant_id, article_id) DO UPDATE SET
				model = excluded.model, dimensions = excluded.dimensions, vector = excluded.vector,
				source_changed_at = excluded.source_changed_at, error = excluded.error, embedded_at = now()
			RETURNING error = ''`,
		load: `
			SELECT e.article_id, e.vector
			FROM article_embeddings e
			JOIN kb_articles h ON h.tenant_id = e.tenant_id AND h.article_id = e.article_id
				AND h.changed_at = e.source_changed_at
			WHERE e.article_id = ANY (@ids) AND e.model = @model AND e.error = ''`,
	}
}
