package main

import (
	"net/http"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newTenantMoveCommand() *cobra.Command {
	var (
		to       string
		takeOver bool
		yes      bool
	)
	cmd := &cobra.Command{
		Use: "move TENANT --to shared|dedicated", Short: "Have another enhancer work for the tenant", Args: cobra.ExactArgs(1),
		Long: `Have the enhancer that tenants share work for the tenant, or one of its own. What waits is begun there from then on, what is held too. What
runs is ended by who has begun it: leave that enhancer running until "agentctl tenant move" with the same --to says that nothing runs elsewhere.

Where no worker of that enhancer takes work, the tenant is moved only when that is confirmed: its jobs wait then.

--take-over is for an enhancer that is gone for good, with the state of its workflows: what it had begun is begun again. It is refused
while a worker of it is heard of.`,
		Example: "  agentctl tenant move alpha --to dedicated",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			in := adminapi.MoveTenant{To: tenant.Isolation(to), EvenWithoutWorkers: yes, TakeOver: takeOver}
			moved, err := client.MoveTenant(cmd.Context(), args[0], "", in)
			if adminapi.StatusOf(err) == http.StatusConflict && !yes && !takeOver {
				if err := typed(cmd, err.Error()+".", args[0]); err != nil {
					return err
				}
				in.EvenWithoutWorkers = true
				moved, err = client.MoveTenant(cmd.Context(), args[0], "", in)
			}
			if err != nil {
				return err
			}
			return sayMoved(cmd, moved)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "shared or dedicated")
	cmd.Flags().BoolVar(&takeOver, "take-over", false, "begin again what the other enhancer has begun, which is gone for good")
	cmd.Flags().BoolVar(&yes, "yes", false, "also when no worker of that enhancer takes work, without asking")
	if err := cmd.MarkFlagRequired("to"); err != nil {
		panic(err) // there is no such flag
	}
	return cmd
}

func sayMoved(cmd *cobra.Command, m adminapi.MovedTenant) error {
	did := "is moved from " + string(m.From) + " to " + string(m.Tenant.Isolation)
	if m.From == m.Tenant.Isolation {
		did = "is " + string(m.From) + " already"
	}
	if err := say(cmd, "%s %s. %s there, %d of them held; %d run there", m.Tenant.TenantID, did, waitingJobs(m.Waiting), m.Held, m.Running); err != nil {
		return err
	}
	if m.TakenOver > 0 {
		if err := say(cmd, "taken over: %s of the other enhancer, begun again here", plural(int64(m.TakenOver), "run")); err != nil {
			return err
		}
	}
	if m.Elsewhere > 0 {
		return say(cmd, "the other enhancer ends what it has begun: %s. Leave it running until then", plural(int64(m.Elsewhere), "job"))
	}
	return nil
}

func waitingJobs(n int) string {
	if n == 1 {
		return "1 job waits"
	}
	return plural(int64(n), "job") + " wait"
}
