package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
)

func newReindexCommand() *cobra.Command {
	var (
		tenantID string
		rebuild  bool
	)
	cmd := &cobra.Command{
		Use: "reindex", Short: "Bring a tenant's search index up to date, or make it anew", Args: cobra.NoArgs,
		Long: `Bring a tenant's search index up to date. The enhancer does so by itself every few minutes.

With --rebuild the index is dropped and made anew, for one that is damaged; meanwhile searches find what is
already indexed.`,
		Example: "  agentctl reindex --tenant example-clinic --rebuild",
		RunE:    func(cmd *cobra.Command, _ []string) error { return reindex(cmd, tenantID, rebuild) },
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, "drop the index first")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}

func reindex(cmd *cobra.Command, tenantID string, rebuild bool) error {
	ctx := cmd.Context()
	b, err := openBackend(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	if _, _, err := b.tenants.Get(ctx, tenantID); err != nil {
		return fmt.Errorf("nothing was indexed: %w", err)
	}
	tickets, articles := history.NewStore(b.db), knowledge.NewStore(b.db)
	work := []struct {
		what string
		do   func(context.Context, string) (int, error)
	}{{"tickets", tickets.Reindex}, {"articles", articles.Reindex}}
	if rebuild {
		work[0].do, work[1].do = tickets.Rebuild, articles.Rebuild
	}
	for _, w := range work {
		n, err := w.do(ctx, tenantID)
		if err != nil {
			return err
		}
		cmd.Printf("%d %s indexed\n", n, w.what)
	}
	return nil
}
