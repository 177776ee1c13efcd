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
		flags  webhookFlags
		wait   time.Duration
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "smoke", Short: "Send a webhook and wait until the note is on the ticket", Args: cobra.NoArgs,
		Long: `Send a webhook for a ticket that exists, wait until its job has ended, and tell what each step took. Name a ticket that is
there for tests: its note is about what was sent, and not about what the ticket says.

Without --description, an update with a text of its own is sent, so that each run has a job of its own. An event that was sent
before is not enhanced again: then the job is the one that there was.

Exit status 0: the note is on the ticket; 3: it is not, and the reason is printed; 1: it could not be tried.`,
		Example: `  agentctl smoke --tenant example-clinic --ticket 20501
  agentctl smoke --tenant example-clinic --ticket 20501 --description "VPN drops" --wait 5m --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			if flags.webhook.Description == "" {
				flags.webhook = probeWebhook(cmd, flags.webhook, time.Now())
			}
			taken, err := client.SendTestWebhook(cmd.Context(), flags.tenantID, flags.webhook)
			if err != nil {
				return err
			}
			job, err := awaitJob(cmd.Context(), client, flags.tenantID, taken.JobID, wait)
			switch {
			case job.JobID == "":
				return err
			case asJSON:
				return errors.Join(printJSON(cmd, job), err)
			default:
				return errors.Join(showJob(cmd, job), err)
			}
		},
	}
	flags.bind(cmd, "tenant", "ticket")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the job as JSON")
	cmd.Flags().DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the note")
	return cmd
}

// probeWebhook is w with a text that no webhook had before: an update whose text is known is the job that there was.
func probeWebhook(cmd *cobra.Command, w adminapi.TestWebhook, now time.Time) adminapi.TestWebhook {
	if event := cmd.Flags().Lookup("event"); event == nil || !event.Changed {
		w.Event = enhancement.EventUpdated
	}
	if w.Subject == "" {
		w.Subject = "Test of AI Agents"
	}
	w.Description = "A test by an operator, " + now.UTC().Format(time.RFC3339Nano) + "."
	return w
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
