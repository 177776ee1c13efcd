package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// clearing is a drop of all that waits, which asks for more than a drop of some does.
type clearing struct {
	changing

	note   string
	expect int
}

func newQueueClearCommand() *cobra.Command {
	c := &clearing{changing: changing{todo: "drop", done: "dropped", states: adminapi.Droppable(), all: true}}
	c.ask = func(ctx context.Context, client *adminapi.Client, tenantID string, in adminapi.QueueChange) (adminapi.QueueChanged, error) {
		return client.DropQueue(ctx, tenantID, adminapi.QueueDrop{QueueChange: in, Note: c.note})
	}
	cmd := &cobra.Command{
		Use: "clear --tenant TENANT", Short: "End all jobs of a tenant that wait or are held", Args: cobra.NoArgs,
		Long: `End all jobs of a tenant that wait or are held, as "agentctl queue drop --all" does, without a note on their tickets. How many that
are is shown first, and the tenant's id has to be typed.

Where nobody can be asked, give --yes, and with --expect how many jobs it has to be: if it is another number, nothing is done. Jobs that
come in after the look are left alone, and so are those that have begun by then. A queue that is worked on changes all the time: pause
its processing before.`,
		Example: "  agentctl queue clear --tenant example-clinic\n  agentctl queue clear --tenant example-clinic --yes --expect 120",
		RunE:    c.clear,
	}
	flags := cmd.Flags()
	flags.StringVar(&c.flags.tenantID, "tenant", "", "tenant id")
	flags.StringVar(&c.note, "reason-note", "the queue was cleared", "why, as it will stand with the jobs")
	flags.IntVar(&c.expect, "expect", 0, "how many jobs it has to be")
	flags.BoolVar(&c.yes, "yes", false, "do not ask, as in scripts; needs --expect")
	flags.BoolVar(&c.dryRun, "dry-run", false, "only show what would be done")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}

func (c *clearing) clear(cmd *cobra.Command, _ []string) error {
	expects := cmd.Flags().Changed("expect")
	if c.yes && !expects {
		return errors.New("--yes clears a queue that nobody has looked at: say with --expect how many jobs it has to be")
	}
	if c.expect < 0 {
		return errors.New("--expect: has to be 0 or more")
	}
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	in := adminapi.QueueChange{All: true, DryRun: true}
	seen, err := c.look(cmd, client, in, 0)
	if err != nil {
		return err
	}
	if expects && seen.Jobs != c.expect {
		return fmt.Errorf("%s would be dropped, and %d were expected: nothing was done", plural(int64(seen.Jobs), "job"), c.expect)
	}
	if seen.Jobs == 0 || c.dryRun {
		return nil
	}
	if !c.yes {
		if err := c.confirmTenant(cmd, seen.Jobs); err != nil {
			return err
		}
	}
	in.DryRun, in.AsOf = false, &seen.AsOf
	if expects {
		in.Expect = &c.expect
	}
	return c.do(cmd, client, in, seen)
}

// confirmTenant asks for the tenant's id. Only a person can be asked: what is piped in was not meant as an answer.
func (c *clearing) confirmTenant(cmd *cobra.Command, jobs int) error {
	terminal, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(terminal.Fd())) {
		return fmt.Errorf("nothing was done: to clear a queue where nobody can be asked, give --yes --expect %d", jobs)
	}
	cmd.PrintErrf("Type %s to drop them: ", c.flags.tenantID)
	line, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != c.flags.tenantID {
		return errors.New("that is not the tenant's id: nothing was done")
	}
	return nil
}
