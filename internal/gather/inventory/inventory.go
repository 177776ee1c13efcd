// Package inventory owns the context source "systems": which of a tenant's systems stand behind the
// IP addresses that a ticket mentions.
package inventory

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// MaxSystems is how many systems one answer names at most. Several may share an address.
const MaxSystems = 50

// Tenants runs fn in a transaction that sees nothing but the tenant's rows.
type Tenants interface {
	InTenant(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error
}

// Source finds systems by address.
type Source struct {
	db Tenants
}

var _ gather.Source = (*Source)(nil)

// New makes a Source that reads the table systems.
func New(db Tenants) *Source { return &Source{db: db} }

// Kind is gather.KindSystem.
func (s *Source) Kind() gather.Kind { return gather.KindSystem }

// Find looks up the ticket's addresses. The systems come in the order in which the ticket mentions
// their addresses, by host name where several share one, at most MaxSystems, each of relevance 1:
// the ticket names it. An item's ID is host name and address joined by "@". Errors may pass.
func (s *Source) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	addresses := Addresses(q.Ticket.Text())
	if len(addresses) == 0 {
		return gather.Result{}, nil
	}
	const lookup = `
		SELECT hostname, host(address), role, client, location
		FROM systems
		WHERE address = ANY ($1::inet[])
		ORDER BY array_position($1::inet[], address), hostname
		LIMIT $2`
	var items []gather.Item
	err := s.db.InTenant(ctx, q.TenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, lookup, addresses, MaxSystems)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		items, err = pgx.CollectRows(rows, scanSystem)
		if err != nil {
			return fmt.Errorf("read the rows: %w", err)
		}
		return nil
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("look up %d addresses in the inventory: %w", len(addresses), err)
	}
	return gather.Result{Items: items}, nil
}

func scanSystem(row pgx.CollectableRow) (gather.Item, error) {
	item := gather.Item{Kind: gather.KindSystem, Relevance: 1}
	if err := row.Scan(&item.Title, &item.Address, &item.Role, &item.Client, &item.Location); err != nil {
		return gather.Item{}, fmt.Errorf("scan a system: %w", err)
	}
	item.ID = item.Title + "@" + item.Address
	return item, nil
}
