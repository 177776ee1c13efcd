package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// System is one address of a system in a tenant's inventory.
type System struct {
	Hostname string `json:"hostname"`
	Address  string `json:"address"` // IPv4 or IPv6
	Role     string `json:"role"`
	Client   string `json:"client"`
	Location string `json:"location"`
}

// Validate names what is missing or wrong.
func (s System) Validate() error {
	var errs []error
	if s.Hostname == "" {
		errs = append(errs, errors.New("hostname: is missing"))
	}
	if addr, err := netip.ParseAddr(s.Address); err != nil || addr.Zone() != "" {
		errs = append(errs, fmt.Errorf("address: %q is no IPv4 or IPv6 address", s.Address))
	}
	return errors.Join(errs...)
}

// Put adds systems to the tenant's inventory, all or none; one that is there is replaced.
func Put(ctx context.Context, db *postgres.DB, tenantID string, systems []System) error {
	batch := &pgx.Batch{}
	for _, s := range systems {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("system %q: %w", s.Hostname, err)
		}
		batch.Queue(`
			INSERT INTO systems (tenant_id, hostname, address, role, client, location)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (tenant_id, address, hostname) DO UPDATE SET
				role = excluded.role, client = excluded.client, location = excluded.location`,
			tenantID, s.Hostname, netip.MustParseAddr(s.Address).Unmap(), s.Role, s.Client, s.Location)
	}
	err := db.InTenant(ctx, tenantID, func(tx postgres.Tx) error { return tx.SendBatch(ctx, batch).Close() })
	if err != nil {
		return fmt.Errorf("import systems of tenant %s: %w", tenantID, err)
	}
	return nil
}
