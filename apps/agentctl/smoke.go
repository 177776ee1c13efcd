package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// errNotEnhanced says that a job ended, or was waited for, without a note.
var errNotEnhanced = errors.New("the ticket was not enhanced")

// smokePoll is how often a job that is waited for is looked at.
const smokePoll = 500 * time.Millisecond

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
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			taken, err := client.SendTestWebhook(cmd.Context(), flags.tenantID, flags.webhook)
			if err != nil {
				return err
			}
			job, err := awaitJob(cmd.Context(), client, flags.tenantID, taken.JobID, wait)
			if err != nil {
				return err
			}
			return showJob(cmd, job)
		},
	}
	flags.bind(cmd)
	cmd.Flags().DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the note")
	return cmd
}

// awaitJob returns when the job is completed, and errNotEnhanced when it failed or patience ran out.
func awaitJob(ctx context.Context, client *adminapi.Client, tenantID, jobID string, patience time.Duration) (adminapi.Job, error) {
	ended := time.NewTimer(patience)
	defer ended.Stop()
	again := time.NewTicker(smokePoll)
	defer again.Stop()
	for {
		job, err := client.Job(ctx, tenantID, jobID)
		switch {
		case err != nil:
			return job, err
		case job.Status == enhancement.StatusCompleted:
			return job, nil
		case job.Status == enhancement.StatusFailed:
			return job, fmt.Errorf("%w: %s (job %s)", errNotEnhanced, job.FailureReason, jobID)
		}
		select {
		case <-ctx.Done():
			return job, context.Cause(ctx)
		case <-ended.C:
			return job, fmt.Errorf("%w within %s (job %s): see `agentctl job show --tenant %s %s`", errNotEnhanced, patience, jobID, tenantID, jobID)
		case <-again.C:
		}
	}
}
