package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Store keeps tenants' inventories.
type Store struct {
	db Tenants
}

// NewStore makes a Store over the tables systems, system_addresses and subnets.
func NewStore(db Tenants) *Store { return &Store{db: db} }

// Put adds systems to the tenant's inventory, all or none. One that is there is replaced, its addresses
// included, and one that says nothing new is not written. Those with the same id are one system with the
// addresses of all, so a file that has a line for each address has to be put as a whole; they must not
// contradict each other. A system from ServiceDesk Plus that is put from a file keeps its origin.
func (s *Store) Put(ctx context.Context, tenantID string, origin gather.Origin, systems []System) (gather.Change, error) {
	rows, err := mergeSystems(systems)
	if err != nil || len(rows) == 0 {
		return gather.Change{}, err
	}
	var change gather.Change
	err = s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		written, err := putSystems(ctx, tx, tenantID, origin, rows)
		if err != nil {
			return err
		}
		change, err = putAddresses(ctx, tx, tenantID, rows, written)
		return err
	})
	if err != nil {
		return gather.Change{}, fmt.Errorf("put %d systems of tenant %s: %w", len(rows), tenantID, err)
	}
	return change, nil
}

// Delete removes the systems with these ids that came from origin, and says how many there were.
func (s *Store) Delete(ctx context.Context, tenantID string, origin gather.Origin, ids []string) (int, error) {
	var deleted int
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, `
			WITH gone AS MATERIALIZED ( -- locked in the order in which Put locks, or the two wait for each other
				SELECT system_id FROM systems WHERE system_id IN (SELECT unnest($1::text[])) AND origin = $2
				ORDER BY system_id FOR UPDATE
			)
			DELETE FROM systems WHERE system_id IN (SELECT system_id FROM gone)`, ids, string(origin))
		deleted = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete %d systems of tenant %s: %w", len(ids), tenantID, err)
	}
	return deleted, nil
}

// IDs are the ids of the systems from origin, sorted by their bytes, that come after `after`, at most limit.
func (s *Store) IDs(ctx context.Context, tenantID string, origin gather.Origin, after string, limit int) ([]string, error) {
	var ids []string
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT system_id FROM systems WHERE system_id > $1 AND origin = $2 ORDER BY system_id LIMIT $3`,
			after, string(origin), limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the systems of tenant %s: %w", tenantID, err)
	}
	return ids, nil
}

// merged is a system with the addresses of all that were put under its id.
type merged struct {
	System

	addresses map[netip.Addr]bool
}

// mostFaults is how many faults an error tells of; a file that is wrong all over has thousands.
const mostFaults = 20

// mergeSystems gives the systems in the order of their ids, which is also the order in which rows are
// locked: two that put the same systems at once must not wait for each other.
func mergeSystems(systems []System) ([]*merged, error) {
	byID := make(map[string]*merged, len(systems))
	var errs []error
	for i, s := range systems {
		if len(errs) == mostFaults {
			errs = append(errs, errors.New("and more"))
			break
		}
		if err := s.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("system %d %q: %w", i+1, s.normalized().ID, err))
			continue
		}
		s = s.normalized()
		known, ok := byID[s.ID]
		if !ok {
			known = &merged{System: s, addresses: map[netip.Addr]bool{}}
			byID[s.ID] = known
		}
		if err := known.take(s); err != nil {
			errs = append(errs, fmt.Errorf("system %d %q: %w", i+1, s.ID, err))
		}
	}
	rows := make([]*merged, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		rows = append(rows, byID[id])
	}
	return rows, errors.Join(errs...)
}

// take adds what s says to m.
func (m *merged) take(s System) error {
	addresses, err := s.addresses()
	for _, addr := range addresses {
		m.addresses[addr] = true
	}
	errs := []error{err}
	if !strings.EqualFold(m.Hostname, s.Hostname) {
		errs = append(errs, fmt.Errorf("hostname: is %q here and %q before; give two systems an id each", s.Hostname, m.Hostname))
	}
	for _, f := range []struct {
		name       string
		have, says *string
	}{
		{"asset_tag", &m.AssetTag, &s.AssetTag},
		{"role", &m.Role, &s.Role},
		{"client", &m.Client, &s.Client},
		{"location", &m.Location, &s.Location},
	} {
		switch {
		case *f.have == "":
			*f.have = *f.says
		case *f.says != "" && *f.says != *f.have:
			errs = append(errs, fmt.Errorf("%s: is %q here and %q before; make them equal, or give two systems an id each",
				f.name, *f.says, *f.have))
		}
	}
	return errors.Join(errs...)
}
