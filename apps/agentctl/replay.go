package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/replay"
)

// replayFlags are those of `agentctl replay`.
type replayFlags struct {
	tenantID, since      string
	limit, concurrency   int
	preferences, compare string
	asOf, yes            bool
	out, progress        string
}

const mostConcurrent = 8

func newReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use: "replay", Short: "Draft the notes that past tickets would get; nothing is posted", Args: cobra.NoArgs,
		Long: "Run past tickets, the one resolved last first, through today's configuration, and tell what would have been said and\n" +
			"what it costs. Nothing is posted; what the language model costs is the tenant's. Each ticket is taken as of its\n" +
			"creation: what was resolved later is left out of the sources.\n\n" +
			"Exit status: 0 all drafted; 4 all but some; 130 interrupted, with a report of what there is; 1 failed.",
		Example: "  agentctl replay --tenant example-clinic --since 30d --limit 50 --out report.html\n" +
			"  agentctl replay --tenant example-clinic --since 2026-10-01 --compare other.yaml --out report.html --progress replay.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.tenantID, "tenant", "", "tenant id")
	flags.StringVar(&f.since, "since", "30d", "tickets that were resolved in so many days or hours (30d, 12h), or since a day (2026-10-01)")
	flags.IntVar(&f.limit, "limit", 50, "at most so many tickets") //nolint:mnd // shown in the help
	flags.IntVar(&f.concurrency, "concurrency", 2, "so many at once, up to "+strconv.Itoa(mostConcurrent))
	flags.StringVar(&f.preferences, "preferences", "", "file (JSON or YAML) with preferences in place of the tenant's")
	flags.StringVar(&f.compare, "compare", "", "file with other preferences: each ticket is drafted under both, side by side")
	flags.BoolVar(&f.asOf, "as-of", true, "leave out of the sources what was resolved after the ticket was created")
	flags.BoolVar(&f.yes, "yes", false, "do not ask whether to go on when it costs something")
	flags.StringVar(&f.out, "out", "", "write a report: a file that ends in .html, .json or .csv")
	flags.StringVar(&f.progress, "progress", "", "keep each result in this file, and go on with those that it has")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}

func (f *replayFlags) run(cmd *cobra.Command) error {
	since, err := f.check(time.Now())
	if err != nil {
		return err
	}
	plan, err := f.plan(cmd)
	if err != nil {
		return err
	}
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	tickets, err := pastTickets(cmd.Context(), client, f.tenantID, since, f.limit)
	if err != nil {
		return err
	}
	if len(tickets) == 0 {
		return fmt.Errorf("no past ticket of %s was resolved since %s: mirror or import some, or look further back with --since", f.tenantID, shown(since))
	}
	results, failure := f.replay(cmd, client, plan, tickets)
	if len(results) == 0 && failure != nil {
		return failure
	}
	report := replay.NewReport(plan, len(tickets), results, time.Now())
	return f.tell(cmd, report, failure)
}

// check reads what can be wrong with the flags alone.
func (f *replayFlags) check(now time.Time) (since time.Time, err error) {
	if f.limit < 1 {
		return since, errors.New("--limit: has to be 1 or more")
	}
	if f.concurrency < 1 || f.concurrency > mostConcurrent {
		return since, fmt.Errorf("--concurrency: has to be between 1 and %d", mostConcurrent)
	}
	if f.preferences == "-" || f.compare == "-" {
		return since, errors.New("--preferences, --compare: name files; standard input is for the answer whether to go on")
	}
	if _, err := writer(f.out); err != nil {
		return since, err
	}
	if since, err = parseSince(f.since, now); err != nil {
		return since, fmt.Errorf("--since: %w", err)
	}
	return since, nil
}

