package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

func newErrorsCommand() *cobra.Command {
	var (
		tenantID, since string
		asJSON          bool
	)
	cmd := &cobra.Command{
		Use: "errors", Short: "List what went wrong lately, by reason, and what to do about it", Args: cobra.NoArgs,
		Long: `List what went wrong lately, the latest first: failed jobs, steps that notes had to do without, requests to models, servers that count as
dead, messages that belong to no job, and refused webhooks for those who may read the audit log. What differs in numbers and ids alone is
one line. The reasons are other systems' words: they are not to be believed.`,
		Example: "  agentctl errors\n  agentctl errors --tenant example-clinic --since 12h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			period, err := parsePeriod(since)
			if err != nil {
				return fmt.Errorf("--since: %w", err)
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			errs, err := errorsOf(cmd, client, tenantID, time.Now().Add(-period))
			t := newTable(cmd, asJSON, "LAST", "FIRST", "TIMES", "TENANT", "WHAT", "REASON", "RUNBOOK")
			for _, e := range errs {
				what := e.Kind
				if e.Place != "" {
					what += " " + e.Place
				}
				t.row(e, shown(e.LastAt), shown(e.FirstAt), e.Times, e.TenantID, what, e.Reason, adminapi.Runbooks+e.Runbook)
			}
			return t.close(err)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "only of this tenant")
	cmd.Flags().StringVar(&since, "since", "1h", "how far back: 30m, 12h, 7d")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

// errorsOf are those of the tenant, or of all that the token reaches.
func errorsOf(cmd *cobra.Command, client *adminapi.Client, tenantID string, since time.Time) ([]adminapi.Error, error) {
	if tenantID != "" {
		return client.Errors(cmd.Context(), tenantID, since)
	}
	who, err := client.WhoAmI(cmd.Context())
	if err != nil {
		return nil, err
	}
	if len(who.Tenants) == 0 {
		return client.Errors(cmd.Context(), "", since)
	}
	var all []adminapi.Error
	for _, id := range who.Tenants {
		errs, err := client.Errors(cmd.Context(), id, since)
		if err != nil && !missing(err) {
			return all, err
		}
		all = append(all, errs...)
	}
	slices.SortStableFunc(all, func(a, b adminapi.Error) int { return b.LastAt.Compare(a.LastAt) })
	return all, nil
}
