package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

func newTenantCommand() *cobra.Command {
	return group(&cobra.Command{Use: "tenant", Short: "Create, change, test and delete tenants"},
		newTenantWriteCommand("create", "Create a tenant", (*applying).create),
		newTenantWriteCommand("apply", "Create a tenant, or bring it to what the file says", (*applying).apply),
		newTenantListCommand(), newTenantShowCommand(), newTenantTestCommand(),
		newTenantStatusCommand("disable", "Refuse the tenant's webhooks; its data stays", (*adminapi.Client).DisableTenant),
		newTenantStatusCommand("enable", "Accept the tenant's webhooks again", (*adminapi.Client).EnableTenant),
		newTenantDeleteCommand(), newTenantStatusCommand("restore", "Take a deletion back; the tenant is disabled then", (*adminapi.Client).RestoreTenant),
		newTenantPurgeCommand(), newRotateSecretCommand(), newSetAPIKeyCommand(), newSetKnowledgeKeyCommand(),
		newTenantPrefsCommand(), newTenantMoveCommand(), newTenantProvisionCommand(), newTenantDeprovisionCommand())
}

func newTenantListCommand() *cobra.Command {
	var (
		status string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List the tenants", Args: cobra.NoArgs,
		Example: "  agentctl tenant list\n  agentctl tenant list --status disabled --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			t := newTable(cmd, asJSON, "TENANT", "STATUS", "ISOLATION", "EDITION", "KNOWLEDGE BASE", "CHANGED", "NAME")
			for tenant, err := range client.Tenants(cmd.Context(), adminapi.TenantStatus(status)) {
				if err != nil {
					return t.close(err)
				}
				knowledge := "none"
				if tenant.KnowledgeURL != "" {
					knowledge = "yes"
				}
				t.row(tenant, tenant.TenantID, tenant.Status, tenant.Isolation, tenant.Profile, knowledge, shown(tenant.UpdatedAt), tenant.Name)
			}
			return t.close(nil)
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only those that are enabled, disabled or deleted")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

func newTenantShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show TENANT", Short: "Show a tenant in JSON, without its secrets", Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant show example-clinic",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			tenant, err := client.Tenant(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return printJSON(cmd, tenant)
		},
	}
}

// anyVersion is for changes that are right whatever else was changed meanwhile.
const anyVersion = ""

// newTenantStatusCommand makes a command that moves a tenant from one state to another.
func newTenantStatusCommand(
	name, short string, change func(*adminapi.Client, context.Context, string, string) (adminapi.Tenant, error),
) *cobra.Command {
	return &cobra.Command{
		Use: name + " TENANT", Short: short, Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant " + name + " example-clinic",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			changed, err := change(client, cmd.Context(), args[0], anyVersion)
			if err != nil {
				return err
			}
			return say(cmd, "tenant %s is %s", changed.TenantID, changed.Status)
		},
	}
}

// openTenant makes a client and looks at the tenant that is to be changed, as it is now.
func openTenant(cmd *cobra.Command, id string) (*adminapi.Client, adminapi.Tenant, error) {
	client, err := openConsole(cmd)
	if err != nil {
		return nil, adminapi.Tenant{}, err
	}
	tenant, err := client.Tenant(cmd.Context(), id)
	return client, tenant, err
}

var errProbeFailed = errors.New("not everything that the tenant depends on can be reached")

func newTenantTestCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "test TENANT", Short: "Try whether the tenant's systems can be reached with its credentials", Args: cobra.ExactArgs(1),
		Long: "Try ServiceDesk Plus and the knowledge base with the tenant's credentials, and the language model. Nothing is\n" +
			"written there. Exit status 1 when one of them fails.",
		Example: "  agentctl tenant test example-clinic\n  agentctl tenant test example-clinic --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			result, err := client.TestConnections(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			probes := probesOf(result)
			if asJSON {
				if err := printJSON(cmd, result); err != nil {
					return err
				}
				return probeFailure(probes)
			}
			return showProbes(cmd, probes)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// namedProbe is one test, by the name that people know what is tested by.
type namedProbe struct {
	name  string
	probe adminapi.Probe
}

func probesOf(result adminapi.ConnectionTest) []namedProbe {
	return []namedProbe{
		{"ServiceDesk Plus", result.ServiceDesk},
		{"knowledge base", result.Knowledge},
		{"language model", result.LLM},
		{"fallback model", result.LLMFallback},
	}
}

func probeFailure(probes []namedProbe) error {
	for _, p := range probes {
		if p.probe.Outcome == adminapi.ProbeFailed {
			return errProbeFailed
		}
	}
	return nil
}

func showProbes(cmd *cobra.Command, probes []namedProbe) error {
	t := newTable(cmd, false)
	for _, p := range probes {
		took := fmt.Sprintf("%d ms", p.probe.TookMS)
		if p.probe.Outcome == adminapi.ProbeNotConfigured {
			took = ""
		}
		t.line(p.name, p.probe.Outcome, took, p.probe.Detail)
	}
	return t.close(probeFailure(probes))
}
