package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// changing is a change of a tenant's queue, part by part.
type changing struct {
	// todo and done are what is done to a job, in words: "begin anew", "begun anew".
	todo, done string
	states     []enhancement.QueueState
	// releases says that held jobs are not changed themselves: what they wait for is.
	releases bool
	ask      func(ctx context.Context, client *adminapi.Client, tenantID string, in adminapi.QueueChange) (adminapi.QueueChanged, error)

	flags            queueFlags
	all, yes, dryRun bool
}

func (c *changing) bind(cmd *cobra.Command) {
	c.flags.bind(cmd, c.states)
	cmd.Flags().BoolVar(&c.all, "all", false, "all of the tenant's: where neither jobs are named nor a filter is given")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask, as in scripts")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "only show what would be done")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
}

func newQueueRetryCommand() *cobra.Command {
	c := &changing{
		todo: "begin anew", done: "begun anew", states: adminapi.Retryable(), releases: true,
		ask: func(ctx context.Context, client *adminapi.Client, tenantID string, in adminapi.QueueChange) (adminapi.QueueChanged, error) {
			return client.RetryQueue(ctx, tenantID, in)
		},
	}
	cmd := &cobra.Command{
		Use: "retry --tenant TENANT [JOB…]", Short: "Begin failed jobs anew, and have held ones tried at once",
		Long: `Begin failed jobs of a tenant anew, the oldest first, with the text that they have. They wait for their turn like all others. What
held jobs wait for is tried at once: if it answers, they go on.

Jobs are named, or selected by filters, or all with --all. What would be done is shown first, and asked about. Jobs that fail after
that are left alone.`,
		Example: "  agentctl queue retry --tenant example-clinic --reason \"HTTP 503\" --newer-than 12h\n" +
			"  agentctl queue retry --tenant example-clinic --status held --all",
		RunE: c.run,
	}
	c.bind(cmd)
	return cmd
}

func newQueueDropCommand() *cobra.Command {
	note := ""
	c := &changing{
		todo: "drop", done: "dropped", states: adminapi.Droppable(),
		ask: func(ctx context.Context, client *adminapi.Client, tenantID string, in adminapi.QueueChange) (adminapi.QueueChanged, error) {
			return client.DropQueue(ctx, tenantID, adminapi.QueueDrop{QueueChange: in, Note: note})
		},
	}
	cmd := &cobra.Command{
		Use: "drop --tenant TENANT --reason-note TEXT [JOB…]", Short: "End jobs that wait or are held, without a note on their ticket",
		Long: `End jobs of a tenant that wait or are held, the oldest first: they fail, and their reason says that they were dropped, and the
text of --reason-note. Those that run are left alone. A dropped job is begun anew by "agentctl queue retry", and when its event is
sent again.

Jobs are named, or selected by filters, or all with --all. What would be done is shown first, and asked about.`,
		Example: "  agentctl queue drop --tenant example-clinic --older-than 3d --reason-note \"after the outage, nobody needs them\"",
		RunE:    c.run,
	}
	c.bind(cmd)
	cmd.Flags().StringVar(&note, "reason-note", "", "why, as it will stand with the jobs")
	_ = cmd.MarkFlagRequired("reason-note")
	return cmd
}

func (c *changing) run(cmd *cobra.Command, jobs []string) error {
	selection, err := c.flags.parse(c.states, time.Now())
	if err != nil {
		return err
	}
	selection.JobIDs = jobs
	if len(jobs) > adminapi.MostQueueJobs {
		return fmt.Errorf("%d jobs are named: name %d at most, or select them by a filter", len(jobs), adminapi.MostQueueJobs)
	}
	if selecting := c.flags.selects() || len(jobs) > 0; selecting == c.all {
		if c.all {
			return errors.New("--all means every job, and something selects some: leave out one of them")
		}
		return errors.New("name jobs, or select them with --reason, --ticket, --older-than or --newer-than, or give --all")
	}
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	in := adminapi.QueueChange{QueueSelection: selection, All: c.all, DryRun: true}
	seen, err := c.look(cmd, client, in, len(jobs))
	if err != nil || seen.Jobs == 0 || c.dryRun {
		return err
	}
	if !c.yes {
		if err := c.confirm(cmd, seen.Jobs); err != nil {
			return err
		}
	}
	in.DryRun, in.AsOf = false, &seen.AsOf
	return c.do(cmd, client, in, seen)
}

