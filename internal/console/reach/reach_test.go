package reach_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/console/reach"
	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// one is the only tenant there is.
type one struct {
	t tenant.Tenant
	c tenant.Credentials
}

func (o one) GetAny(_ context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	if id != o.t.ID {
		return tenant.Tenant{}, tenant.Credentials{}, tenant.ErrNotFound
	}
	return o.t, o.c, nil
}

// tester tries base for all of it.
func tester(t *testing.T, base string, allowed ...string) *reach.Tester {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	var cfg outbound.Config
	for _, network := range allowed {
		cfg.AllowedNetworks = append(cfg.AllowedNetworks, netip.MustParsePrefix(network))
	}
	guard := outbound.New(cfg, logger)
	const patience = 500 * time.Millisecond
	model, err := openai.New(openai.Config{Server: openai.Server{BaseURL: strings.TrimSuffix(base, "/") + "/v1", Model: "m", APIKey: "canary-llm-key"}, MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return reach.New(reach.Config{
		Tenants: one{
			tenant.Tenant{ID: "alpha", ServiceDeskURL: base + "/api/v3", Profile: tenant.ProfileOnPrem, KnowledgeURL: base},
			tenant.Credentials{APIKey: "canary-desk-key", KnowledgeAPIKey: "canary-kb-key"},
		},
		Desk: func(found tenant.Tenant, c tenant.Credentials) (reach.Desk, error) {
			return desk.NewClient(found, c, guard, patience, telemetry.NewMetrics(), logger)
		},
		Transport: guard.Transport(), LLM: model, Timeout: patience,
	})
}

func answering(t *testing.T, status int, body string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestEachFailureComesWithAdvice(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	closed := answering(t, 200, "")
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	encrypted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	const local = "127.0.0.0/8"
	for name, c := range map[string]struct {
		base    string
		allowed []string
		says    [3]string // ServiceDesk Plus, knowledge base, model
	}{
		"wrong keys":         {answering(t, 401, `{}`), []string{local}, [3]string{"the key is not accepted", "check base URL and API key", "llm-api-key"}},
		"nothing of ours":    {answering(t, 404, `{}`), []string{local}, [3]string{"/api/v3", "check base URL", "LLM_MODEL"}},
		"broken servers":     {answering(t, 500, `{}`), []string{local}, [3]string{"status 500", "status 500", "status 500"}},
		"too many calls":     {answering(t, 429, `{}`), []string{local}, [3]string{"too many calls", "status 429", "too many requests"}},
		"refused by us":      {answering(t, 200, `{}`), nil, [3]string{"OUTBOUND_ALLOWED_NETWORKS", "OUTBOUND_ALLOWED_NETWORKS", ""}},
		"no answer":          {"http://" + silent.Addr().String(), []string{local}, [3]string{"no answer within", "no answer within", "no answer within"}},
		"nothing listens":    {strings.Replace(closed, "127.0.0.1", "127.0.0.9", 1), []string{local}, [3]string{"nothing listens", "nothing listens", "nothing listens"}},
		"an unknown host":    {"http://host.invalid", []string{local}, [3]string{"host.invalid", "host.invalid", "host.invalid"}},
		"another authority":  {encrypted.URL, []string{local}, [3]string{"certificate", "certificate", "certificate"}},
		"no TLS where it is": {"https" + strings.TrimPrefix(answering(t, 200, "{}"), "http"), []string{local}, [3]string{"TLS", "TLS", "TLS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tester(t, c.base, c.allowed...).Test(context.WithoutCancel(t.Context()), "alpha")
			if err != nil {
				t.Fatal(err)
			}
			for i, probe := range []adminapi.Probe{got.ServiceDesk, got.Knowledge, got.LLM} {
				if c.says[i] != "" && (probe.Outcome != adminapi.ProbeFailed || !strings.Contains(probe.Detail, c.says[i])) {
					t.Errorf("%d: %s %q", i, probe.Outcome, probe.Detail)
				}
				if strings.Contains(probe.Detail, "canary") || strings.Contains(probe.Detail, "127.0.0.") && name != "refused by us" {
					t.Errorf("it tells what is ours alone: %q", probe.Detail)
				}
			}
		})
	}
}

// listing answers as said.
type listing struct{ err error }

func (l listing) ListRequests(context.Context, servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	return servicedesk.RequestPage{}, l.err
}

type model struct{ err error }

func (m model) Complete(context.Context, synthesis.Prompt) (synthesis.Completion, error) {
	return synthesis.Completion{}, m.err
}

func TestWhatCanBeReached(t *testing.T) {
	test := func(found tenant.Tenant, d func() (reach.Desk, error), llm synthesis.LLM) adminapi.ConnectionTest {
		t.Helper()
		found.ID = "alpha"
		got, err := reach.New(reach.Config{
			Tenants: one{t: found}, LLM: llm, Transport: http.DefaultTransport,
			Desk: func(tenant.Tenant, tenant.Credentials) (reach.Desk, error) { return d() },
		}).Test(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := test(tenant.Tenant{}, func() (reach.Desk, error) { return listing{}, nil }, model{}); got.LLMFallback.Outcome != adminapi.ProbeNotConfigured {
		t.Errorf("there is no fallback: %+v", got.LLMFallback)
	}
	works := func() (reach.Desk, error) { return listing{}, nil }
	kb := answering(t, 200, `{"articles":[]}`)
	got := test(tenant.Tenant{KnowledgeURL: kb}, works, model{})
	if got.ServiceDesk.Outcome != adminapi.ProbeOK || got.Knowledge.Outcome != adminapi.ProbeOK || got.LLM.Outcome != adminapi.ProbeOK {
		t.Errorf("%+v", got)
	}
	for _, useless := range []error{synthesis.ErrNoAnswer, synthesis.ErrRefused} {
		if got := test(tenant.Tenant{}, works, model{useless}); got.LLM.Outcome != adminapi.ProbeOK {
			t.Errorf("a model that answers %v was reached: %+v", useless, got.LLM)
		}
	}
	got = test(tenant.Tenant{}, func() (reach.Desk, error) { return nil, errors.New("the OAuth grant is canary") }, nil)
	if got.Knowledge.Outcome != adminapi.ProbeNotConfigured || got.LLM.Outcome != adminapi.ProbeNotConfigured ||
		got.ServiceDesk.Outcome != adminapi.ProbeFailed || strings.Contains(got.ServiceDesk.Detail, "canary") {
		t.Errorf("%+v", got)
	}
	if _, err := reach.New(reach.Config{Tenants: one{}}).Test(t.Context(), "unknown"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
}

// A fallback is tried by itself: that the model before it works says nothing of it, and the other way around.
func TestTheFallbackIsTriedByItself(t *testing.T) {
	client := func(base string) synthesis.LLM {
		llm, err := openai.New(openai.Config{Server: openai.Server{BaseURL: base + "/v1", Model: "m", APIKey: "canary-llm-key"}, MaxAttempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		return llm
	}
	for status, says := range map[int]string{401: "llm-fallback-api-key", 404: "LLM_FALLBACK_MODEL", 400: "API version"} {
		got, err := reach.New(reach.Config{
			Tenants: one{t: tenant.Tenant{ID: "alpha"}}, LLM: model{}, LLMFallback: client(answering(t, status, `{}`)), Transport: http.DefaultTransport,
			Desk: func(tenant.Tenant, tenant.Credentials) (reach.Desk, error) { return listing{}, nil },
		}).Test(t.Context(), "alpha")
		if err != nil || got.LLM.Outcome != adminapi.ProbeOK || got.LLMFallback.Outcome != adminapi.ProbeFailed || !strings.Contains(got.LLMFallback.Detail, says) {
			t.Errorf("%d: %+v, %v", status, got, err)
		}
	}
}
