package embedding

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// row is a ticket or article that lacks a current vector.
type row struct {
	place     cursor
	changedAt time.Time
	raw       string // as it is stored
	people    []string
	text      string // textOf raw
}

// textOf is what is embedded of a ticket or article; what it is compared with is brought into the same form. All kinds of data are
// masked, whatever the tenant chose: a name, a number or an address says nothing about what a text means, and vectors need not be made
// anew when the tenant chooses otherwise.
func textOf(raw string, people []string) string {
	whole := gather.WholeExcerpt(ticket.Normalize(raw), MaxText, people)
	return gather.Excerpt(masking.Blank(whole, people), MaxText)
}

// textRules names how textOf makes a text. It has to change with that and with what package masking finds in earnest: vectors of
// different texts cannot be compared, and texts that were embedded by other rules are embedded anew.
const textRules = "masked-1"

// spaceOf names what vectors are of: those of another model, or of texts made by other rules, are not compared with them.
func spaceOf(e Embedder) string { return e.Model() + " " + textRules }

// verdict is what to store for a row: a vector, or why there is none.
type verdict struct {
	row    row
	vector Vector
	reason string
}

// readNext gives the rows behind after that lack a vector of model; none at the end.
func (c collection) readNext(ctx context.Context, tx postgres.Tx, model string, after cursor, limit int) ([]row, error) {
	rows, err := tx.Query(ctx, c.next, pgx.NamedArgs{
		"at": after.at, "id": after.id, "model": model, "limit": limit, "chars": MaxText + gather.Overhang,
	})
	if err != nil {
		return nil, fmt.Errorf("look for texts without a vector: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var (
			one        row
			head, body string
		)
		err := r.Scan(&one.place.id, &one.place.at, &one.changedAt, &head, &body, &one.people)
		one.raw = head + "\n" + body
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("read texts without a vector: %w", err)
	}
	return found, nil
}

// write stores verdicts and counts vectors and refusals. Rows that changed or went in the meantime are neither:
// a later run sees to them.
func (c collection) write(
	ctx context.Context, tx postgres.Tx, model string, verdicts []verdict,
) (vectors, refusals int, err error) {
	var (
		ids, reasons []string
		changed      []time.Time
		quanta       [][]byte
	)
	for _, v := range verdicts {
		ids, reasons = append(ids, v.row.place.id), append(reasons, v.reason)
		changed, quanta = append(changed, v.row.changedAt), append(quanta, quantise(v.vector))
	}
	rows, err := tx.Query(ctx, c.save, pgx.NamedArgs{
		"model": model, "ids": ids, "changed": changed, "vectors": quanta, "errors": reasons,
	})
	if err != nil {
		return 0, 0, fmt.Errorf("store vectors: %w", err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	if err != nil {
		return 0, 0, fmt.Errorf("store vectors: %w", err)
	}
	for _, embedded := range stored {
		if embedded {
			vectors++
		} else {
			refusals++
		}
	}
	return vectors, refusals, nil
}

// read gives the current vectors of those ids that have one.
func (c collection) read(ctx context.Context, tx postgres.Tx, model string, ids []string) (map[string]quantised, error) {
	rows, err := tx.Query(ctx, c.load, pgx.NamedArgs{"model": model, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("load vectors: %w", err)
	}
	var (
		id     string
		vector []byte
		found  = make(map[string]quantised, len(ids))
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &vector}, func() error {
		found[id] = vector
		vector = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load vectors: %w", err)
	}
	return found, nil
}

// hold takes the lease of a tenant or prolongs one's own; false when another holds it.
func hold(ctx context.Context, tx postgres.Tx, tenantID string, holder uuid.UUID, lease time.Duration) (bool, error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO embedding_leases (tenant_id, holder, held_until) VALUES ($1, $2, clock_timestamp() + $3)
		ON CONFLICT (tenant_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
		WHERE embedding_leases.holder = excluded.holder OR embedding_leases.held_until < clock_timestamp()`,
		tenantID, holder, lease)
	if err != nil {
		return false, fmt.Errorf("hold the lease: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

func release(ctx context.Context, tx postgres.Tx, holder uuid.UUID) error {
	if _, err := tx.Exec(ctx, "DELETE FROM embedding_leases WHERE holder = $1", holder); err != nil {
		return fmt.Errorf("give back the lease: %w", err)
	}
	return nil
}
