package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const (
	// gatewayRoute is where the gateway takes webhooks.
	gatewayRoute = "/webhook/servicedesk"
	// gatewayTimeout is a sender's patience.
	gatewayTimeout = 15 * time.Second
	// gatewayAnswer is how much of the gateway's answer is read, in bytes.
	gatewayAnswer = 64 << 10
)

func (s *Server) webhookRoutes() {
	register(s, operation{
		id: "test-webhook", method: http.MethodPost, path: pathTenant + "/test-webhook", needs: permission(access.WebhooksTest),
		status: http.StatusAccepted, summary: "Send a webhook as the tenant's ServiceDesk Plus would",
		detail: "It is signed with the tenant's current secret and sent to the gateway, which makes a job of it. The ticket has to exist.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict, http.StatusBadGateway),
	}, s.testWebhook)
}

type testWebhook struct {
	TenantPath

	Body adminapi.TestWebhook
}

type webhookAnswer struct {
	Body adminapi.AcceptedWebhook
}

func (s *Server) testWebhook(ctx context.Context, in *testWebhook) (*webhookAnswer, error) {
	if err := s.isEnabled(ctx, in.TenantID); err != nil {
		return nil, err
	}
	found, credentials, err := s.tenants.Get(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	entry := s.event(ctx, audit.OperationWebhookTest, audit.StatusOK, in.TenantID, in.Body.TicketID, nil)
	if err := s.announce(ctx, entry); err != nil {
		return nil, err
	}
	accepted, err := s.sendWebhook(ctx, found, in.Body, credentials.SigningSecret)
	if err != nil {
		entry.Status = audit.StatusFailed
		s.conclude(ctx, entry)
		return nil, err
	}
	return &webhookAnswer{Body: accepted}, nil
}

// sendWebhook is the sender's side of the contract that docs/webhooks.md describes.
func (s *Server) sendWebhook(ctx context.Context, t tenant.Tenant, w adminapi.TestWebhook, secret tenant.Secret) (adminapi.AcceptedWebhook, error) {
	body, err := json.Marshal(map[string]string{
		"tenant_id": t.ID, "ticket_id": w.TicketID, "event": string(cmp.Or(w.Event, enhancement.EventCreated)), "subject": w.Subject,
		"description": w.Description, "priority": cmp.Or(w.Priority, "Medium"), "timestamp": s.now().UTC().Format(time.RFC3339),
	})
	if err != nil {
		return adminapi.AcceptedWebhook{}, fmt.Errorf("encode the webhook: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, gatewayTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.GatewayURL+gatewayRoute, bytes.NewReader(body))
	if err != nil {
		return adminapi.AcceptedWebhook{}, fmt.Errorf("GATEWAY_URL cannot be used: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	webhook.Prove(req.Header, t.Preferences.Auth(), secret, body)
	req.Header.Set(adminapi.HeaderCorrelation, visiting(ctx).correlation)
	resp, err := s.gateway.Do(req)
	if err != nil {
		s.logger.WarnContext(ctx, "the gateway does not answer", "error", err)
		return adminapi.AcceptedWebhook{}, problem(http.StatusBadGateway, "the gateway does not answer: check that it runs, and GATEWAY_URL of the console")
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, gatewayAnswer))
	if err != nil {
		return adminapi.AcceptedWebhook{}, problem(http.StatusBadGateway, "the gateway's answer did not arrive in full")
	}
	return readAcceptance(resp.StatusCode, answer)
}

// readAcceptance passes on what the gateway says of a webhook that it does not take: 409 when it is up to the tenant or
// the webhook, 502 when it is up to the gateway.
func readAcceptance(status int, answer []byte) (adminapi.AcceptedWebhook, error) {
	if status == http.StatusAccepted {
		var accepted adminapi.AcceptedWebhook
		if err := json.Unmarshal(answer, &accepted); err != nil {
			return adminapi.AcceptedWebhook{}, problem(http.StatusBadGateway, "the gateway's answer cannot be read: check GATEWAY_URL of the console")
		}
		return accepted, nil
	}
	if status >= http.StatusMultipleChoices && status < http.StatusBadRequest {
		return adminapi.AcceptedWebhook{}, problem(http.StatusBadGateway,
			"the gateway redirects, which is not followed with a webhook: check GATEWAY_URL of the console")
	}
	var refusal struct {
		Detail string               `json:"detail"`
		Errors []webhook.FieldError `json:"errors"`
	}
	if err := json.Unmarshal(answer, &refusal); err != nil {
		refusal.Detail = "no reason given"
	}
	code := http.StatusConflict
	if status >= http.StatusInternalServerError || status == http.StatusNotFound {
		code = http.StatusBadGateway
	}
	p := problem(code, fmt.Sprintf("the gateway refused the webhook with status %d: %s", status, refusal.Detail))
	for _, e := range refusal.Errors {
		p.Errors = append(p.Errors, FieldProblem{Location: "body." + e.Field, Message: e.Problem})
	}
	return adminapi.AcceptedWebhook{}, p
}
