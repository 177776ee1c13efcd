package inventory

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// answer is what was found for a question.
type answer struct {
	found []*finding
	byID  map[string]*finding
	// known are the addresses that systems were found by.
	known map[netip.Addr]bool
}

// finding is an item with what decides its place.
type finding struct {
	gather.Item

	at        int    // of the first mention in the text
	systemID  string // empty for a network
	addresses []string
}

func (a *answer) collect(ctx context.Context, tx postgres.Tx, asked question) error {
	*a = answer{byID: map[string]*finding{}, known: map[netip.Addr]bool{}}
	for _, step := range []func(context.Context, postgres.Tx, question) error{
		a.collectAddressed, a.collectNamed, a.collectInside, a.collectSubnets,
	} {
		if err := step(ctx, tx, asked); err != nil {
			return err
		}
	}
	return nil
}

// add takes in that h was found at an offset of the text. The surest reason counts; by an address, a system
// can be found several times.
func (a *answer) add(h hit, at int, relevance float64, reason string, byAddress bool) {
	f, known := a.byID[h.id]
	if !known {
		f = &finding{at: at, systemID: h.id, Item: gather.Item{
			Kind: gather.KindSystem, ID: h.system.Hostname, Title: h.system.Hostname, Relevance: relevance, Text: reason,
			Address: strings.Join(h.addresses, ", "),
			Role:    h.system.Role, Client: h.system.Client, Location: h.system.Location,
		}}
		a.byID[h.id] = f
		a.found = append(a.found, f)
	}
	f.at = min(f.at, at)
	if relevance > f.Relevance {
		f.Relevance, f.Text = relevance, reason
	}
	if byAddress && len(f.addresses) < shownAddresses && !slices.Contains(f.addresses, h.addresses[0]) {
		f.addresses = append(f.addresses, h.addresses[0])
		f.Address = strings.Join(f.addresses, ", ")
		f.ID = f.Title + "@" + f.addresses[0]
	}
}

func (a *answer) collectAddressed(ctx context.Context, tx postgres.Tx, asked question) error {
	if len(asked.addresses) == 0 {
		return nil
	}
	hits, err := queryHits(ctx, tx, byAddress, addrs(asked.addresses), MaxSystems)
	if err != nil {
		return fmt.Errorf("by address: %w", err)
	}
	for _, h := range hits {
		m := asked.addresses[h.nth-1]
		a.known[m.addr] = true
		a.add(h, m.at, relevanceNamed, "", true)
	}
	return nil
}

// collectInside finds the systems in the networks that the ticket names. Those that it mentions themselves are
// there already.
func (a *answer) collectInside(ctx context.Context, tx postgres.Tx, asked question) error {
	if len(asked.networks) == 0 {
		return nil
	}
	first, last := bounds(asked.networks)
	hits, err := queryHits(ctx, tx, byRange, first, last, maxPerNetwork)
	if err != nil {
		return fmt.Errorf("by network: %w", err)
	}
	mentioned := len(a.found)
	for _, h := range hits {
		m := asked.networks[h.nth-1]
		if f, known := a.byID[h.id]; known && slices.Contains(a.found[:mentioned], f) {
			continue
		}
		a.add(h, m.at, relevanceInside, "inside "+m.network.String(), true)
	}
	return nil
}

// items puts the findings in order. Different systems of one name and address get different ids; what differs
// in nothing that is shown, because it is in the inventory twice, is shown once.
func (a *answer) items() []gather.Item {
	slices.SortStableFunc(a.found, func(f, g *finding) int {
		return cmp.Or(cmp.Compare(g.Relevance, f.Relevance), cmp.Compare(f.at, g.at), strings.Compare(f.Title, g.Title),
			strings.Compare(f.systemID, g.systemID))
	})
	var items []gather.Item
	seen := map[string]gather.Item{}
	for _, f := range a.found {
		item := f.Item
		if same, ok := seen[item.ID]; ok {
			if same.Role == item.Role && same.Client == item.Client && same.Location == item.Location {
				continue
			}
			item.ID += " (" + f.systemID + ")"
		}
		seen[item.ID] = item
		if items = append(items, item); len(items) == MaxSystems {
			break
		}
	}
	return items
}
