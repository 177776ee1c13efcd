package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/importfile"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

var (
	// errRejected says that an import is done but for some records.
	errRejected = errors.New("not all records were imported")
	// errStopped says that an import was interrupted by the operator.
	errStopped = errors.New("the import was interrupted")
)

const importHelp = `Import what the sources search: from the tenant's ServiceDesk Plus, or with --file from a CSV or JSON Lines file.

Rows are upserted: what is there already is replaced where it differs, and counts as unchanged where it does not. So an
import that was interrupted is run again as it was; from ServiceDesk Plus it goes on where it stopped.

Exit status: 0 all imported; 4 imported but for some records, which are reported; 130 interrupted; 1 failed.
Formats, columns and the reject file: docs/operations.md, "Importing".`

func newImportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Import what the sources search, from ServiceDesk Plus or from files", Long: importHelp}
	return group(cmd,
		newImportKind(kindTickets(), importfile.Tickets(), (*adminapi.Client).PutTickets),
		newImportKind(kindArticles(), importfile.Articles(), (*adminapi.Client).PutArticles),
		newImportKind(kindAssets(), importfile.Systems(), (*adminapi.Client).PutSystems),
		newImportKind(kind{
			name: "subnets", short: "the networks of the inventory",
			columns: "network, name, role, client, location",
		}, importfile.Subnets(), (*adminapi.Client).PutSubnets))
}

func kindTickets() kind {
	return kind{
		name: "tickets", short: "past tickets", feed: mirror.FeedTickets, dated: true,
		columns: "ticket_id, subject, description, resolution, created_at, resolved_at, updated_at, url",
	}
}

func kindArticles() kind {
	return kind{
		name: "kb", alias: "articles", short: "articles of the knowledge base", feed: mirror.FeedArticles, dated: true,
		columns: "article_id, title, body, url, updated_at",
	}
}

func kindAssets() kind {
	return kind{
		name: "assets", alias: "systems", short: "the systems of the inventory", feed: mirror.FeedAssets,
		columns: "id, hostname, address, asset_tag, role, client, location",
	}
}

// kind is what one command imports.
type kind struct {
	name, alias, short, columns string
	// feed is what ServiceDesk Plus has of it; empty when it has none.
	feed mirror.Feed
	// dated: its records say when they changed.
	dated bool
}

// upload stores rows of a tenant through the console, all or none.
type upload[T importfile.Record] func(c *adminapi.Client, ctx context.Context, tenantID string, rows []T) (adminapi.Change, error)

func newImportKind[T importfile.Record](k kind, schema *importfile.Schema[T], put upload[T]) *cobra.Command {
	var flags importFlags
	cmd := &cobra.Command{
		Use: k.name, Short: "Import " + k.short, Args: cobra.NoArgs,
		Long: fmt.Sprintf("Import %s. Columns of a file: %s.\n\n%s", k.short, k.columns, importHelp),
		Example: fmt.Sprintf("  agentctl import %[1]s --tenant example-clinic --file %[1]s.csv --dry-run\n"+
			"  agentctl import %[1]s --tenant example-clinic --file %[1]s.jsonl.gz", k.name),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(cmd, k); err != nil {
				return err
			}
			if !flags.fromFile {
				return importFromDesk(cmd, k, &flags)
			}
			return importFromFile(cmd, k, &flags, schema, put)
		},
	}
	if k.alias != "" {
		cmd.Aliases = []string{k.alias}
	}
	if k.feed != "" {
		cmd.Example += fmt.Sprintf("\n  agentctl import %s --tenant example-clinic", k.name)
	}
	flags.bind(cmd, k)
	return cmd
}

// checkTenant ends an import of a tenant that is not there before anything is read. A token that may only import cannot
// look; then the first batch tells.
func checkTenant(ctx context.Context, client *adminapi.Client, tenantID string) error {
	_, err := client.Tenant(ctx, tenantID)
	switch adminapi.StatusOf(err) {
	case http.StatusForbidden:
		return nil
	case http.StatusNotFound:
		return fmt.Errorf("nothing was imported: %w (create it with `agentctl tenant apply`)", err)
	}
	if err != nil {
		return fmt.Errorf("nothing was imported: %w", err)
	}
	return nil
}

func changeOf(c adminapi.Change) gather.Change {
	return gather.Change{Added: c.Added, Changed: c.Changed, Unchanged: c.Unchanged}
}
