// Command agentctl is the operator's tool: it onboards a tenant, imports what the sources search, sends
// a signed test webhook and shows what became of a job.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses besides 0.
const (
	exitFailed      = 1
	exitNotEnhanced = 3
	exitRejected    = 4
	exitStopped     = 130 // what shells give for Ctrl-C
)

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRootCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "agentctl:", err)
	return exitStatus(err)
}

func exitStatus(err error) int {
	switch {
	case errors.Is(err, errNotEnhanced):
		return exitNotEnhanced
	case errors.Is(err, errStopped):
		return exitStopped
	case errors.Is(err, errRejected):
		return exitRejected
	default:
		return exitFailed
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "agentctl",
		Short: "Operate the ticket enhancement platform",
		Long: `Operate the ticket enhancement platform.

Commands that read or write the platform's data need DATABASE_URL (as app_user) in the environment, and
SECRETS_FILE, the JSON file with the secret "tenant-keyset". After "make up" both come from the local stack:

  set -a; . .run/env; set +a`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(newTenantCommand(), newImportCommand(), newReindexCommand(), newWebhookCommand(), newJobCommand(), newSmokeCommand())
	return root
}
