package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// errNotEnhanced says that a job ended, or was waited for, without a note.
var errNotEnhanced = errors.New("the ticket was not enhanced")

func newJobCommand() *cobra.Command {
	var tenantID string
	show := &cobra.Command{
		Use: "show JOB", Short: "Show a job, its steps and what the model cost", Args: cobra.ExactArgs(1),
		Example: "  agentctl job show --tenant example-clinic 9f8b6979-8851-86b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBackend(cmd.Context())
			if err != nil {
				return err
			}
			defer b.close()
			return showJob(cmd, b, tenantID, args[0])
		},
	}
	show.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	_ = show.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return group(&cobra.Command{Use: "job", Short: "Look at jobs"}, show)
}

func showJob(cmd *cobra.Command, b *backend, tenantID, jobID string) error {
	ctx := cmd.Context()
	job, err := b.ledger.Job(ctx, tenantID, jobID)
	if err != nil {
		return err
	}
	steps, err := b.ledger.Steps(ctx, tenantID, jobID)
	if err != nil {
		return err
	}
	calls, err := b.ledger.LLMCalls(ctx, tenantID, jobID)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "job\t%s\nticket\t%s\nstatus\t%s\nnote\t%s\n", job.ID, job.Ticket.ID, job.Status, cmp.Or(job.NoteID, "none"))
	if job.FailureReason != "" {
		fmt.Fprintf(w, "reason\t%s\n", job.FailureReason)
	}
	if !job.FinishedAt.IsZero() {
		fmt.Fprintf(w, "took\t%s\n", job.FinishedAt.Sub(job.ReceivedAt).Round(time.Millisecond))
	}
	for _, name := range []enhancement.Step{
		enhancement.StepFetchTicket, enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch, enhancement.StepSynthesize, enhancement.StepUpdateTicket,
	} {
		if s, ok := steps[name]; ok {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", name, s.Outcome, s.Duration, s.Detail)
		}
	}
	for _, c := range calls {
		fmt.Fprintf(w, "  model %s\t%d + %d tokens\t$%.6f\t%s\n", c.Model, c.PromptTokens, c.CompletionTokens, c.CostUSD, c.Error)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func newSmokeCommand() *cobra.Command {
	var (
		flags webhookFlags
		wait  time.Duration
	)
	cmd := &cobra.Command{
		Use: "smoke", Short: "Send a webhook and wait until the note is on the ticket", Args: cobra.NoArgs,
		Long: `Send a webhook for a ticket that exists, and wait until its job has ended. Exit status 0: the note is on
the ticket; 3: it is not, and the reason is printed.`,
		Example: `  agentctl smoke --tenant example-clinic --ticket 20501 --description "VPN drops"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := openBackend(cmd.Context())
			if err != nil {
				return err
			}
			defer b.close()
			taken, err := sendWebhook(cmd.Context(), b, flags)
			if err != nil {
				return err
			}
			if err := awaitJob(cmd.Context(), b, flags.tenantID, taken.JobID, wait); err != nil {
				return err
			}
			return showJob(cmd, b, flags.tenantID, taken.JobID)
		},
	}
	flags.bind(cmd)
	cmd.Flags().DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the note")
	return cmd
}

// awaitJob returns when the job is completed, and errNotEnhanced when it failed or patience ran out.
func awaitJob(ctx context.Context, b *backend, tenantID, jobID string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		job, err := b.ledger.Job(ctx, tenantID, jobID)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			return err
		case job.Status == enhancement.StatusCompleted:
			return nil
		case job.Status == enhancement.StatusFailed:
			return fmt.Errorf("%w: %s (job %s)", errNotEnhanced, job.FailureReason, jobID)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w within %s (job %s): see `agentctl job show --tenant %s %s`", errNotEnhanced, patience, jobID, tenantID, jobID)
		case <-again.C:
		}
	}
}

func envOr(name, otherwise string) string {
	return cmp.Or(os.Getenv(name), otherwise)
}
