package tenantstore

import (
	"context"
	"errors"
	"fmt"
	"time"

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
// version is another than the one given, tenant.ErrNotFound when another purge finished first: also when there is a tenant of
// the id by now, of which nothing is removed.
func (s *Store) Purge(ctx context.Context, id string, version int64, also Also) (map[string]int64, error) {
	p, err := s.beginPurge(ctx, id, version)
	if err == nil {
		err = p.finish(ctx, also)
	}
	if err != nil {
		return p.removed, fmt.Errorf("purge tenant %q: %w", id, err)
	}
	return p.removed, nil
}

// purge is one that has begun.
type purge struct {
	store   *Store
	id      string
	began   time.Time // the purge_started_at by which the tenant is known again
	names   []string
	removed map[string]int64
}

// beginPurge marks the tenant, which is no change of it: a purge that was interrupted goes on with the same version.
func (s *Store) beginPurge(ctx context.Context, id string, version int64) (*purge, error) {
	p := &purge{store: s, id: id, removed: map[string]int64{}}
	err := s.asConsole(ctx, id, func(tx postgres.Tx) error {
		now, err := lock(ctx, tx, id, version)
		if err != nil {
			return err
		}
		if now.Status != StatusDeleted {
			return ErrNotDeleted
		}
		const mark = `
			UPDATE tenant_configs SET purge_started_at = coalesce(purge_started_at, clock_timestamp()) WHERE tenant_id = $1
			RETURNING purge_started_at`
		err = tx.QueryRow(ctx, mark, id).Scan(&p.began)
		if err != nil {
			return fmt.Errorf("mark it: %w", err)
		}
		p.names, err = tables(ctx, tx)
		return err
	})
	return p, err
}

func (p *purge) finish(ctx context.Context, also Also) error {
	for _, name := range p.names {
		if name == configs {
			continue
		}
		if err := p.table(ctx, name); err != nil {
			return err
		}
	}
	return p.rest(ctx, also)
}

// table empties a table of the tenant's rows, but for some that are written at the moment.
func (p *purge) table(ctx context.Context, name string) error {
	quoted := pgx.Identifier{name}.Sanitize()
	for {
		var batch int64
		err := p.removing(ctx, keepsTheTenant, func(tx postgres.Tx) (map[string]int64, error) {
			// By their places, which are read once: a condition on keys would be looked up anew among the dead rows.
			tag, err := tx.Exec(ctx, "DELETE FROM "+quoted+` WHERE tenant_id = $1
				AND ctid = ANY (ARRAY(SELECT ctid FROM `+quoted+" WHERE tenant_id = $1 LIMIT $2))", p.id, p.store.batch)
			batch = tag.RowsAffected()
			return map[string]int64{name: batch}, err
		})
		if err != nil {
			return fmt.Errorf("remove from %s: %w", name, err)
		}
		if batch < p.store.batch {
			return nil
		}
	}
}

// rest removes the tenant. Locked against rows that refer to it, it waits for the transactions that have added some, so
// that none is missed, and those that would add one wait in turn, and fail.
func (p *purge) rest(ctx context.Context, also Also) error {
	return p.removing(ctx, endsTheTenant, func(tx postgres.Tx) (map[string]int64, error) {
		reported := map[string]int64{}
		for _, name := range p.names {
			tag, err := tx.Exec(ctx, "DELETE FROM "+pgx.Identifier{name}.Sanitize()+" WHERE tenant_id = $1", p.id)
			if err != nil {
				return nil, fmt.Errorf("remove the last of %s: %w", name, err)
			}
			reported[name] = tag.RowsAffected()
		}
		return reported, run(ctx, tx, also)
	})
}

// How a transaction of a purge locks the tenant: against being removed, or against everything.
const (
	keepsTheTenant = " FOR KEY SHARE"
	endsTheTenant  = " FOR UPDATE"
)

// hold looks, and sees to it until the transaction ends, that the tenant is still the one whose purge this is. Another purge
// may have finished, and the id been given to a tenant whose rows are to stay.
func (p *purge) hold(ctx context.Context, tx postgres.Tx, lock string) error {
	var is bool
	return tx.QueryRow(ctx, "SELECT true FROM tenant_configs WHERE tenant_id = $1 AND purge_started_at = $2"+lock, p.id, p.began).Scan(&is)
}

// maxDeadlocks is how often in a row a transaction is begun anew after a deadlock with a running job.
const maxDeadlocks = 5

// removing runs fn in a transaction that holds the tenant and, once that is committed, adds to removed how many rows it took away
// from each of the tables, by whatever way: cascades and triggers remove rows that no statement reports. Of a server that
// keeps no statistics (track_counts), they are those that fn reports.
func (p *purge) removing(ctx context.Context, lock string, fn func(postgres.Tx) (map[string]int64, error)) error {
	var err error
	for range maxDeadlocks {
		gone := map[string]int64{}
		err = p.store.asConsole(ctx, p.id, func(tx postgres.Tx) error {
			if err := p.hold(ctx, tx, lock); err != nil {
				return err
			}
			before, err := deletions(ctx, tx, p.names)
			if err != nil {
				return err
			}
			reported, err := fn(tx)
			if err != nil {
				return err
			}
			after, err := deletions(ctx, tx, p.names)
			for name, n := range after {
				gone[name] = max(n-before[name], reported[name])
			}
			return err
		})
		if err == nil {
			for name, n := range gone {
				if n > 0 {
					p.removed[name] += n
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
