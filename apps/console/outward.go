package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/console/reach"
	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// listTimeout is the patience with one page of a list of 100 records.
const listTimeout = 30 * time.Second

// gatewayDial is the patience with a connection to the gateway.
const gatewayDial = 10 * time.Second

// newOutward makes what calls other systems: the test of connections, and the import.
func newOutward(cfg config, db *postgres.DB, tenants *tenantstore.Store, secrets sidecar.Secrets, metrics *telemetry.Metrics, logger *slog.Logger,
) (*reach.Tester, *mirror.Mirror, error) {
	guard := outbound.New(cfg.Outbound, logger)
	model, fallback, err := newLLMs(cfg, secrets)
	if err != nil {
		return nil, nil, err
	}
	tester := reach.New(reach.Config{
		Tenants: tenants, Transport: guard.Transport(), LLM: model, LLMFallback: fallback,
		Desk: func(t tenant.Tenant, c tenant.Credentials) (reach.Desk, error) {
			return desk.NewClient(t, c, guard, reach.Timeout, metrics, logger)
		},
	})
	importer := mirror.New(db, mirrored{desk.New(tenants, guard, listTimeout, metrics, logger)}, mirror.Config{
		ResolvedStatuses: cfg.ResolvedStatuses, CloudCalls: cfg.CloudCalls, OnPremCalls: cfg.OnPremCalls, Logger: logger,
	})
	return tester, importer, nil
}

// newGatewayClient sends test webhooks, which carry a tenant's secret where that is how it proves itself: to GATEWAY_URL, and
// neither through a proxy nor to where a redirect leads.
func newGatewayClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: gatewayDial}).DialContext,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: gatewayDial,
			IdleConnTimeout:     time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// models are those that tenants may choose.
type models []string

// Offered implements console.Models.
func (m models) Offered() []string { return m }

// offered are the models that have a price, with those that are used where nobody chooses. Without a table, any may be asked for: then nobody
// has said which there are.
func offered(cfg config) models {
	if len(cfg.Prices) == 0 {
		return nil
	}
	names := slices.Collect(maps.Keys(cfg.Prices))
	for _, used := range []string{cfg.LLM.Model, cfg.LLMFallback.Model} {
		if used != "" {
			names = append(names, used)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// newLLMs are the model and its fallback, to be tried apart; nil for what is not configured.
func newLLMs(cfg config, secrets sidecar.Secrets) (model, fallback synthesis.LLM, err error) {
	first, other := cfg.LLM, cfg.LLMFallback
	first.APIKey, other.APIKey = secrets[sidecar.SecretLLMAPIKey], secrets[sidecar.SecretLLMFallbackAPIKey]
	if !first.Configured() {
		return nil, nil, nil
	}
	// What the enhancer would not start with is not started with here.
	if _, err := openai.Open(openai.Config{Server: first, Fallback: other}); err != nil {
		return nil, nil, fmt.Errorf("configure the language model: %w", err)
	}
	if model, err = openai.New(openai.Config{Server: first, MaxAttempts: 1}); err != nil {
		return nil, nil, fmt.Errorf("configure the language model: %w", err)
	}
	if other.Model == "" {
		return model, nil, nil
	}
	if fallback, err = openai.New(openai.Config{Server: other.Server(first), MaxAttempts: 1}); err != nil {
		return nil, nil, fmt.Errorf("configure the fallback of the language model: %w", err)
	}
	return model, fallback, nil
}

// mirrored are the desks as the mirror sees them.
type mirrored struct{ clients *desk.Desks }

// Mirrored implements mirror.Desks.
func (m mirrored) Mirrored(ctx context.Context, tenantID string) (mirror.Desk, error) {
	client, _, err := m.clients.Client(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return client, nil
}
