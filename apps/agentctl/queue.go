package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

func newQueueCommand() *cobra.Command {
	return group(&cobra.Command{Use: "queue", Short: "Look at the queue, begin failed jobs anew, drop what waits"},
		newQueueListCommand(), newQueueRetryCommand(), newQueueDropCommand(), newQueueClearCommand(), newQueueDeadCommand())
}

// queueFlags select jobs of a tenant's queue.
type queueFlags struct {
	tenantID, olderThan, newerThan string
	states                         []string
	selection                      adminapi.QueueSelection
}

func (f *queueFlags) bind(cmd *cobra.Command, states []enhancement.QueueState) {
	flags := cmd.Flags()
	flags.StringVar(&f.tenantID, "tenant", "", "tenant id")
	flags.StringSliceVar(&f.states, "status", nil, "only those that are "+enumerate(states)+"; may be given more than once")
	flags.StringVar(&f.selection.Reason, "reason", "", "only those with this text in their reason, or in what kept their message from being delivered")
	flags.StringVar(&f.selection.TicketID, "ticket", "", "only those of this ticket")
	flags.StringVar(&f.olderThan, "older-than", "", "only those received longer ago: 30m, 12h, 7d")
	flags.StringVar(&f.newerThan, "newer-than", "", "only those received since: 30m, 12h, 7d")
}

// parse reads the flags; allowed are the states that the command is for.
func (f *queueFlags) parse(allowed []enhancement.QueueState, now time.Time) (adminapi.QueueSelection, error) {
	var errs []error
	for _, name := range f.states {
		if !slices.Contains(allowed, enhancement.QueueState(name)) {
			errs = append(errs, fmt.Errorf("--status %q: use %s", name, enumerate(allowed)))
			continue
		}
		f.selection.States = append(f.selection.States, enhancement.QueueState(name))
	}
	for _, bound := range []struct {
		flag, text string
		to         **time.Time
	}{{"--older-than", f.olderThan, &f.selection.ReceivedBefore}, {"--newer-than", f.newerThan, &f.selection.ReceivedAfter}} {
		if bound.text == "" {
			continue
		}
		period, err := parsePeriod(bound.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", bound.flag, err))
			continue
		}
		at := now.Add(-period)
		*bound.to = &at
	}
	return f.selection, errors.Join(errs...)
}

// selects says whether anything is left out but by states.
func (f *queueFlags) selects() bool {
	return f.selection.Reason != "" || f.selection.TicketID != "" || f.olderThan != "" || f.newerThan != ""
}

func enumerate(states []enhancement.QueueState) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func newQueueListCommand() *cobra.Command {
	var (
		flags  queueFlags
		limit  int
		asJSON bool
	)
	states := []enhancement.QueueState{enhancement.QueueWaiting, enhancement.QueueHeld, enhancement.QueueRunning, enhancement.QueueFailed}
	cmd := &cobra.Command{
		Use: "list", Short: "Show how the queues of all tenants fare, or the jobs of one, the oldest first", Args: cobra.NoArgs,
		Long: `Without a tenant, show of each one how many jobs wait, are held and run, and how many failed in the last 24 hours. With a
token that is restricted to tenants, these are shown.

What is paused is told on standard error.

With --tenant, list its jobs in the order of the queue: all that have not been completed, or those that are selected.`,
		Example: "  agentctl queue list\n  agentctl queue list --tenant example-clinic --status held\n" +
			"  agentctl queue list --tenant example-clinic --status failed --reason \"HTTP 503\" --newer-than 12h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			selection, err := flags.parse(states, time.Now())
			if limit < 1 {
				err = errors.Join(err, errors.New("--limit: has to be 1 or more"))
			}
			if flags.tenantID == "" && (flags.selects() || len(flags.states) > 0) {
				err = errors.Join(err, errors.New("jobs are selected of one tenant: name it with --tenant"))
			}
			if err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			if err := tellPauses(cmd, client, flags.tenantID); err != nil {
				return err
			}
			if flags.tenantID == "" {
				return listQueues(cmd, client, asJSON)
			}
			t, n := newTable(cmd, asJSON, queueTitles()...), 0
			for job, err := range client.QueueJobs(cmd.Context(), flags.tenantID, selection) {
				if err != nil {
					return t.close(err)
				}
				t.row(job, queueCells(job)...)
				if n++; n == limit {
					break
				}
			}
			return t.close(nil)
		},
	}
	flags.bind(cmd, states)
	cmd.Flags().IntVar(&limit, "limit", adminapi.DefaultPage, "at most so many jobs")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