// parseSince reads 30d, 12h, a day, or a time.
func parseSince(text string, now time.Time) (time.Time, error) {
	if days, is := strings.CutSuffix(text, "d"); is {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.Add(-time.Duration(n) * day), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	since, err := parseDay(text)
	if err != nil {
		return since, fmt.Errorf("%q is neither a span (30d, 12h) nor a day (2026-10-01)", text)
	}
	return since, nil
}

func (f *replayFlags) plan(cmd *cobra.Command) (replay.Plan, error) {
	plan := replay.Plan{TenantID: f.tenantID, AsOf: f.asOf}
	first := replay.Configuration{Name: "the tenant's own"}
	var err error
	if f.preferences != "" {
		first.Name = filepath.Base(f.preferences)
		if first.Preferences, err = readPreferences(cmd, "--preferences", f.preferences); err != nil {
			return plan, err
		}
	}
	plan.Configurations = append(plan.Configurations, first)
	if f.compare == "" {
		return plan, nil
	}
	second := replay.Configuration{Name: filepath.Base(f.compare)}
	if second.Preferences, err = readPreferences(cmd, "--compare", f.compare); err != nil {
		return plan, err
	}
	if second.Name == first.Name {
		first.Name, second.Name = f.preferences, f.compare
		plan.Configurations[0] = first
	}
	plan.Configurations = append(plan.Configurations, second)
	return plan, nil
}

func pastTickets(ctx context.Context, client *adminapi.Client, tenantID string, since time.Time, limit int) ([]adminapi.ResolvedTicket, error) {
	var tickets []adminapi.ResolvedTicket
	for t, err := range client.PastTickets(ctx, tenantID, since, limit) {
		if err != nil {
			return nil, err
		}
		tickets = append(tickets, t)
		if len(tickets) == limit {
			break
		}
	}
	return tickets, nil
}

func (f *replayFlags) replay(cmd *cobra.Command, client *adminapi.Client, plan replay.Plan, tickets []adminapi.ResolvedTicket) ([]replay.Result, error) {
	keep := func(replay.Result) error { return nil }
	var earlier []replay.Result
	if f.progress != "" {
		progress, known, err := replay.OpenProgress(f.progress, plan)
		if err != nil {
			return nil, err
		}
		defer func() { _ = progress.Close() }() // each result was written when it came
		keep, earlier = progress.Add, known
		if whole := slices.DeleteFunc(slices.Clone(known), replay.Result.Failed); len(whole) > 0 {
			cmd.PrintErrf("%s has %s already\n", f.progress, plural(int64(len(whole)), "ticket"))
		}
	}
	done := 0
	runner := replay.Runner{
		Previews: client, Concurrency: f.concurrency,
		Confirm: func(e replay.Estimate) error { return f.confirm(cmd, e) },
		Drafted: keep,
		Done: func(r replay.Result) error {
			done++
			cmd.PrintErrf("%d  %s  $%.4f  %s\n", done, plain(r.TicketID), r.CostUSD(), plain(headline(r)))
			return keep(r)
		},
	}
	return runner.Run(cmd.Context(), plan, tickets, earlier)
}

// headline is what became of a ticket, in a few words.
func headline(r replay.Result) string {
	var parts []string
	for _, d := range r.Drafts {
		switch {
		case d.Preview == nil:
			first, _, _ := strings.Cut(d.Error, "\n")
			parts = append(parts, "failed: "+first)
		case d.Preview.Account.Generated:
			parts = append(parts, fmt.Sprintf("%d words, confidence %.2f", d.Preview.Account.Words, d.Preview.Account.Confidence))
		default:
			parts = append(parts, cmp.Or(d.Preview.Account.FallbackReason, "not generated"))
		}
	}
	return strings.Join(parts, " | ") + "  " + r.Subject
}

// errReplayStopped says that the operator ended a replay.
var errReplayStopped = errors.New("the replay was interrupted")

// errDeclined says that the operator does not want to pay.
var errDeclined = errors.New("ended before it cost more")

// confirm asks a person. What is piped in was not meant as an answer.
func (f *replayFlags) confirm(cmd *cobra.Command, e replay.Estimate) error {
	question := fmt.Sprintf("%s cost $%.4f; the other %d may cost about $%.4f, which is the tenant's.",
		plural(int64(e.Drafted), "ticket"), e.SpentUSD, e.Left, e.LeftUSD)
	if f.yes {
		cmd.PrintErrln(question)
		return nil
	}
	terminal, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(terminal.Fd())) {
		return fmt.Errorf("%w: %s Say --yes to go on", errDeclined, question)
	}
	cmd.PrintErrf("%s Go on? [y/N] ", question)
	answer, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if given := strings.ToLower(strings.TrimSpace(answer)); given != "y" && given != "yes" {
		return errDeclined
	}
	return nil
}