// look finds out by a dry run what would be done, and shows it.
func (c *changing) look(cmd *cobra.Command, client *adminapi.Client, in adminapi.QueueChange, named int) (adminapi.QueuePreview, error) {
	seen, err := c.ask(cmd.Context(), client, c.flags.tenantID, in)
	if err != nil {
		return adminapi.QueuePreview{}, err
	}
	if seen.Preview == nil {
		return adminapi.QueuePreview{}, errors.New("the console did not say which jobs it would be: nothing was done")
	}
	return *seen.Preview, c.show(cmd, *seen.Preview, named)
}

// show tells what would be done.
func (c *changing) show(cmd *cobra.Command, p adminapi.QueuePreview, named int) error {
	if p.Jobs == 0 {
		return say(cmd, "no job of %s is %s and selected: there is nothing to %s", c.flags.tenantID, enumerate(c.states), c.todo)
	}
	if err := say(cmd, "%s of %s to %s%s, received from %s to %s:", plural(int64(p.Jobs), "job"), c.flags.tenantID, c.todo,
		heldOf(p), when(p.Oldest, "?"), when(p.Newest, "?")); err != nil {
		return err
	}
	t := newTable(cmd, false, queueTitles()...)
	for _, job := range p.First {
		t.line(queueCells(job)...)
	}
	if err := t.close(nil); err != nil {
		return err
	}
	if more := p.Jobs - len(p.First); more > 0 {
		if err := say(cmd, "… and %d more", more); err != nil {
			return err
		}
	}
	if named > p.Jobs {
		return say(cmd, "%d of the %d jobs that are named are not %s", named-p.Jobs, named, enumerate(c.states))
	}
	return nil
}

func heldOf(p adminapi.QueuePreview) string {
	if p.Held == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of them held)", p.Held)
}

// confirm asks for the number. Only a person can be asked: what is piped in was not meant as an answer.
func (c *changing) confirm(cmd *cobra.Command, jobs int) error {
	terminal, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(terminal.Fd())) {
		return fmt.Errorf("nothing was done: to %s %s where nobody can be asked, give --yes", c.todo, plural(int64(jobs), "job"))
	}
	cmd.PrintErrf("Type %d to %s them: ", jobs, c.todo)
	line, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != strconv.Itoa(jobs) {
		return errors.New("that is not the number of jobs: nothing was done")
	}
	return nil
}

// do changes the jobs, part by part, and says what became of those that were seen.
func (c *changing) do(cmd *cobra.Command, client *adminapi.Client, in adminapi.QueueChange, seen adminapi.QueuePreview) error {
	done, released := 0, []string(nil)
	for {
		changed, err := c.ask(cmd.Context(), client, c.flags.tenantID, in)
		if err != nil {
			// Said here, because an interrupted command says no more than that.
			cmd.PrintErrf("%s %s before it broke off, of %d; the same command goes on with the rest\n", plural(int64(done), "job"), c.done, seen.Jobs)
			return err
		}
		done, released = done+changed.Done, append(released, changed.Released...)
		if changed.Next == "" {
			break
		}
		in.Cursor = changed.Next
	}
	wanted := seen.Jobs
	if c.releases {
		wanted -= seen.Held // which are not changed themselves
	}
	switch {
	case len(released) > 0:
		if err := say(cmd, "%s is tried at once: the held jobs go on when it answers", strings.Join(released, ", ")); err != nil {
			return err
		}
	case c.releases && seen.Held > 0:
		if err := say(cmd, "%d held jobs wait for nothing but their turn any more", seen.Held); err != nil {
			return err
		}
	}
	if err := say(cmd, "%s %s", plural(int64(done), "job"), c.done); err != nil {
		return err
	}
	if done > wanted {
		return say(cmd, "%d more than were shown, which came to be among them meanwhile", done-wanted)
	}
	if wanted > done {
		return say(cmd, "%d changed meanwhile and were left as they are", wanted-done)
	}
	return nil
}
