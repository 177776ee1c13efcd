package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

func newJobCancelCommand() *cobra.Command {
	var (
		tenantID, note string
		asJSON         bool
	)
	cmd := &cobra.Command{
		Use: "cancel JOB", Short: "End a job that waits, is held or runs, without a note on its ticket", Args: cobra.ExactArgs(1),
		Long: `End a job that waits, is held or runs. One that runs goes no further than its present step. When this command has answered, no write
of the job's note begins any more; it says so if one had begun, whose outcome is open then.

The job counts as failed, for the reason that is given, and as no failure of anything. "agentctl job retry" begins it anew, and so does
its event when it is sent again.`,
		Example: "  agentctl job cancel --tenant example-clinic --reason-note \"sent by mistake\" 9f8b6979-8851-86b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			job, err := client.Job(cmd.Context(), tenantID, args[0])
			if err != nil {
				return err
			}
			done, err := client.CancelJob(cmd.Context(), tenantID, job.JobID, adminapi.CancelJob{Run: job.Run, Note: note})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, done)
			}
			return tellCancelled(cmd, done)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().StringVar(&note, "reason-note", "", "why, as it will stand with the job")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = errors.Join(cmd.MarkFlagRequired("tenant"), cmd.MarkFlagRequired("reason-note")) // fails only for a flag that does not exist
	return cmd
}

func tellCancelled(cmd *cobra.Command, done adminapi.CancelledJob) error {
	if done.Before {
		return say(cmd, "job %s was cancelled before: %s", done.JobID, plain(done.FailureReason))
	}
	if err := say(cmd, "job %s is cancelled", done.JobID); err != nil || !done.NoteMayFollow {
		return err
	}
	return say(cmd, "a write of its note had begun: if it arrives, the job is completed after all; see `agentctl job show --tenant %s %s`", done.TenantID, done.JobID)
}

func newJobRerunCommand() *cobra.Command {
	var (
		tenantID        string
		run             int
		refetch, asJSON bool
	)
	cmd := &cobra.Command{
		Use: "rerun JOB", Short: "Run a completed job again, and edit its note", Args: cobra.ExactArgs(1),
		Long: `Run a completed job again, with the text that it has, or with --refetch with the one that its ticket has now. Its note is edited, unless a
technician has changed it. Refused when the ticket has a later job: that one's note stands.`,
		Example: "  agentctl job rerun --tenant example-clinic --refetch 9f8b6979-8851-86b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			if run == 0 {
				job, err := client.Job(cmd.Context(), tenantID, args[0])
				if err != nil {
					return err
				}
				if job.Status != enhancement.StatusCompleted {
					return fmt.Errorf("the job is %s: only a completed job can be run again", job.Status)
				}
				run = job.Run
			}
			again, err := client.RerunJob(cmd.Context(), tenantID, args[0], adminapi.RerunJob{Run: run, Refetch: refetch})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, again)
			}
			return say(cmd, "job %s is %s, run %d", again.JobID, again.Status, again.Run)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().IntVar(&run, "run", 0, "the run that was completed, where the command may be repeated: nothing is begun twice")
	cmd.Flags().BoolVar(&refetch, "refetch", false, "with the text that the ticket has now")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}
