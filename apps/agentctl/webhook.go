package main

import (
	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// webhookFlags describe a webhook to send.
type webhookFlags struct {
	tenantID string
	webhook  adminapi.TestWebhook
}

func newWebhookCommand() *cobra.Command {
	var flags webhookFlags
	send := &cobra.Command{
		Use: "send", Short: "Have a webhook signed with the tenant's secret and sent", Args: cobra.NoArgs,
		Long:    "Have the console sign a webhook with the tenant's secret, which does not leave it, and send it to the gateway.",
		Example: `  agentctl webhook send --tenant example-clinic --ticket 20501 --subject "VPN drops" --description "192.0.2.10 does not answer"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			answer, err := client.SendTestWebhook(cmd.Context(), flags.tenantID, flags.webhook)
			if err != nil {
				return err
			}
			return printJSON(cmd, answer)
		},
	}
	flags.bind(send, "tenant", "ticket", "description")
	return group(&cobra.Command{Use: "webhook", Short: "Send webhooks as ServiceDesk Plus would"}, send)
}

func (f *webhookFlags) bind(cmd *cobra.Command, required ...string) {
	flags := cmd.Flags()
	flags.StringVar(&f.tenantID, "tenant", "", "tenant id")
	flags.StringVar(&f.webhook.TicketID, "ticket", "", "id of a ticket that exists in the tenant's ServiceDesk Plus")
	flags.StringVar((*string)(&f.webhook.Event), "event", string(enhancement.EventCreated), "created or updated")
	flags.StringVar(&f.webhook.Subject, "subject", "", "the ticket's subject")
	flags.StringVar(&f.webhook.Description, "description", "", "the ticket's description")
	flags.StringVar(&f.webhook.Priority, "priority", "Medium", "the ticket's priority")
	for _, name := range required {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that does not exist
	}
}
