package corpus

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
)

// reindexBatch is how many rows are indexed in one transaction.
const reindexBatch = 2000

// Delete removes the tenant's rows of that origin with these ids, and says how many there were.
func (t Table) Delete(ctx context.Context, db *postgres.DB, tenantID string, origin gather.Origin, ids []string) (int, error) {
	deleted := 0
	err := db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if err := t.Collection.Lock(ctx, tx); err != nil {
			return err //nolint:wrapcheck // says what it is about
		}
		var documents []*int32
		batch := &pgx.Batch{}
		for _, id := range ids {
			batch.Queue(t.sql(`DELETE FROM {table} WHERE origin = $1 AND {key} = $2 RETURNING document`), origin, id).
				Query(func(rows pgx.Rows) error {
					gone, err := pgx.CollectRows(rows, pgx.RowTo[*int32])
					documents = append(documents, gone...)
					return err //nolint:wrapcheck // wrapped below
				})
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		deleted = len(documents)
		return t.Collection.Remove(ctx, tx, indexed(documents)) //nolint:wrapcheck // says what it is about
	})
	if err != nil {
		return 0, fmt.Errorf("delete rows from %s of tenant %s: %w", t.Name, tenantID, err)
	}
	return deleted, nil
}

func indexed(documents []*int32) []int32 {
	var numbers []int32
	for _, d := range documents {
		if d != nil {
			numbers = append(numbers, *d)
		}
	}
	return numbers
}

// IDs are the ids of the tenant's rows of that origin, ascending, behind after, at most limit.
func (t Table) IDs(ctx context.Context, db *postgres.DB, tenantID string, origin gather.Origin, after string, limit int) ([]string, error) {
	var ids []string
	err := db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, t.sql(`SELECT {key} FROM {table} WHERE origin = $1 AND {key} > $2 ORDER BY {key} LIMIT $3`), origin, after, limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return nil, fmt.Errorf("list %s of tenant %s: %w", t.Name, tenantID, err)
	}
	return ids, nil
}

// Versions gives, of the tenant's rows with these ids, when each changed at its origin: the zero time where that is
// not known. What does not exist is missing.
func (t Table) Versions(ctx context.Context, db *postgres.DB, tenantID string, ids []string) (map[string]time.Time, error) {
	versions := make(map[string]time.Time)
	err := db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		stored, err := t.stored(ctx, tx, ids)
		if err != nil {
			return err
		}
		for id, s := range stored {
			versions[id] = time.Time{}
			if s.updatedAt != nil {
				versions[id] = s.updatedAt.UTC()
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read versions of %s of tenant %s: %w", t.Name, tenantID, err)
	}
	return versions, nil
}

// Reindex brings the tenant's index up to date: rows that are not in it, because they are older than it, and
// rows that an older release indexed by other rules. It says how many it indexed. It may be interrupted and
// called again; meanwhile searches find the rest.
func (t Table) Reindex(ctx context.Context, db *postgres.DB, tenantID string) (int, error) {
	return t.reindex(ctx, db, tenantID, false)
}

// Rebuild drops the tenant's index and makes it anew, as for one that is damaged.
func (t Table) Rebuild(ctx context.Context, db *postgres.DB, tenantID string) (int, error) {
	return t.reindex(ctx, db, tenantID, true)
}

func (t Table) reindex(ctx context.Context, db *postgres.DB, tenantID string, all bool) (int, error) {
	for total := 0; ; all = false {
		n := 0
		err := db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
			if err := t.Collection.Lock(ctx, tx); err != nil {
				return err //nolint:wrapcheck // says what it is about
			}
			if err := t.dropOutdated(ctx, tx, all); err != nil {
				return err
			}
			var err error
			n, err = t.indexSome(ctx, tx)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("index %s of tenant %s anew: %w", t.Name, tenantID, err)
		}
		if total += n; n < reindexBatch {
			return total, nil
		}
	}
}

func (t Table) dropOutdated(ctx context.Context, tx postgres.Tx, all bool) error {
	ranges, err := t.Collection.DropOutdated(ctx, tx, all)
	if err != nil {
		return err //nolint:wrapcheck // says what it is about
	}
	if all { // a damaged index may lack the segments of some
		ranges = []search.Range{{First: 0, End: math.MaxInt32}}
	}
	for _, r := range ranges {
		_, err := tx.Exec(ctx, t.sql(`UPDATE {table} SET document = NULL WHERE document >= $1 AND document < $2`), r.First, r.End)
		if err != nil {
			return fmt.Errorf("take rows out of the index: %w", err)
		}
	}
	return nil
}

func (t Table) indexSome(ctx context.Context, tx postgres.Tx) (int, error) {
	rows, err := tx.Query(ctx, t.sql(`
		SELECT {key}, {title}, {body} FROM {table} WHERE document IS NULL AND {searchable} ORDER BY {key} LIMIT $1`), reindexBatch)
	if err != nil {
		return 0, fmt.Errorf("read rows to index: %w", err)
	}
	var (
		ids       []string
		texts     []search.Document
		id        string
		textOfRow search.Document
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &textOfRow.Title, &textOfRow.Body}, func() error {
		ids, texts = append(ids, id), append(texts, textOfRow)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return 0, err //nolint:wrapcheck // Reindex says what was attempted
	}
	first, err := t.Collection.Add(ctx, tx, texts)
	if err != nil {
		return 0, err //nolint:wrapcheck // says what it is about
	}
	batch := &pgx.Batch{}
	for i, id := range ids {
		batch.Queue(t.sql(`UPDATE {table} SET document = $2 WHERE {key} = $1`), id, int(first)+i)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("note what is indexed: %w", err)
	}
	return len(ids), nil
}
