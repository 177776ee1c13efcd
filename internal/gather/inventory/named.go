package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// keyed are names with the key that each is looked up by.
type keyed struct {
	names []name
	keys  []string
}

func (k *keyed) add(n name, key string) {
	k.names = append(k.names, n)
	k.keys = append(k.keys, key)
}

// collectNamed finds systems by host name and asset tag. A name without a domain finds host names with any
// domain; one with a domain finds the host name that is equal to it and, when the domain is the tenant's, the
// host name that is its label.
func (a *answer) collectNamed(ctx context.Context, tx postgres.Tx, asked question) error {
	var full, labels, short, tags keyed
	for _, n := range asked.names {
		switch {
		case n.domain() != "":
			full.add(n, n.host)
			labels.add(n, n.label())
		case n.host != "":
			short.add(n, n.host)
		}
		if n.tag != "" {
			tags.add(n, n.tag)
		}
	}
	if err := a.addNamed(ctx, tx, "tag_key", tags, relevanceNamed, "asset tag"); err != nil {
		return err
	}
	if err := a.addNamed(ctx, tx, "name_key", full, relevanceNamed, "named as"); err != nil {
		return err
	}
	labels, err := inOwnDomain(ctx, tx, labels)
	if err != nil {
		return err
	}
	if err := a.addNamed(ctx, tx, "name_key", labels, relevanceShortName, "named as"); err != nil {
		return err
	}
	return a.addNamed(ctx, tx, "short_key", short, relevanceShortName, "named as")
}

func (a *answer) addNamed(ctx context.Context, tx postgres.Tx, column string, asked keyed, relevance float64, how string) error {
	hits, err := hitsByKey(ctx, tx, column, asked.keys)
	if err != nil {
		return fmt.Errorf("by %s: %w", column, err)
	}
	// What is in the inventory twice, once from a file and once from elsewhere, is one system to the reader.
	called := map[int]map[System]bool{}
	for _, h := range hits {
		if called[h.nth] == nil {
			called[h.nth] = map[System]bool{}
		}
		called[h.nth][h.system] = true
	}
	for _, h := range hits {
		n := asked.names[h.nth-1]
		reason, sure := how+" "+n.text, relevance
		if len(called[h.nth]) > 1 && relevance < relevanceNamed {
			reason, sure = reason+", as others are", relevanceAmbiguous
		}
		a.add(h, n.at, sure, reason, false)
	}
	return nil
}

// inOwnDomain keeps the names whose label may be looked up without the domain. Where systems have domains,
// mail.example.org is not the host "mail" unless one of them is in example.org, but db01.example.org may
// be db01; and db01.log is a file.
func inOwnDomain(ctx context.Context, tx postgres.Tx, asked keyed) (keyed, error) {
	if len(asked.names) == 0 {
		return keyed{}, nil
	}
	domains := make([]string, len(asked.names))
	for i, n := range asked.names {
		domains[i] = n.domain()
	}
	rows, err := tx.Query(ctx, ownDomains, domains)
	if err != nil {
		return keyed{}, fmt.Errorf("query the domains: %w", err)
	}
	var (
		kept      keyed
		nth       int
		own, some bool
	)
	_, err = pgx.ForEachRow(rows, []any{&own, &some}, func() error {
		n := asked.names[nth]
		if own || isNetworkDomain(n.domain()) && (!some || !n.isWord()) {
			kept.add(n, asked.keys[nth])
		}
		nth++
		return nil
	})
	if err != nil {
		return keyed{}, fmt.Errorf("read the domains: %w", err)
	}
	return kept, nil
}

// isNetworkDomain tells example.com and local from the ending of a file.
func isNetworkDomain(domain string) bool {
	return strings.Contains(domain, ".") ||
		slices.Contains([]string{"local", "lan", "internal", "intern", "corp", "home", "localdomain"}, domain)
}
