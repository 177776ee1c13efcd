package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/importfile/meter"
	"github.com/ai-agents/ai-agents/internal/importfile/outcome"
)

// newMeter shows progress where an operator looks, and a log is not flooded.
func newMeter(cmd *cobra.Command, k kind, f *importFlags) *meter.Meter {
	mode := meter.Lines
	if onTerminal(cmd.ErrOrStderr()) {
		mode = meter.Bar
	}
	if f.quiet {
		mode = meter.Quiet
	}
	return meter.New(meter.Options{Mode: mode, Out: cmd.ErrOrStderr(), What: k.name})
}

// report prints what became of an import, also of one that ended with failure, and gives the error for the exit status.
func report(cmd *cobra.Command, k kind, result outcome.Outcome, rejected []string, failure error) error {
	for _, line := range rejected {
		cmd.PrintErrln("rejected:", line)
	}
	if more := result.Rejected - len(rejected); more > 0 {
		cmd.PrintErrf("rejected: and %s more\n", meter.Thousands(more))
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", k.name, result.Headline())
	for _, line := range result.Details() {
		_, more := fmt.Fprintln(cmd.OutOrStdout(), "  "+line)
		err = errors.Join(err, more)
	}
	switch {
	case failure != nil:
		return failure
	case err != nil:
		return fmt.Errorf("print: %w", err)
	case result.Rejected > 0:
		return fmt.Errorf("%w: %s rejected", errRejected, meter.Thousands(result.Rejected))
	}
	return nil
}
