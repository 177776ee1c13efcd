package web

import (
	"fmt"
	"strings"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// setupPage is what to enter in a tenant's ServiceDesk Plus.
type setupPage struct {
	Tenant string
	Setup  adminapi.Setup
}

func (s *Site) showSetup(v *visit) error {
	setup, err := v.api.Setup(v.ctx, v.tenantID(), strings.TrimSpace(v.r.URL.Query().Get("gateway_url")))
	if err != nil {
		return fmt.Errorf("show what to enter in a tenant's ServiceDesk Plus: %w", err)
	}
	return s.show(v, "setup", "ServiceDesk Plus of "+v.tenantID(), setupPage{Tenant: v.tenantID(), Setup: setup})
}
