// Command agentctl is the operator's tool: it onboards a tenant, imports what the sources search, sends
// a signed test webhook and shows what became of a job.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
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

// group makes a command that only has others below it. Cobra would answer a wrong one with help and success, which a
// script takes for done.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(below...)
	cmd.FParseErrWhitelist.UnknownFlags = true // they are the wrong command's: say that it is wrong instead
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, c := range below {
			names = append(names, c.Name())
		}
		return fmt.Errorf("%q is no command of `%s`: use one of %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
	}
	return cmd
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "agentctl",
		Short: "Operate the ticket enhancement platform",
		Long: `Operate the ticket enhancement platform.

Commands that read or write the platform's data need DATABASE_URL (as console_user) in the environment, and
SECRETS_FILE, the JSON file with the secret "tenant-keyset". After "make up" both come from the local stack:

  set -a; . .run/env; set +a`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// What Go's own parsers say of a value is for those who wrote the program.
		said, _, _ := strings.Cut(err.Error(), ": strconv.")
		return fmt.Errorf("%s; see `%s --help`", said, cmd.CommandPath()) //nolint:err113 // nothing asks for a flag's error
	})
	root.AddCommand(newTenantCommand(), newImportCommand(), newReindexCommand(), newWebhookCommand(), newJobCommand(), newSmokeCommand())
	return root
}
