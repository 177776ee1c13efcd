package main

import (
	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

func newReindexCommand() *cobra.Command {
	var (
		tenantID string
		in       adminapi.Reindex
	)
	cmd := &cobra.Command{
		Use: "reindex", Short: "Bring a tenant's search index up to date, or make it anew", Args: cobra.NoArgs,
		Long: `Bring a tenant's search index up to date. The enhancer does so by itself every few minutes.

With --rebuild the index is dropped and made anew, for one that is damaged; meanwhile searches find what is
already indexed.`,
		Example: "  agentctl reindex --tenant example-clinic --rebuild",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			done, err := client.Reindex(cmd.Context(), tenantID, in)
			if err != nil {
				return err
			}
			return say(cmd, "%d tickets indexed\n%d articles indexed", done.Tickets, done.Articles)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().BoolVar(&in.Rebuild, "rebuild", false, "drop the index first")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}
