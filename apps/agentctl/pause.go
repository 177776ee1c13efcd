package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// whose are the flags that say of which tenant something is, or that it is of all.
type whose struct {
	tenantID string
	all      bool
}

func (w *whose) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.tenantID, "tenant", "", "tenant id")
	cmd.Flags().BoolVar(&w.all, "all", false, "of all tenants")
	cmd.MarkFlagsOneRequired("tenant", "all")
	cmd.MarkFlagsMutuallyExclusive("tenant", "all")
}

func (w *whose) String() string {
	if w.all {
		return "all tenants"
	}
	return w.tenantID
}

func pauseScope(text string) (enhancement.PauseScope, error) {
	switch scope := enhancement.PauseScope(text); scope {
	case enhancement.PauseIntake, enhancement.PauseProcessing:
		return scope, nil
	}
	return "", fmt.Errorf("%q cannot be paused: use %s or %s", text, enhancement.PauseIntake, enhancement.PauseProcessing)
}

// pauseSeconds are those of --for; 0 without it.
func pauseSeconds(until string) (int, error) {
	if until == "" {
		return 0, nil
	}
	period, err := parsePeriod(until)
	if err == nil && (period < time.Second || period > adminapi.LongestPause) {
		err = errors.New("a pause that ends by itself lasts from 1s to 30d")
	}
	if err != nil {
		return 0, fmt.Errorf("--for: %w", err)
	}
	return int(period / time.Second), nil
}

func newPauseCommand() *cobra.Command {
	var (
		of            whose
		reason, until string
		yes           bool
	)
	cmd := &cobra.Command{
		Use: "pause intake|processing {--tenant TENANT | --all} --reason TEXT", Short: "Pause what comes in, or what is worked on", Args: cobra.ExactArgs(1),
		Long: `Pause intake or processing, of one tenant or of all.

  processing  webhooks are accepted, and their jobs wait until the pause ends. What runs goes on to its end. Nothing is lost.
  intake      webhooks are answered 503 with Retry-After. New tickets are caught up after the pause; updates of tickets only
              where their sender tries again.

A pause survives restarts, counts for all replicas at once, and ends with --for, or with "agentctl resume". Given again, it gets
the new reason and end.`,
		Example: "  agentctl pause processing --tenant example-clinic --reason \"their server moves\" --for 2h\n" +
			"  agentctl pause intake --all --reason \"restore from a backup\" --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := pauseScope(args[0])
			if err != nil {
				return err
			}
			in := adminapi.BeginPause{Reason: reason}
			if in.Seconds, err = pauseSeconds(until); err != nil {
				return err
			}
			if of.all && !yes {
				if err := typed(cmd, fmt.Sprintf("This pauses %s of all tenants.", scope), "all"); err != nil {
					return err
				}
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			p, err := client.Pause(cmd.Context(), of.tenantID, scope, in)
			if err != nil {
				return err
			}
			if err := say(cmd, "%s of %s is paused %s", scope, &of, ending(p.Pause)); err != nil {
				return err
			}
			for _, note := range p.Notes {
				if err := say(cmd, "  - %s", plain(note)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	of.bind(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, as others will read it")
	cmd.Flags().StringVar(&until, "for", "", "how long: 30m, 2h, 1d; without it, until it is resumed")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask, as in scripts")
	_ = cmd.MarkFlagRequired("reason") // fails only for a flag that does not exist
	return cmd
}

// typed has a person type a word to go on. Only a person can be asked: what is piped in was not meant as an answer.
func typed(cmd *cobra.Command, what, word string) error {
	terminal, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(terminal.Fd())) {
		return fmt.Errorf("nothing was done. %s Where nobody can be asked, give --yes", what)
	}
	cmd.PrintErrf("%s Type %s to go on: ", what, word)
	line, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != word {
		return fmt.Errorf("that is not %s: nothing was done", word)
	}
	return nil
}

// ending says when a pause ends.
func ending(p adminapi.Pause) string {
	if p.Until == nil {
		return "until it is resumed"
	}
	return "until " + shown(*p.Until)
}

func newResumeCommand() *cobra.Command {
	var of whose
	cmd := &cobra.Command{
		Use: "resume intake|processing {--tenant TENANT | --all}", Short: "End a pause", Args: cobra.ExactArgs(1),
		Long: "End a pause of one tenant, or that of all. What waits goes on within a second. The pause of all tenants and those of single\n" +
			"ones are ended one by one.",
		Example: "  agentctl resume processing --tenant example-clinic",
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := pauseScope(args[0])
			if err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			ended, err := client.Resume(cmd.Context(), of.tenantID, scope)
			if err != nil {
				return err
			}
			if err := say(cmd, "%s of %s was paused for %s", scope, &of, waited(&ended.Since)); err != nil || !ended.StillPaused {
				return err
			}
			return say(cmd, "it stays paused, with all tenants: see `agentctl pauses`")
		},
	}
	of.bind(cmd)
	return cmd
}

func newPausesCommand() *cobra.Command {
	var (
		tenantID string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use: "pauses", Short: "List what is paused, by whom and why", Args: cobra.NoArgs,
		Example: "  agentctl pauses\n  agentctl pauses --tenant example-clinic --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			pauses, err := pausesOf(cmd, client, tenantID)
			t := newTable(cmd, asJSON, "TENANT", "PAUSED", "SINCE", "UNTIL", "BY", "REASON")
			for _, p := range pauses {
				t.row(p, everybodyIf(p.TenantID), p.Scope, shown(p.Since), when(p.Until, "-"), p.By, p.Reason)
			}
			return t.close(err)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "only those that this tenant is under")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

func everybodyIf(tenantID string) string {
	if tenantID == "" {
		return "(all)"
	}
	return tenantID
}

// pausesOf are the pauses of the tenant, or of all that the token reaches.
func pausesOf(cmd *cobra.Command, client *adminapi.Client, tenantID string) ([]adminapi.Pause, error) {
	if tenantID != "" {
		return client.Pauses(cmd.Context(), tenantID)
	}
	who, err := client.WhoAmI(cmd.Context())
	if err != nil {
		return nil, err
	}
	if len(who.Tenants) == 0 {
		return client.Pauses(cmd.Context(), "")
	}
	var all []adminapi.Pause
	told := map[enhancement.PauseScope]bool{} // of all tenants: it comes with each
	for _, id := range who.Tenants {
		pauses, err := client.Pauses(cmd.Context(), id)
		if err != nil && !missing(err) {
			return all, err
		}
		for _, p := range pauses {
			if p.TenantID == "" && told[p.Scope] {
				continue
			}
			told[p.Scope] = told[p.Scope] || p.TenantID == ""
			all = append(all, p)
		}
	}
	return all, nil
}

// tellPauses says beside a list what keeps its jobs from going on.
func tellPauses(cmd *cobra.Command, client *adminapi.Client, tenantID string) error {
	pauses, err := pausesOf(cmd, client, tenantID)
	for _, p := range pauses {
		cmd.PrintErrln(plain(fmt.Sprintf("%s of %s is paused since %s, %s: %s", p.Scope, everybodyIf(p.TenantID), shown(p.Since), ending(p), p.Reason)))
	}
	return err
}
