package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/importfile"
	"github.com/ai-agents/ai-agents/internal/importfile/bulkload"
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
		newImportKind(kind{
			name: "tickets", short: "past tickets", feed: mirror.FeedTickets, dated: true, mostRows: history.MaxBatch,
			columns: "ticket_id, subject, description, resolution, created_at, resolved_at, updated_at, url",
		}, importfile.Tickets(), func(b *backend, tenantID string) bulkload.Put[history.PastTicket] {
			return into(tenantID, history.NewStore(b.db).Put)
		}),
		newImportKind(kind{
			name: "kb", alias: "articles", short: "articles of the knowledge base", feed: mirror.FeedArticles, dated: true, mostRows: knowledge.MaxBatch,
			columns: "article_id, title, body, url, updated_at",
		}, importfile.Articles(), func(b *backend, tenantID string) bulkload.Put[knowledge.Article] {
			return into(tenantID, knowledge.NewStore(b.db).Put)
		}),
		newImportKind(kind{
			name: "assets", alias: "systems", short: "the systems of the inventory", feed: mirror.FeedAssets, mostRows: bulkload.DefaultRows,
			columns: "id, hostname, address, asset_tag, role, client, location",
		}, importfile.Systems(), func(b *backend, tenantID string) bulkload.Put[inventory.System] {
			return into(tenantID, inventory.NewStore(b.db).Put)
		}),
		newImportKind(kind{
			name: "subnets", short: "the networks of the inventory", mostRows: bulkload.DefaultRows,
			columns: "network, name, role, client, location",
		}, importfile.Subnets(), func(b *backend, tenantID string) bulkload.Put[inventory.Subnet] {
			return into(tenantID, inventory.NewStore(b.db).PutSubnets)
		}))
}

// kind is what one command imports.
type kind struct {
	name, alias, short, columns string
	// feed is what ServiceDesk Plus has of it; empty when it has none.
	feed mirror.Feed
	// dated: its records say when they changed.
	dated bool
	// mostRows is how many rows its store takes at once.
	mostRows int
}

// into is a store's Put for the rows of a file of one tenant.
func into[T importfile.Record](
	tenantID string, put func(context.Context, string, gather.Origin, []T) (gather.Change, error),
) bulkload.Put[T] {
	return func(ctx context.Context, rows []T) (gather.Change, error) {
		return put(ctx, tenantID, gather.OriginFile, rows)
	}
}

func newImportKind[T importfile.Record](
	k kind, schema *importfile.Schema[T], put func(*backend, string) bulkload.Put[T],
) *cobra.Command {
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
				return importFromDesk(cmd, k, &flags, openMirror)
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
