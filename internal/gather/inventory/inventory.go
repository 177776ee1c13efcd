// Package inventory owns the context source "systems": which of a tenant's systems a ticket mentions by
// address, host name, asset tag or network, and the inventory that they are looked up in.
package inventory

import (
	"context"
	"fmt"
	"slices"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// MaxSystems is how many systems one answer names at most. Several may share an address.
const MaxSystems = 50

// How sure it is that the ticket means a system, as an item's relevance.
const (
	relevanceNamed     = 1   // by address, by host name with domain, by asset tag
	relevanceShortName = 0.9 // by host name without domain
	relevanceAmbiguous = 0.8 // the same, and others are called so, too
	relevanceInside    = 0.7 // it lies in a network that the ticket names
	relevanceNetwork   = 0.6 // no system but a network, which the ticket names
	relevanceUnknown   = 0.5 // a network that an unknown address or a named network lies in
)

// Tenants runs fn in a transaction that sees nothing but the tenant's rows.
type Tenants interface {
	InTenant(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error
}

// Source finds systems by what a ticket says.
type Source struct {
	db Tenants
}

var _ gather.Source = (*Source)(nil)

// New makes a Source that reads the tables systems, system_addresses and subnets.
func New(db Tenants) *Source { return &Source{db: db} }

// Kind is gather.KindSystem.
func (s *Source) Kind() gather.Kind { return gather.KindSystem }

// Find looks up the addresses, host names, asset tags and networks of the ticket, and gives at most
// MaxSystems items, the surest first and then in the order of the ticket:
//
//   - a system that it mentions, once. Its ID is the host name, with "@" and the address if it was found by
//     that; Title is the host name; Address is what the ticket mentions or else up to four of the addresses
//     that are known; Text says why it is there unless the address does ("named as db01").
//   - a network that the ticket mentions, or that an address lies in which no system has. ID is the network,
//     Title its name with it, and Text says what lies in it; Address is empty.
//
// Errors may pass.
func (s *Source) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	asked := newQuestion(q.Ticket.Text())
	if asked.isEmpty() {
		return gather.Result{}, nil
	}
	var answer answer
	err := s.db.InTenant(ctx, q.TenantID, func(tx postgres.Tx) error {
		return answer.collect(ctx, tx, asked)
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("look up %d addresses, %d names and %d networks in the inventory: %w",
			len(asked.addresses), len(asked.names), len(asked.networks), err)
	}
	return gather.Result{Items: answer.items()}, nil
}

// question is what a ticket mentions.
type question struct {
	addresses, networks []mention
	names               []name
}

func newQuestion(text string) question {
	addresses, networks := addressesAndNetworks(text)
	// Every system has the address of the loopback, so it names none.
	addresses = slices.DeleteFunc(addresses, func(m mention) bool { return m.addr.IsLoopback() })
	return question{addresses: addresses, networks: networks, names: names(text)}
}

func (q question) isEmpty() bool {
	return len(q.addresses) == 0 && len(q.networks) == 0 && len(q.names) == 0
}
