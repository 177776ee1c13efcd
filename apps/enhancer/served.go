package main

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// servedTenants are those that this enhancer works for beside their tickets: the ones that are assigned to it at the moment.
type servedTenants struct {
	store    *tenantstore.Store
	enhancer string
}

// Enabled implements mirror.Tenants.
func (s servedTenants) Enabled(ctx context.Context) ([]string, error) {
	return s.store.EnabledOf(ctx, s.enhancer)
}

// shownPauses are those that the metrics name: of a tenant's own enhancer no other tenant's.
type shownPauses struct {
	store    *suspension.Store
	enhancer string
}

// Standing implements dispatch.Pauses.
func (p shownPauses) Standing(ctx context.Context) ([]suspension.Mark, error) {
	all, err := p.store.Standing(ctx)
	if p.enhancer == tenant.SharedEnhancer {
		return all, err
	}
	var own []suspension.Mark
	for _, mark := range all {
		if mark.TenantID == p.enhancer || mark.TenantID == suspension.Everybody {
			own = append(own, mark)
		}
	}
	return own, err
}
