package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-agents/ai-agents/internal/importfile/meter"
)

func newTenantDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete TENANT", Short: "Mark a tenant as deleted; nothing is removed yet", Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant delete example-clinic",
		Long: "Mark a tenant as deleted. Its webhooks are refused from then on; its data stays until it is purged, and can be\n" +
			"had back with `agentctl tenant restore` until then.",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			deletion, err := client.DeleteTenant(cmd.Context(), args[0], anyVersion)
			if err != nil {
				return err
			}
			const gone = "tenant %s is deleted; nothing has gone yet. A purge would remove %s"
			if deletion.Uncounted {
				err = say(cmd, gone, args[0], "more rows than could be counted at once")
			} else {
				err = say(cmd, gone+":", args[0], plural(deletion.Total, "row"))
			}
			if err != nil {
				return err
			}
			if err := printRows(cmd, deletion.Rows); err != nil {
				return err
			}
			return say(cmd, "take it back   agentctl tenant restore %[1]s\nfor good       agentctl tenant purge %[1]s", args[0])
		},
	}
}

func newTenantPurgeCommand() *cobra.Command {
	var confirm string
	cmd := &cobra.Command{
		Use: "purge TENANT", Short: "Remove a deleted tenant and all its data, for good", Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant purge example-clinic\n  agentctl tenant purge example-clinic --confirm example-clinic",
		Long: "Remove a tenant that is deleted, with all its rows. This cannot be undone, so the tenant's id has to be typed once\n" +
			"more, or given with --confirm.",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, tenant, err := openTenant(cmd, args[0])
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("confirm") {
				if confirm, err = typedAgain(cmd, tenant.TenantID, tenant.Name); err != nil {
					return err
				}
			}
			if confirm != tenant.TenantID {
				return fmt.Errorf("%q is not the id of the tenant that is to be purged: nothing was removed", confirm)
			}
			purged, err := client.PurgeTenant(cmd.Context(), tenant.TenantID, tenant.ETag())
			if err != nil {
				return err
			}
			if err := say(cmd, "tenant %s is gone, with %s:", purged.TenantID, plural(purged.Total, "row")); err != nil {
				return err
			}
			return printRows(cmd, purged.Rows)
		},
	}
	cmd.Flags().StringVar(&confirm, "confirm", "", "the tenant's id once more, where nobody can be asked")
	return cmd
}

// typedAgain asks for the tenant's id. Only a person can be asked: what is piped in was not meant as an answer.
func typedAgain(cmd *cobra.Command, id, name string) (string, error) {
	terminal, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(terminal.Fd())) {
		return "", fmt.Errorf("a purge cannot be undone: confirm it with --confirm %s", id)
	}
	cmd.PrintErrf("This removes %s and everything that is known of it, for good. Type %s to go on: ", name, id)
	line, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil {
		return "", errors.New("nothing was typed, and nothing was removed")
	}
	return strings.TrimSpace(line), nil
}

func printRows(cmd *cobra.Command, rows map[string]int64) error {
	t := newTable(cmd, false)
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if rows[name] > 0 {
			t.line("  "+name, meter.Thousands(int(rows[name])))
		}
	}
	return t.close(nil)
}

// plural is "1 row", "2,000 rows".
func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return meter.Thousands(int(n)) + " " + what + "s"
}