func queueTitles() []any { return []any{"JOB", "TICKET", "STATUS", "RECEIVED", "REASON"} }

func queueCells(job adminapi.Job) []any {
	status, reason := string(job.Status), job.FailureReason
	switch {
	case job.HeldFor != "":
		status, reason = string(enhancement.QueueHeld), "waits for "+job.HeldFor+" since "+when(job.HeldSince, "?")
	case job.Status == enhancement.StatusPending:
		status = string(enhancement.QueueWaiting)
	}
	if job.Trouble != "" {
		reason = strings.TrimPrefix(reason+"; "+job.Trouble, "; ")
	}
	return []any{job.JobID, job.TicketID, status, shown(job.ReceivedAt), reason}
}

// listQueues shows a line for each tenant that the token reaches.
func listQueues(cmd *cobra.Command, client *adminapi.Client, asJSON bool) error {
	accounts, err := queueAccounts(cmd, client)
	t := newTable(cmd, asJSON, "TENANT", "WAITING", "HELD", "RUNNING", "FAILED (24H)", "OLDEST", "TROUBLE", "HELD FOR")
	for _, a := range accounts {
		heldFor := strings.Join(a.HeldFor, ", ")
		if a.HeldSince != nil {
			heldFor += " since " + shown(*a.HeldSince)
		}
		t.row(a, a.TenantID, a.Waiting, a.Held, a.Running, a.Failed, waited(a.Oldest), a.Troubled, heldFor)
	}
	return t.close(err)
}

func queueAccounts(cmd *cobra.Command, client *adminapi.Client) ([]adminapi.QueueAccount, error) {
	who, err := client.WhoAmI(cmd.Context())
	if err != nil {
		return nil, err
	}
	var all []adminapi.QueueAccount
	if len(who.Tenants) == 0 {
		return client.QueueAccounts(cmd.Context(), "")
	}
	for _, tenantID := range who.Tenants {
		accounts, err := client.QueueAccounts(cmd.Context(), tenantID)
		if missing(err) {
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, accounts...)
	}
	return all, nil
}

// missing says that there is no such tenant: a token may be made before its tenant is, and outlive it.
func missing(err error) bool { return adminapi.StatusOf(err) == http.StatusNotFound }

// waited is for how long something has, in words.
func waited(since *time.Time) string {
	if since == nil {
		return "-"
	}
	return time.Since(*since).Round(time.Second).String()
}

func newQueueDeadCommand() *cobra.Command {
	var (
		limit  int
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "dead", Short: "List messages of which nothing could be made", Args: cobra.NoArgs,
		Example: "  agentctl queue dead\n  agentctl queue dead --json",
		Long: "List messages that belong to no job: unreadable ones, and those about a job that the ledger does not have. No job was lost\n" +
			"with them. What they say is not to be believed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return errors.New("--limit: has to be 1 or more")
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			letters, err := client.DeadLetters(cmd.Context(), min(limit, adminapi.MaxPage))
			t := newTable(cmd, asJSON, "LAST", "TIMES", "BYTES", "REASON", "EXCERPT")
			for _, l := range letters {
				t.row(l, shown(l.LastAt), l.Times, l.Bytes, l.Reason, l.Excerpt)
			}
			return t.close(err)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", adminapi.DefaultPage, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}
