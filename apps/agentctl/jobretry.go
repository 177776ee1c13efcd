package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newJobRetryCommand() *cobra.Command {
	var (
		tenantID string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use: "retry JOB", Short: "Begin a failed job anew", Args: cobra.ExactArgs(1),
		Long:    "Begin a failed job anew, with the text that it has. If a later event's note stands on the ticket, that note stays.",
		Example: "  agentctl job retry --tenant example-clinic 9f8b6979-8851-86b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			job, err := client.RetryJob(cmd.Context(), tenantID, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, job)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "job %s is %s, run %d\n", job.JobID, job.Status, job.Run)
			return err
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}
