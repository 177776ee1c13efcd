package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newJobCommand() *cobra.Command {
	return group(&cobra.Command{Use: "job", Short: "Look at jobs, begin failed ones anew, cancel them, run them again"},
		newJobShowCommand(), newJobNoteCommand(), newJobListCommand(), newJobRetryCommand(), newJobCancelCommand(), newJobRerunCommand())
}

func newJobShowCommand() *cobra.Command {
	var (
		tenantID string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use: "show JOB", Short: "Show a job, its steps and what the model cost", Args: cobra.ExactArgs(1),
		Example: "  agentctl job show --tenant example-clinic 9f8b6979-8851-86b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			job, err := client.Job(cmd.Context(), tenantID, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, job)
			}
			return showJob(cmd, job)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}

func showJob(cmd *cobra.Command, job adminapi.Job) error {
	t := newTable(cmd, false)
	t.line("job", job.JobID)
	t.line("ticket", job.TicketID)
	t.line("event", job.Event)
	t.line("status", cmp.Or(map[bool]string{true: "cancelled"}[job.Cancelled], string(job.Status)))
	if job.HeldFor != "" && job.HeldSince != nil {
		t.line("waits for", job.HeldFor+", which does not answer, since "+shown(*job.HeldSince))
	}
	t.line("note", noteOf(job))
	if job.FailureReason != "" {
		t.line("reason", job.FailureReason)
	}
	if job.Trouble != "" {
		t.line("trouble", job.Trouble)
	}
	if len(job.Degraded) > 0 {
		t.line("without", strings.Join(job.Degraded, "; "))
	}
	t.line("received", shown(job.ReceivedAt))
	if !job.AskedAt.Equal(job.ReceivedAt) {
		t.line("begun anew", shown(job.AskedAt))
	}
	if job.FinishedAt != nil {
		t.line("took", job.FinishedAt.Sub(job.AskedAt).Round(time.Millisecond))
	}
	t.line("correlation", job.CorrelationID)
	for _, s := range inOrder(job.Steps) {
		t.line("  "+string(s.Step), s.Outcome, milliseconds(s.DurationMS), s.Detail)
	}
	for _, c := range job.LLMCalls {
		t.line("  model "+c.Model, fmt.Sprintf("%d + %d tokens", c.PromptTokens, c.CompletionTokens), fmt.Sprintf("$%.6f", c.CostUSD), c.Error)
	}
	if f := job.Feedback; f != nil {
		helped := map[feedback.Value]string{feedback.Up: "it helped", feedback.Down: "it did not help"}[f.Vote]
		t.line("feedback", cmp.Or(helped, string(f.Vote)), f.Reason, shown(f.ChangedAt), f.Comment)
		for _, p := range f.Parts {
			t.line("  "+string(p.Kind), p.Vote, p.Name)
		}
	}
	return t.close(nil)
}

// noteOf says what became of the job's note.
func noteOf(job adminapi.Job) string {
	if job.Withheld == "" {
		for _, s := range job.Steps {
			action := enhancement.NoteAction(s.Detail)
			left := action == enhancement.NoteSuperseded || strings.HasPrefix(action, "kept_")
			if s.Step == enhancement.StepUpdateTicket && left && job.Status == enhancement.StatusCompleted {
				return "none of this job's: " + s.Detail + " (" + job.NoteID + ")"
			}
		}
		return cmp.Or(job.NoteID, "none")
	}
	if job.Withheld == tenant.ModeOff {
		return "none: the tenant's notes were off"
	}
	return "not posted: the tenant was in " + string(job.Withheld) + " mode"
}

// inOrder sorts steps as a ticket goes through them, and not as they happened to end.
func inOrder(steps []adminapi.Step) []adminapi.Step {
	way := []enhancement.Step{
		enhancement.StepFetchTicket, enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch, enhancement.StepSynthesize, enhancement.StepUpdateTicket,
	}
	return slices.SortedStableFunc(slices.Values(steps), func(a, b adminapi.Step) int {
		return cmp.Compare(slices.Index(way, a.Step), slices.Index(way, b.Step))
	})
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func newJobListCommand() *cobra.Command {
	var (
		tenantID, status, withheld string
		query                      adminapi.JobQuery
		limit                      int
		asJSON                     bool
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List a tenant's jobs, the newest first", Args: cobra.NoArgs,
		Example: "  agentctl job list --tenant example-clinic --status failed\n  agentctl job list --tenant example-clinic --ticket 20501\n" +
			"  agentctl job list --tenant example-clinic --withheld shadow",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return errors.New("--limit: has to be 1 or more")
			}
			query.Status, query.Withheld = enhancement.Status(status), tenant.Mode(withheld)
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			t := newTable(cmd, asJSON, "JOB", "TICKET", "EVENT", "STATUS", "RECEIVED", "WITHHELD", "REASON")
			shownJobs := 0
			for job, err := range client.Jobs(cmd.Context(), tenantID, query) {
				if err != nil {
					return t.close(err)
				}
				t.row(job, job.JobID, job.TicketID, job.Event, job.Status, shown(job.ReceivedAt), job.Withheld, job.FailureReason)
				if shownJobs++; shownJobs == limit {
					break
				}
			}
			return t.close(nil)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().StringVar(&status, "status", "", "only those that are pending, running, completed or failed")
	cmd.Flags().StringVar(&withheld, "withheld", "", "only those whose note was not posted, because the tenant was in this mode: shadow or off")
	cmd.Flags().StringVar(&query.TicketID, "ticket", "", "only those of this ticket")
	cmd.Flags().IntVar(&limit, "limit", adminapi.DefaultPage, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}
