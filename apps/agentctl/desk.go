package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/outbound"
)

// listTimeout is the patience with one page of a list: longer than that of the enhancer, whose calls are small.
const listTimeout = 30 * time.Second

// desks are the tenants' as the mirror sees them.
type desks struct{ clients *desk.Desks }

// Mirrored implements mirror.Desks.
func (d desks) Mirrored(ctx context.Context, tenantID string) (mirror.Desk, error) {
	client, _, err := d.clients.Client(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return client, nil
}

// openMirror makes the importer of records from ServiceDesk Plus.
func openMirror(b *backend) importer {
	// The error of a refused address does not name it; the operator at the terminal may know.
	guard := outbound.New(b.cfg.Outbound, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	clients := desk.New(b.tenants, guard, listTimeout, slog.New(slog.DiscardHandler))
	return mirror.New(b.db, desks{clients}, mirror.Config{
		ResolvedStatuses: b.cfg.ResolvedStatuses, CloudCalls: b.cfg.CloudCalls, OnPremCalls: b.cfg.OnPremCalls,
	})
}
