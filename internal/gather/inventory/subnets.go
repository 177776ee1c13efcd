package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

const upsertSubnets = `
INSERT INTO subnets AS s (tenant_id, network, name, role, client, location, origin)
SELECT $1, n.*, $7
FROM unnest($2::cidr[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n
ON CONFLICT (tenant_id, network) DO UPDATE SET
    name = excluded.name, role = excluded.role, client = excluded.client, location = excluded.location,
    origin = CASE WHEN s.origin = 'servicedesk' THEN s.origin ELSE excluded.origin END
WHERE (s.name, s.role, s.client, s.location) <> (excluded.name, excluded.role, excluded.client, excluded.location)
   OR s.origin <> excluded.origin AND s.origin <> 'servicedesk'
RETURNING xmax = 0`

// PutSubnets adds networks to what is known of the tenant, all or none; one that is there is replaced, and one
// that says nothing new is not written. The same network twice is refused unless both say the same.
func (s *Store) PutSubnets(ctx context.Context, tenantID string, origin gather.Origin, subnets []Subnet) (gather.Change, error) {
	networks, rows, err := distinctSubnets(subnets)
	if err != nil || len(rows) == 0 {
		return gather.Change{}, err
	}
	columns := make([][]string, 4)
	for _, n := range rows {
		for i, text := range []string{n.Name, n.Role, n.Client, n.Location} {
			columns[i] = append(columns[i], text)
		}
	}
	change := gather.Change{Unchanged: len(rows)}
	err = s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		written, err := tx.Query(ctx, upsertSubnets, tenantID, networks, columns[0], columns[1], columns[2], columns[3], string(origin))
		if err != nil {
			return fmt.Errorf("write the networks: %w", err)
		}
		var added bool
		_, err = pgx.ForEachRow(written, []any{&added}, func() error {
			change.Unchanged--
			if added {
				change.Added++
			} else {
				change.Changed++
			}
			return nil
		})
		return err
	})
	if err != nil {
		return gather.Change{}, fmt.Errorf("put %d networks of tenant %s: %w", len(rows), tenantID, err)
	}
	return change, nil
}

// distinctSubnets gives the networks in their order, for the reason of mergeSystems.
func distinctSubnets(subnets []Subnet) ([]netip.Prefix, []Subnet, error) {
	byNetwork := make(map[netip.Prefix]Subnet, len(subnets))
	var (
		networks []netip.Prefix
		errs     []error
	)
	for i, s := range subnets {
		if len(errs) == mostFaults {
			errs = append(errs, errors.New("and more"))
			break
		}
		if err := s.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("subnet %d %q: %w", i+1, strings.TrimSpace(s.Network), err))
			continue
		}
		s = s.normalized()
		prefix := netip.MustParsePrefix(s.Network)
		s.Network = prefix.String()
		known, ok := byNetwork[prefix]
		switch {
		case !ok:
			byNetwork[prefix] = s
			networks = append(networks, prefix)
		case known != s:
			errs = append(errs, fmt.Errorf("subnet %d %q: was described before, and differently; keep one of the two", i+1, s.Network))
		}
	}
	slices.SortFunc(networks, netip.Prefix.Compare)
	rows := make([]Subnet, len(networks))
	for i, prefix := range networks {
		rows[i] = byNetwork[prefix]
	}
	return networks, rows, errors.Join(errs...)
}
