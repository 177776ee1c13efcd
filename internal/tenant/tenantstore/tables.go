package tenantstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// configs is the table of the tenants themselves, to which the others' rows belong.
const configs = "tenant_configs"

// kept are tables whose rows outlive their tenant.
//
//nolint:gochecknoglobals // a constant list
var kept = []string{
	// It tells who purged the tenant; nobody may delete from it, and each of its entries vouches for the one before.
	"audit_log",
}

// tables lists the tables with a tenant_id but for those of kept, tenant_configs included and last: each before those that it
// refers to. They are read from the catalog, so that none is forgotten that a later release adds.
func tables(ctx context.Context, tx postgres.Tx) ([]string, error) {
	const query = `
		SELECT c.relname::text,
		       ARRAY(SELECT confrelid::regclass::text FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f' ORDER BY 1)
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1)
		ORDER BY 1`
	rows, err := tx.Query(ctx, query, kept)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	refers := map[string][]string{}
	var (
		names, targets []string
		name           string
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &targets}, func() error {
		names = append(names, name)
		refers[name] = slices.Clone(targets)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	return childrenFirst(names, refers), nil
}

// childrenFirst orders names so that each comes before those that it refers to. Those that refer to nothing come before all
// but tenant_configs: their rows belong to others by a trigger, which finds nothing to do then.
func childrenFirst(names []string, refers map[string][]string) []string {
	var ordered []string
	done := map[string]bool{configs: true}
	var visit func(name string)
	visit = func(name string) {
		if done[name] || !slices.Contains(names, name) {
			return
		}
		done[name] = true
		for _, target := range refers[name] {
			visit(target)
		}
		ordered = append(ordered, name)
	}
	var loose []string
	for _, name := range names {
		if len(refers[name]) == 0 && name != configs {
			loose = append(loose, name)
			continue
		}
		visit(name)
	}
	slices.Reverse(ordered) // they were added after what they refer to
	first := slices.DeleteFunc(loose, func(name string) bool { return done[name] })
	return append(append(first, ordered...), configs)
}

// Count says how many rows of the tenant a purge would remove, by table; tables without any are left out.
func (s *Store) Count(ctx context.Context, id string) (map[string]int64, error) {
	counts := map[string]int64{}
	if !tenant.ValidID(id) {
		return nil, fmt.Errorf("count the rows of tenant %q: %w", id, tenant.ErrNotFound)
	}
	snapshot := func(ctx context.Context, fn func(postgres.Tx) error) error { return s.db.InTenantSnapshot(ctx, id, fn) }
	err := ifConsole(ctx, snapshot, func(tx postgres.Tx) error {
		names, err := tables(ctx, tx)
		if err != nil {
			return err
		}
		for _, name := range names {
			var n int64
			err := tx.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{name}.Sanitize()+" WHERE tenant_id = $1", id).Scan(&n)
			if err != nil {
				return fmt.Errorf("count %s: %w", name, err)
			}
			if n > 0 {
				counts[name] = n
			}
		}
		if counts[configs] == 0 {
			return pgx.ErrNoRows
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count the rows of tenant %q: %w", id, err)
	}
	return counts, nil
}
