package inventory

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// The lookups. Each takes an array of keys and finds the systems of every key by itself, so that a
// bound on the systems of one key leaves those of the others alone, and that the plan is the same for one
// key as for hundreds: an index scan for each. Only conditions made of = and <= appear, for only these
// are leakproof and may use an index under row-level security; and only stored columns, for functions of a
// column are not. There is no condition on the tenant: row-level security is what keeps tenants apart.
const (
	byAddress = `
SELECT k.nth, s.system_id, s.hostname, s.role, s.client, s.location, ARRAY[host(k.address)]
FROM unnest($1::inet[]) WITH ORDINALITY AS k (address, nth)
CROSS JOIN LATERAL (
    SELECT s.system_id, s.hostname, s.role, s.client, s.location FROM system_addresses a JOIN systems s USING (tenant_id, system_id)
    WHERE a.address = k.address ORDER BY s.hostname, s.system_id LIMIT $2) s
ORDER BY k.nth, s.hostname, s.system_id`

	byRange = `
SELECT k.nth, s.system_id, s.hostname, s.role, s.client, s.location, ARRAY[host(s.address)]
FROM unnest($1::inet[], $2::inet[]) WITH ORDINALITY AS k (first, last, nth)
CROSS JOIN LATERAL (
    SELECT s.system_id, s.hostname, s.role, s.client, s.location, a.address FROM system_addresses a JOIN systems s USING (tenant_id, system_id)
    WHERE a.address >= k.first AND a.address <= k.last ORDER BY a.address, s.system_id LIMIT $3) s
ORDER BY k.nth, s.address, s.system_id`

	// byKey is completed with the column: name_key, short_key or tag_key.
	byKey = `
SELECT k.nth, s.system_id, s.hostname, s.role, s.client, s.location,
       ARRAY(SELECT host(a.address) FROM system_addresses a
             WHERE a.tenant_id = s.tenant_id AND a.system_id = s.system_id ORDER BY a.address LIMIT $3)
FROM unnest($1::text[]) WITH ORDINALITY AS k (key, nth)
CROSS JOIN LATERAL (
    SELECT tenant_id, system_id, hostname, role, client, location FROM systems
    WHERE %s = k.key ORDER BY system_id LIMIT $2) s
ORDER BY k.nth, s.system_id`

	// ownDomains says of each domain whether systems have it, and whether systems have any: the last entry
	// of the index tells, where a search for any would read the other tenants' rows.
	ownDomains = `
SELECT EXISTS (SELECT FROM systems WHERE domain_key = k.domain), coalesce((SELECT max(domain_key) FROM systems) > '', false)
FROM unnest($1::text[]) WITH ORDINALITY AS k (domain, nth)
ORDER BY k.nth`

	bySubnet = `
SELECT s.network, s.name, s.role, s.client, s.location
FROM unnest($1::cidr[]) AS k (network) JOIN subnets s ON s.network = k.network
ORDER BY s.network`
)

// Bounds on the systems that one mention brings in.
const (
	maxPerName     = 5
	maxPerNetwork  = 20
	shownAddresses = 4
)

// hit is a system that was found by the nth key, counted from 1. addresses are those it was found by or,
// when it was not found by address, those that are shown.
type hit struct {
	nth       int
	id        string
	system    System
	addresses []string
}

func queryHits(ctx context.Context, tx postgres.Tx, sql string, args ...any) ([]hit, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	hits, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (hit, error) {
		var h hit
		err := row.Scan(&h.nth, &h.id, &h.system.Hostname, &h.system.Role, &h.system.Client, &h.system.Location, &h.addresses)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the systems: %w", err)
	}
	return hits, nil
}

func hitsByKey(ctx context.Context, tx postgres.Tx, column string, keys []string) ([]hit, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return queryHits(ctx, tx, fmt.Sprintf(byKey, column), keys, maxPerName, shownAddresses)
}

// firstAndLast are the ends of a network.
func firstAndLast(network netip.Prefix) (first, last netip.Addr) {
	const highest = 0x80 // bit of a byte
	octets := network.Addr().AsSlice()
	for bit := network.Bits(); bit < network.Addr().BitLen(); bit++ {
		octets[bit/8] |= highest >> (bit % 8) //nolint:mnd // bits in a byte
	}
	last, _ = netip.AddrFromSlice(octets)
	return network.Addr(), last
}

// enclosing are the networks that addr with a prefix of at most bits may lie in: what containment comes down to
// when only equality can be looked up.
func enclosing(addr netip.Addr, bits int) []netip.Prefix {
	all := make([]netip.Prefix, 0, bits)
	for n := 1; n <= bits; n++ {
		all = append(all, netip.PrefixFrom(addr, n).Masked())
	}
	return all
}

// subnet is a known network.
type subnet struct {
	Subnet

	network netip.Prefix
}

func querySubnets(ctx context.Context, tx postgres.Tx, networks []netip.Prefix) ([]subnet, error) {
	rows, err := tx.Query(ctx, bySubnet, networks)
	if err != nil {
		return nil, fmt.Errorf("query the networks: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (subnet, error) {
		var s subnet
		err := row.Scan(&s.network, &s.Name, &s.Role, &s.Client, &s.Location)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the networks: %w", err)
	}
	return found, nil
}
