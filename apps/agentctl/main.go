// Command agentctl is the operator's tool. It speaks the console's admin API: it onboards tenants, imports what the sources
// search, manages tokens, sends test webhooks and shows what became of jobs and who did what.
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
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && !errors.Is(err, errStopped) {
		err = errInterrupted // whatever was under way says only that it was cancelled
	}
	fmt.Fprintln(os.Stderr, "agentctl:", explain(err))
	return exitStatus(err)
}

// errInterrupted says that the operator ended a command.
var errInterrupted = errors.New("interrupted")

func exitStatus(err error) int {
	switch {
	case errors.Is(err, errNotEnhanced):
		return exitNotEnhanced
	case errors.Is(err, errStopped), errors.Is(err, errReplayStopped), errors.Is(err, errInterrupted):
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

Everything is done through the console's admin API, with the rights of a token: ` + "`agentctl login`" + ` gets one from the
organisation's identity provider, ` + "`agentctl bootstrap`" + ` the first one of a new installation. After "make up" the local
console and its token are found with

  . .run/env

Results go to standard output, and all else to standard error: with --json, which most commands that show something have,
standard output is for programs. Colours and bars are for terminals alone; NO_COLOR takes the colours away there, too.
` + "`agentctl completion --help`" + ` tells how to have the shell complete commands, flags and tenants.

Exit status:
  0    done
  1    failed; what to do is on standard error
  3    a ticket did not get its note (smoke, onboard)
  4    imported, but for some records (import)
  130  interrupted; what can be gone on with says so`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.PersistentFlags().String(flagConsole, "", "the console's address [CONSOLE_URL] (default "+defaultConsole+")")
	root.PersistentFlags().Bool(flagInsecure, false, "send the token over plain http to another machine [AGENTCTL_ALLOW_PLAIN_HTTP]")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// What Go's own parsers say of a value is for those who wrote the program.
		said, _, _ := strings.Cut(err.Error(), ": strconv.")
		said, _, _ = strings.Cut(said, ": time: ")
		return fmt.Errorf("%s; see `%s --help`", said, cmd.CommandPath())
	})
	root.AddCommand(
		newBootstrapCommand(), newLoginCommand(), newLogoutCommand(), newWhoAmICommand(),
		newOnboardCommand(), newTenantCommand(), newImportCommand(), newReindexCommand(), newWebhookCommand(), newSmokeCommand(), newValidateCommand(), newJobCommand(), newQueueCommand(), newPauseCommand(), newResumeCommand(), newPausesCommand(), newWorkerCommand(), newErrorsCommand(), newPreviewCommand(), newReplayCommand(), newUsageCommand(), newReportCommand(),
		newTokenCommand(), newAuditCommand(), newKeysetCommand(),
	)
	completeTenants(root)
	return root
}
