package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/apps/agentctl/tenantspace"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newTenantDeprovisionCommand() *cobra.Command {
	var (
		kubeContext          string
		timeout              time.Duration
		yes, deleteNamespace bool
	)
	cmd := &cobra.Command{
		Use: "deprovision TENANT", Short: "Move the tenant back to the shared enhancer, and remove its own", Args: cobra.ExactArgs(1),
		Long: `Move the tenant back to the shared enhancer, wait until its own has ended all jobs that it had begun, and remove that from the cluster. Nothing is removed while
a job runs there. The namespace stays, with the Secrets that were made in it, unless --delete-namespace is given.

What was interrupted, or took too long, is given again.`,
		Example: "  agentctl tenant deprovision alpha --delete-namespace",
		RunE: func(cmd *cobra.Command, args []string) error {
			space, client, subject, err := openSpace(cmd, args[0], kubeContext)
			if err != nil {
				return err
			}
			if !yes {
				if err := typed(cmd, removal(space, subject, deleteNamespace), args[0]); err != nil {
					return err
				}
			}
			if err := moveBack(cmd, client, space, timeout); err != nil {
				return err
			}
			if err := space.Uninstall(cmd.Context(), timeout); err != nil {
				return err
			}
			if !deleteNamespace {
				return say(cmd, "%s is removed. Its namespace %s is still there, with its Secrets. Take %s out of the platform's dedicatedTenants", space.Deployment(), space.Name(), args[0])
			}
			if err := space.RemoveNamespace(cmd.Context(), timeout); err != nil {
				return err
			}
			return say(cmd, "%s is removed, and so is its namespace. Take %s out of the platform's dedicatedTenants", space.Deployment(), args[0])
		},
	}
	clusterFlags(cmd, &kubeContext, &timeout)
	cmd.Flags().BoolVar(&deleteNamespace, "delete-namespace", false, "also the namespace, with all that is in it")
	cmd.Flags().BoolVar(&yes, "yes", false, "without asking")
	return cmd
}

func removal(space tenantspace.Space, subject adminapi.Tenant, namespaceToo bool) string {
	what := fmt.Sprintf("This moves %s, which is %s, to the shared enhancer and removes %s from the cluster", subject.Name, subject.Isolation, space.Deployment())
	if namespaceToo {
		what += ", with the namespace " + space.Name() + " and all its Secrets"
	}
	return what + "."
}

// longestLook bounds the time between two looks at what still runs: each is a line of the audit log.
const longestLook = 15 * time.Second

// moveBack moves the tenant to the shared enhancer and returns when nothing runs at its own any more.
func moveBack(cmd *cobra.Command, client *adminapi.Client, space tenantspace.Space, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for looks := 0; ; looks++ {
		moved, err := client.MoveTenant(cmd.Context(), space.Tenant, anyVersion, adminapi.MoveTenant{To: tenant.IsolationShared})
		if err != nil {
			return err
		}
		if looks == 0 {
			if err := sayMoved(cmd, moved); err != nil {
				return err
			}
		}
		if moved.Elsewhere == 0 {
			return say(cmd, "nothing of %s runs at %s any more", space.Tenant, space.Deployment())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s still runs at %s after %s, and nothing was removed: give this command again later. If that enhancer is gone for good: "+
				"`agentctl tenant move %s --to shared --take-over`", plural(int64(moved.Elsewhere), "job"), space.Deployment(), patience, space.Tenant)
		}
		if err := pause.For(cmd.Context(), pause.Doubled(lookEvery, longestLook, looks)); err != nil {
			return errors.Join(errInterrupted, err)
		}
	}
}
