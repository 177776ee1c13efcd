// Command chaos breaks the platform while it works, as a seed says, and prints a table of what became of every ticket. It ends
// with status 1 if a ticket was lost or done twice, or was not done within a minute after the fault.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/e2e/chaos"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	usualDuration = 5 * time.Minute
	// longDuration has time for every fault.
	longDuration = 30 * time.Minute
	usualTenants = 4
	usualRate    = 4
	largestSeed  = 1_000_000
	settleFor    = 3 * time.Minute
	// findFor is longer than a request has to be old before the poll takes it for missed, than the poll then takes, and than a
	// server that has limited its calls is left alone.
	findFor      = 10 * time.Minute
	tidyPatience = 2 * time.Minute
	readyTimeout = 2 * time.Minute
)

type settings struct {
	seed     uint64
	duration time.Duration
	tenants  int
	rate     float64
	short    bool
	only     []string
	markdown string
	keep     bool
	plan     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var (
		s    settings
		only string
	)
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.Uint64Var(&s.seed, "seed", 0, "what the schedule is drawn from; a new one when 0")
	flags.DurationVar(&s.duration, "duration", usualDuration, "how long faults go on")
	long := flags.Bool("long", false, "the same as -duration 30m, which has time for every fault")
	flags.IntVar(&s.tenants, "tenants", usualTenants, "how many tenants there are")
	flags.Float64Var(&s.rate, "rate", usualRate, "how many tickets are sent in a second")
	flags.BoolVar(&s.short, "short", false, "short faults, shortly after one another")
	flags.StringVar(&only, "only", "", "the faults to make, separated by commas; all when empty")
	flags.StringVar(&s.markdown, "markdown", "", "a file to write the table to, in Markdown")
	flags.BoolVar(&s.keep, "keep", false, "keep the logs also when all went well")
	flags.BoolVar(&s.plan, "plan", false, "print the schedule, and what each fault does, and end")
	if err := flags.Parse(args); err != nil {
		return s, fmt.Errorf("flags: %w", err)
	}
	if *long {
		s.duration = longDuration
	}
	if s.seed == 0 {
		s.seed = rand.Uint64N(largestSeed) + 1 //nolint:gosec // it is printed
	}
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	for _, name := range s.only {
		if chaos.Describe(name) == "" {
			return s, fmt.Errorf("-only: there is no fault %q: -plan lists them", name)
		}
	}
	if s.tenants < 1 || s.rate <= 0 || s.duration <= 0 {
		return s, errors.New("-tenants, -rate and -duration have to be positive")
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	s, err := parse(args)
	if err != nil {
		return err
	}
	pace := chaos.FullPace()
	if s.short {
		pace = chaos.ShortPace()
	}
	opts := chaos.Options{
		Plan: chaos.NewPlan(s.seed, s.duration, pace, s.only...), Tenants: s.tenants, Rate: s.rate,
		Name: "chaos", Settle: settleFor, Patience: tidyPatience, Progress: out,
	}
	if !s.short {
		opts.Find = findFor
	}
	show(out, opts.Plan)
	if s.plan {
		explain(out)
		return nil
	}
	dir, err := os.MkdirTemp("", "ai-agents-chaos-")
	if err != nil {
		return fmt.Errorf("make a run directory: %w", err)
	}
	report, err := breakIt(ctx, dir, opts)
	if err != nil {
		return fmt.Errorf("logs are in %s: %w", dir, err)
	}
	fmt.Fprintln(out)
	if err := report.Print(out); err != nil {
		return err
	}
	command := reproduce(s)
	fmt.Fprintf(out, "To see it again: %s\n", command)
	if s.markdown != "" {
		if err := write(s.markdown, report, command); err != nil {
			return err
		}
	}
	if err := report.Err(); err != nil || s.keep {
		return err
	}
	return stack.Remove(ctx, dir)
}

// breakIt runs the plan on a stack of its own, which is gone afterwards but for its files.
func breakIt(ctx context.Context, dir string, opts chaos.Options) (report *chaos.Report, err error) {
	s, err := stack.Start(ctx, stack.Options{Dir: dir, Ports: stack.Any, ReadyTimeout: readyTimeout, Env: chaos.Settings(dir)})
	if err != nil {
		return nil, fmt.Errorf("start the stack (after `make build`): %w", err)
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	return chaos.Run(ctx, s, opts)
}

func show(out io.Writer, plan chaos.Plan) {
	fmt.Fprint(out, plan)
	if left := plan.Left(); len(left) > 0 {
		fmt.Fprintf(out, "No time for: %s\n", strings.Join(left, ", "))
	}
	fmt.Fprintln(out)
}

// explain says what each fault does.
func explain(out io.Writer) {
	for _, name := range chaos.Names() {
		fmt.Fprintf(out, "%-46s %s\n", name, chaos.Describe(name))
	}
}

// reproduce is the command that draws the same schedule.
func reproduce(s settings) string {
	flags := []string{fmt.Sprintf("-seed %d -duration %s -tenants %d -rate %g", s.seed, s.duration, s.tenants, s.rate)}
	if s.short {
		flags = append(flags, "-short")
	}
	if len(s.only) > 0 {
		flags = append(flags, fmt.Sprintf("-only %q", strings.Join(s.only, ",")))
	}
	return "bin/chaos " + strings.Join(flags, " ")
}

func write(path string, report *chaos.Report, command string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return report.Markdown(file, command)
}
