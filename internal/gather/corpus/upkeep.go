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
func (s Store) Delete(ctx context.Context, tenantID string, origin gather.Origin, ids []string) (int, error) {
	deleted := 0
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if err := s.table.Collection.Lock(ctx, tx); err != nil {
			return err
		}
		var documents []*int32
		batch := &pgx.Batch{}
		for _, id := range ids {
			batch.Queue(s.table.sql(`DELETE FROM {table} WHERE origin = $1 AND {key} = $2 RETURNING document`), origin, id).
				Query(func(rows pgx.Rows) error {
					gone, err := pgx.CollectRows(rows, pgx.RowTo[*int32])
					documents = append(documents, gone...)
					return err
				})
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		deleted = len(documents)
		return s.table.Collection.Remove(ctx, tx, indexed(documents))
	})
	if err != nil {
		return 0, fmt.Errorf("delete rows from %s of tenant %s: %w", s.table.Name, tenantID, err)
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
func (s Store) IDs(ctx context.Context, tenantID string, origin gather.Origin, after string, limit int) ([]string, error) {
	var ids []string
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, s.table.sql(`SELECT {key} FROM {table} WHERE origin = $1 AND {key} > $2 ORDER BY {key} LIMIT $3`), origin, after, limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list %s of tenant %s: %w", s.table.Name, tenantID, err)
	}
	return ids, nil
}

// Versions gives, of the tenant's rows with these ids, when each changed at its origin: the zero time where that is
// not known. What does not exist is missing.
func (s Store) Versions(ctx context.Context, tenantID string, ids []string) (map[string]time.Time, error) {
	versions := make(map[string]time.Time)
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		stored, err := s.table.stored(ctx, tx, ids)
		if err != nil {
			return err
		}
		for id, row := range stored {
			versions[id] = time.Time{}
			if row.updatedAt != nil {
				versions[id] = row.updatedAt.UTC()
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read versions of %s of tenant %s: %w", s.table.Name, tenantID, err)
	}
	return versions, nil
}

// Reindex brings the tenant's index up to date: rows that are not in it, because they are older than it, and
// rows that an older release indexed by other rules. It says how many it indexed. It may be interrupted and
// called again; meanwhile searches find the rest.
func (s Store) Reindex(ctx context.Context, tenantID string) (int, error) {
	due, err := s.isDue(ctx, tenantID)
	if err != nil || !due {
		return 0, err
	}
	return s.reindex(ctx, tenantID, false)
}

// isDue looks, without the lock and without writing, whether there is anything to index: mostly there is not.
func (s Store) isDue(ctx context.Context, tenantID string) (due bool, err error) {
	err = s.db.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		due, err = s.table.Collection.Outdated(ctx, tx)
		if err != nil || due {
			return err
		}
		due, err = s.table.hasUnindexed(ctx, tx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look whether %s of tenant %s are indexed: %w", s.table.Name, tenantID, err)
	}
	return due, nil
}

// hasUnindexed asks for the first row in order and not whether there is one: the planner takes rows without a number for
// many, as most are that nobody searches, and would begin to read the table in the hope to come across one soon.
func (t Table) hasUnindexed(ctx context.Context, tx postgres.Tx) (bool, error) {
	rows, err := tx.Query(ctx, t.sql(`SELECT {key} FROM {table} WHERE document IS NULL AND {searchable} ORDER BY {key} LIMIT 1`))
	if err != nil {
		return false, fmt.Errorf("query: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return len(ids) > 0, err
}

// Revision changes whenever a searched text of the tenant does.
func (s Store) Revision(ctx context.Context, tenantID string) (revision int64, err error) {
	err = s.db.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		revision, err = s.table.Collection.Revision(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the revision of %s of tenant %s: %w", s.table.Name, tenantID, err)
	}
	return revision, nil
}

// Rebuild drops the tenant's index and makes it anew, as for one that is damaged.
func (s Store) Rebuild(ctx context.Context, tenantID string) (int, error) {
	return s.reindex(ctx, tenantID, true)
}

func (s Store) reindex(ctx context.Context, tenantID string, all bool) (int, error) {
	for total := 0; ; all = false {
		n := 0
		err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
			if err := s.table.Collection.Lock(ctx, tx); err != nil {
				return err
			}
			if err := s.table.dropOutdated(ctx, tx, all); err != nil {
				return err
			}
			var err error
			n, err = s.table.indexSome(ctx, tx)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("index %s of tenant %s anew: %w", s.table.Name, tenantID, err)
		}
		if total += n; n < reindexBatch {
			return total, nil
		}
	}
}

func (t Table) dropOutdated(ctx context.Context, tx postgres.Tx, all bool) error {
	ranges, err := t.Collection.DropOutdated(ctx, tx, all)
	if err != nil {
		return err
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
		return 0, err
	}
	first, err := t.Collection.Add(ctx, tx, texts)
	if err != nil {
		return 0, err
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
