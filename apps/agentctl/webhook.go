package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// webhookTimeout is a sender's patience with the gateway.
const webhookTimeout = 15 * time.Second

// webhookFlags describe a webhook to send.
type webhookFlags struct {
	gateway, tenantID, event string
	ticket                   ticket.Ticket
}

func newWebhookCommand() *cobra.Command {
	var flags webhookFlags
	send := &cobra.Command{
		Use: "send", Short: "Sign a webhook with the tenant's secret and send it", Args: cobra.NoArgs,
		Example: `  agentctl webhook send --tenant example-clinic --ticket 20501 --subject "VPN drops" --description "192.0.2.10 does not answer"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := openBackend(cmd.Context())
			if err != nil {
				return err
			}
			defer b.close()
			answer, err := sendWebhook(cmd.Context(), b, flags)
			if err != nil {
				return err
			}
			return printJSON(cmd, answer)
		},
	}
	flags.bind(send)
	return group(&cobra.Command{Use: "webhook", Short: "Send webhooks as ServiceDesk Plus would"}, send)
}

func (f *webhookFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.gateway, "gateway", envOr("GATEWAY_URL", "http://127.0.0.1:8080"), "the gateway's address [GATEWAY_URL]")
	cmd.Flags().StringVar(&f.tenantID, "tenant", "", "tenant id")
	cmd.Flags().StringVar(&f.ticket.ID, "ticket", "", "id of a ticket that exists in the tenant's ServiceDesk Plus")
	cmd.Flags().StringVar(&f.event, "event", "created", "created or updated")
	cmd.Flags().StringVar(&f.ticket.Subject, "subject", "", "the ticket's subject")
	cmd.Flags().StringVar(&f.ticket.Description, "description", "", "the ticket's description")
	cmd.Flags().StringVar(&f.ticket.Priority, "priority", "Medium", "the ticket's priority")
	for _, name := range []string{"tenant", "ticket", "description"} {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that does not exist
	}
}

type acceptedWebhook struct {
	JobID  string `json:"job_id"`
	Status string `json:"status"`
}

func sendWebhook(ctx context.Context, b *backend, f webhookFlags) (acceptedWebhook, error) {
	_, credentials, err := b.tenants.Get(ctx, f.tenantID)
	if err != nil {
		return acceptedWebhook{}, err
	}
	body, err := json.Marshal(map[string]string{
		"tenant_id": f.tenantID, "ticket_id": f.ticket.ID, "event": f.event, "subject": f.ticket.Subject,
		"description": f.ticket.Description, "priority": f.ticket.Priority, "timestamp": time.Now().UTC().Format(time.RFC3339),
	})
	if err != nil {
		return acceptedWebhook{}, fmt.Errorf("encode the webhook: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.gateway+"/webhook/servicedesk", bytes.NewReader(body))
	if err != nil {
		return acceptedWebhook{}, fmt.Errorf("the gateway's address %q cannot be used: %w", f.gateway, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.SignatureHeader, webhook.Sign(credentials.SigningSecret.Reveal(), body))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return acceptedWebhook{}, fmt.Errorf("the gateway does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return acceptedWebhook{}, fmt.Errorf("read the gateway's answer: %w", err)
	}
	if resp.StatusCode != http.StatusAccepted {
		return acceptedWebhook{}, fmt.Errorf("the gateway refused the webhook with status %d: %s", resp.StatusCode, answer)
	}
	var taken acceptedWebhook
	if err := json.Unmarshal(answer, &taken); err != nil {
		return acceptedWebhook{}, fmt.Errorf("the gateway's answer %q cannot be read: %w", answer, err)
	}
	return taken, nil
}
