package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

const (
	// completionPatience is how long a shell waits for the tenants: nobody wants to wait for a key.
	completionPatience = 2 * time.Second
	// completions is how many tenants are offered.
	completions = 200
)

// completeTenants has the shell complete ids of tenants wherever a command takes one, so that no command can forget it.
func completeTenants(cmd *cobra.Command) {
	for _, name := range []string{flagTenant, flagOtherTenant} {
		if cmd.LocalFlags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, tenantIDs) // fails only for a flag that does not exist
		}
	}
	if words := strings.Fields(cmd.Use); len(words) > 1 && words[1] == "TENANT" {
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return tenantIDs(cmd, args, begun)
		}
	}
	for _, below := range cmd.Commands() {
		completeTenants(below)
	}
}

// Flags that name a tenant.
const (
	flagTenant      = "tenant"
	flagOtherTenant = "other-tenant"
)

// tenantIDs are the tenants that the operator's token may see. Without a console there are none: a shell that completes is no
// place for errors.
func tenantIDs(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const nothingElse = cobra.ShellCompDirectiveNoFileComp
	client, err := openConsole(cmd)
	if err != nil {
		return nil, nothingElse
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	var found []cobra.Completion
	for t, err := range client.Tenants(ctx, adminapi.TenantStatus("")) {
		if err != nil || len(found) == completions {
			break
		}
		if strings.HasPrefix(t.TenantID, begun) {
			found = append(found, cobra.CompletionWithDesc(t.TenantID, plain(t.Name)))
		}
	}
	return found, nothingElse
}
