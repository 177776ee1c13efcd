package inventory

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// upsertSystems gives the ids of the rows it wrote and whether they are new. xmax is 0 in a row that no
// transaction has replaced or locked.
const upsertSystems = `
INSERT INTO systems AS s (tenant_id, system_id, hostname, asset_tag, role, client, location, origin)
SELECT $1, n.*, $8
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS n
ON CONFLICT (tenant_id, system_id) DO UPDATE SET
    hostname = excluded.hostname, asset_tag = excluded.asset_tag, role = excluded.role, client = excluded.client,
    location = excluded.location,
    origin = CASE WHEN s.origin = 'servicedesk' THEN s.origin ELSE excluded.origin END
WHERE (s.hostname, s.asset_tag, s.role, s.client, s.location)
      <> (excluded.hostname, excluded.asset_tag, excluded.role, excluded.client, excluded.location)
   OR s.origin <> excluded.origin AND s.origin <> 'servicedesk'
RETURNING system_id, xmax = 0`

// putSystems tells of the systems that it wrote whether they were added.
func putSystems(ctx context.Context, tx postgres.Tx, tenantID string, origin gather.Origin, systems []*merged) (map[string]bool, error) {
	columns := make([][]string, 6)
	for _, s := range systems {
		for i, text := range []string{s.ID, s.Hostname, s.AssetTag, s.Role, s.Client, s.Location} {
			columns[i] = append(columns[i], text)
		}
	}
	rows, err := tx.Query(ctx, upsertSystems, tenantID,
		columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], string(origin))
	if err != nil {
		return nil, fmt.Errorf("write the systems: %w", err)
	}
	written := map[string]bool{}
	var (
		id    string
		added bool
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &added}, func() error {
		written[id] = added
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("write the systems: %w", err)
	}
	return written, nil
}

// dropAddresses and addAddresses bring systems to their addresses. The first takes the addresses of a system as
// one text, so that there is one row to join with for each system: an anti-join with a row for each address
// compares every one with every other as soon as the plan is a generic one, which thinks the arrays short.
const (
	dropAddresses = `
DELETE FROM system_addresses a
USING unnest($1::text[], $2::text[]) AS n (system_id, addresses)
WHERE a.system_id = n.system_id AND a.address <> ALL (string_to_array(n.addresses, ',')::inet[])
RETURNING a.system_id`
	addAddresses = `
INSERT INTO system_addresses (tenant_id, system_id, address)
SELECT $1, n.* FROM unnest($2::text[], $3::inet[]) AS n
ON CONFLICT (tenant_id, system_id, address) DO NOTHING
RETURNING system_id`
)

// putAddresses writes the addresses and counts the systems that differ from what was there; written is what
// putSystems tells of them.
func putAddresses(ctx context.Context, tx postgres.Tx, tenantID string, systems []*merged, written map[string]bool) (gather.Change, error) {
	var (
		all, lists, ids []string
		addresses       []netip.Addr
	)
	for _, s := range systems {
		var list []string
		for addr := range s.addresses {
			list = append(list, addr.String())
			ids, addresses = append(ids, s.ID), append(addresses, addr)
		}
		all, lists = append(all, s.ID), append(lists, strings.Join(list, ","))
	}
	for _, statement := range []struct {
		sql  string
		args []any
	}{
		{dropAddresses, []any{all, lists}},
		{addAddresses, []any{tenantID, ids, addresses}},
	} {
		rows, err := tx.Query(ctx, statement.sql, statement.args...)
		if err != nil {
			return gather.Change{}, fmt.Errorf("write the addresses: %w", err)
		}
		touched, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return gather.Change{}, fmt.Errorf("write the addresses: %w", err)
		}
		for _, id := range touched {
			if !written[id] {
				written[id] = false // only its addresses changed
			}
		}
	}
	change := gather.Change{Unchanged: len(systems) - len(written)}
	for _, added := range written {
		if added {
			change.Added++
		} else {
			change.Changed++
		}
	}
	return change, nil
}
