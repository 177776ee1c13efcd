package tenantstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Purge removes every row of a deleted tenant, from every table with a tenant_id, and says how many by table. It goes in
// batches of their own transactions, so that no large tenant holds locks for minutes. The tenant itself goes last, together
// with what a job that was still running has added meanwhile, and with also: whatever comes later finds no tenant to
// refer to, so that nothing comes back. Where it is interrupted, the counts are of what is gone for good, and to call it again
// is to go on; from the first call on there is no Restore. ErrNotDeleted when the tenant is not deleted, ErrStale when its
// version is another than the one given.
func (s *Store) Purge(ctx context.Context, id string, version int64, also Also) (map[string]int64, error) {
	removed := map[string]int64{}
	names, err := s.beginPurge(ctx, id, version)
	if err != nil {
		return removed, fmt.Errorf("purge tenant %q: %w", id, err)
	}
	for _, name := range names {
		if name == configs {
			continue
		}
		if err := s.purgeTable(ctx, id, name, names, removed); err != nil {
			return removed, fmt.Errorf("purge tenant %s: %w", id, err)
		}
	}
	err = s.removing(ctx, id, names, removed, func(tx postgres.Tx) (map[string]int64, error) {
		return purgeRest(ctx, tx, id, names, also)
	})
	if err != nil {
		return removed, fmt.Errorf("purge tenant %s: %w", id, err)
	}
	return removed, nil
}

// beginPurge marks the tenant, which is no change of it: a purge that was interrupted goes on with the same version.
func (s *Store) beginPurge(ctx context.Context, id string, version int64) ([]string, error) {
	var names []string
	err := s.asConsole(ctx, id, func(tx postgres.Tx) error {
		now, err := lock(ctx, tx, id, version)
		if err != nil {
			return err
		}
		if now.Status != StatusDeleted {
			return ErrNotDeleted
		}
		_, err = tx.Exec(ctx, "UPDATE tenant_configs SET purge_started_at = coalesce(purge_started_at, clock_timestamp()) WHERE tenant_id = $1", id)
		if err != nil {
			return fmt.Errorf("mark it: %w", err)
		}
		names, err = tables(ctx, tx)
		return err
	})
	return names, err
}

// purgeTable empties a table of the tenant's rows, but for some that are written at the moment.
func (s *Store) purgeTable(ctx context.Context, id, name string, names []string, removed map[string]int64) error {
	quoted := pgx.Identifier{name}.Sanitize()
	for {
		var batch int64
		err := s.removing(ctx, id, names, removed, func(tx postgres.Tx) (map[string]int64, error) {
			// By their places, which are read once: a condition on keys would be looked up anew among the dead rows.
			tag, err := tx.Exec(ctx, "DELETE FROM "+quoted+` WHERE tenant_id = $1
				AND ctid = ANY (ARRAY(SELECT ctid FROM `+quoted+" WHERE tenant_id = $1 LIMIT $2))", id, s.batch)
			batch = tag.RowsAffected()
			return map[string]int64{name: batch}, err
		})
		if err != nil {
			return fmt.Errorf("remove from %s: %w", name, err)
		}
		if batch < s.batch {
			return nil
		}
	}
}

// purgeRest removes the tenant. Locked against rows that refer to it, it waits for the transactions that have added some, so
// that none is missed, and those that would add one wait in turn, and fail.
func purgeRest(ctx context.Context, tx postgres.Tx, id string, names []string, also Also) (map[string]int64, error) {
	var found bool
	err := tx.QueryRow(ctx, "SELECT true FROM tenant_configs WHERE tenant_id = $1 AND purge_started_at IS NOT NULL FOR UPDATE", id).Scan(&found)
	if err != nil {
		return nil, err
	}
	reported := map[string]int64{}
	for _, name := range names {
		tag, err := tx.Exec(ctx, "DELETE FROM "+pgx.Identifier{name}.Sanitize()+" WHERE tenant_id = $1", id)
		if err != nil {
			return nil, fmt.Errorf("remove the last of %s: %w", name, err)
		}
		reported[name] = tag.RowsAffected()
	}
	return reported, run(ctx, tx, also)
}

// maxDeadlocks is how often in a row a transaction is begun anew after a deadlock with a running job.
const maxDeadlocks = 5

// removing runs fn in a transaction of the tenant and, once that is committed, adds to removed how many rows it took away
// from each of the tables, by whatever way: cascades and triggers remove rows that no statement reports. Of a server that
// keeps no statistics (track_counts), they are those that fn reports.
func (s *Store) removing(ctx context.Context, id string, names []string, removed map[string]int64,
	fn func(postgres.Tx) (map[string]int64, error),
) error {
	var err error
	for range maxDeadlocks {
		gone := map[string]int64{}
		err = s.asConsole(ctx, id, func(tx postgres.Tx) error {
			before, err := deletions(ctx, tx, names)
			if err != nil {
				return err
			}
			reported, err := fn(tx)
			if err != nil {
				return err
			}
			after, err := deletions(ctx, tx, names)
			for name, n := range after {
				gone[name] = max(n-before[name], reported[name])
			}
			return err
		})
		if err == nil {
			for name, n := range gone {
				if n > 0 {
					removed[name] += n
				}
			}
			return nil
		}
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != pgerrcode.DeadlockDetected {
			return err
		}
	}
	return err
}

// deletions are how many rows this connection has removed from each table since it last reported to the statistics, which no
// connection does within a transaction.
func deletions(ctx context.Context, tx postgres.Tx, names []string) (map[string]int64, error) {
	counts := map[string]int64{}
	rows, err := tx.Query(ctx, `
		SELECT name, pg_stat_get_xact_tuples_deleted(to_regclass('public.' || quote_ident(name))) FROM unnest($1::text[]) name`, names)
	if err != nil {
		return nil, fmt.Errorf("count removed rows: %w", err)
	}
	var (
		name string
		n    int64
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		counts[name] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count removed rows: %w", err)
	}
	return counts, nil
}
