// Package reach owns the question whether what a tenant depends on can be reached with its settings: its ServiceDesk Plus,
// its knowledge base, the language model; and what to do about it when not.
package reach

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Timeout is the patience with each of them.
const Timeout = 10 * time.Second

// Tenants gives a tenant of whatever status, with its credentials.
type Tenants interface {
	GetAny(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error)
}

// Desk is a tenant's ServiceDesk Plus, as far as it is asked.
type Desk interface {
	ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error)
}

// Config is what a Tester asks with.
type Config struct {
	Tenants Tenants
	// Desk makes the client of the tenant.
	Desk func(t tenant.Tenant, c tenant.Credentials) (Desk, error)
	// Transport reaches what the URLs of tenants may lead to.
	Transport http.RoundTripper
	// LLM is nil when no model is configured.
	LLM synthesis.LLM
	// LLMFallback is nil without one.
	LLMFallback synthesis.LLM
	// Timeout is for tests; Timeout's constant when 0.
	Timeout time.Duration
}

// Tester tries. It may be used concurrently.
type Tester struct{ cfg Config }

// New makes a Tester.
func New(cfg Config) *Tester {
	if cfg.Timeout == 0 {
		cfg.Timeout = Timeout
	}
	return &Tester{cfg: cfg}
}

// Test tries all of them at once. An error says that the tenant itself could not be had: tenant.ErrNotFound.
func (t *Tester) Test(ctx context.Context, tenantID string) (adminapi.ConnectionTest, error) {
	found, credentials, err := t.cfg.Tenants.GetAny(ctx, tenantID)
	if err != nil {
		return adminapi.ConnectionTest{}, err
	}
	var (
		result adminapi.ConnectionTest
		wg     sync.WaitGroup
	)
	for _, probe := range []struct {
		into *adminapi.Probe
		do   func(ctx context.Context) error
		// explain reads what is particular to the one that was asked.
		explain func(error) string
	}{
		{&result.ServiceDesk, func(ctx context.Context) error { return t.desk(ctx, found, credentials) }, explainDesk},
		{&result.Knowledge, func(ctx context.Context) error { return t.knowledge(ctx, found, credentials) }, explainKnowledge},
		{&result.LLM, asking(t.cfg.LLM), explainModel("llm-api-key", "LLM_MODEL", "LLM_BASE_URL")},
		{
			&result.LLMFallback, asking(t.cfg.LLMFallback),
			explainModel("llm-fallback-api-key", "LLM_FALLBACK_MODEL", "LLM_FALLBACK_BASE_URL"),
		},
	} {
		wg.Go(func() { *probe.into = t.try(ctx, probe.do, probe.explain) })
	}
	wg.Wait()
	return result, nil
}

// errNotConfigured says that there is nothing to reach.
var errNotConfigured = errors.New("not configured")

func (t *Tester) try(ctx context.Context, do func(context.Context) error, explain func(error) string) adminapi.Probe {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	err := do(bounded)
	probe := adminapi.Probe{Outcome: adminapi.ProbeOK, TookMS: time.Since(began).Milliseconds()}
	switch {
	case errors.Is(err, errNotConfigured):
		probe.Outcome = adminapi.ProbeNotConfigured
	case err != nil:
		probe.Outcome, probe.Detail = adminapi.ProbeFailed, advice(err, t.cfg.Timeout, explain)
	}
	return probe
}

// errUnusable says that no client can be made of the tenant's settings.
var errUnusable = errors.New("the settings or the key cannot be used")

// desk reads the list of tickets, one entry of it: that takes a key that is accepted and may read tickets.
func (t *Tester) desk(ctx context.Context, found tenant.Tenant, credentials tenant.Credentials) error {
	client, err := t.cfg.Desk(found, credentials)
	if err != nil {
		return errors.Join(errUnusable, err)
	}
	_, err = client.ListRequests(ctx, servicedesk.ListQuery{RowCount: 1})
	return err
}

func (t *Tester) knowledge(ctx context.Context, found tenant.Tenant, credentials tenant.Credentials) error {
	if found.KnowledgeURL == "" {
		return errNotConfigured
	}
	return knowledge.Probe(ctx,
		knowledge.Endpoint{BaseURL: found.KnowledgeURL, APIKey: credentials.KnowledgeAPIKey.Reveal()},
		knowledge.Options{Transport: t.cfg.Transport, Timeout: t.cfg.Timeout})
}

// asking asks a model for next to nothing. An answer that is of no use is an answer: the model was reached.
func asking(llm synthesis.LLM) func(context.Context) error {
	return func(ctx context.Context) error {
		if llm == nil {
			return errNotConfigured
		}
		const fewTokens = 16
		_, err := llm.Complete(ctx, synthesis.Prompt{
			System: "Answer with an empty JSON object.", User: "{}", MaxTokens: fewTokens,
		})
		if errors.Is(err, synthesis.ErrNoAnswer) || errors.Is(err, synthesis.ErrRefused) {
			return nil
		}
		return err
	}
}
