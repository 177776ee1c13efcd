package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

const usage = `usage: stack up|down|status|env|clean [--dir DIR]

  up      start everything and leave it running; --infra leaves the apps out, for "dapr run -f .";
          --observe has Prometheus, Alertmanager, a collector and Jaeger watch
  down    stop what up started; data stays
  status  list the processes; exit status 3 when nothing runs, 1 when something died
  env     print the settings for a shell: eval "$(bin/stack env)"
  clean   stop, and delete data, logs and secrets`

// Exit statuses besides 0 and 1.
const (
	exitUsage      = 2
	exitNotRunning = 3
)

var (
	errUsage = errors.New(usage)
	errDead  = errors.New("something that was started has ended, see its log; `make down` and `make up` start afresh")
)

func exitCode(err error) int {
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, stack.ErrNotRunning):
		return exitNotRunning
	default:
		return 1
	}
}

// command is one invocation.
type command struct {
	dir     string
	infra   bool
	observe bool
	out     io.Writer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	c := command{out: out}
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error is printed once, by main
	flags.StringVar(&c.dir, "dir", "", "run directory; .run beside dapr.yaml when empty")
	flags.BoolVar(&c.infra, "infra", false, "start no apps")
	flags.BoolVar(&c.observe, "observe", false, "watch the stack")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		return errors.Join(err, errUsage)
	}
	if c.dir == "" {
		root, err := stack.FindRoot()
		if err != nil {
			return fmt.Errorf("find the run directory: %w", err)
		}
		c.dir = filepath.Join(root, ".run")
	}
	switch args[0] {
	case "up":
		return c.up(ctx)
	case "down":
		return c.down(ctx)
	case "status":
		return c.status()
	case "env":
		return c.env()
	case "clean":
		return c.clean(ctx)
	default:
		return errUsage
	}
}

func (c command) up(ctx context.Context) error {
	s, err := stack.Start(ctx, stack.Options{Dir: c.dir, InfraOnly: c.infra, Detach: true, Traced: c.observe, Progress: c.progress})
	if err != nil {
		return fmt.Errorf("up: %w", err)
	}
	if c.observe {
		if _, err := observe.Start(ctx, s, observe.Options{}); err != nil {
			return errors.Join(fmt.Errorf("up: %w", err), s.Stop(context.WithoutCancel(ctx)))
		}
	}
	env := s.Environment()
	c.printf("\nThe stack is up.\n\n")
	if !c.infra {
		c.printf("  gateway    %s\n  simulator  %s\n  console    %s\n", s.GatewayURL(), s.SimulatorURL(), s.ConsoleURL())
	}
	c.watchers(s)
	c.printf("  database   %s\n  logs       %s\n\n", withoutPassword(env["DATABASE_URL"]), filepath.Join(s.Dir(), "logs"))
	c.printf("Settings for a shell: eval \"$(bin/stack env)\", then bin/agentctl whoami    Stop it: make down\n")
	return nil
}

// watchers says where to look at what watches the stack, if anything does.
func (c command) watchers(s *stack.Stack) {
	o, err := observe.Attach(s)
	if err != nil {
		return
	}
	c.printf("  metrics    %s\n  alerts     %s\n  traces     %s/api/traces?service=enhancer\n", o.PrometheusURL(), o.AlertmanagerURL(), o.JaegerURL())
}

// withoutPassword makes a URL fit for a log.
func withoutPassword(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(cannot be shown)"
	}
	return u.Redacted()
}

func (c command) progress(name, state string, took time.Duration) {
	if state != stack.StateStarting {
		c.printf("  %-16s %-7s %6.1f s\n", name, state, took.Seconds())
	}
}

func (c command) down(ctx context.Context) error {
	s, err := stack.Attach(c.dir)
	if errors.Is(err, stack.ErrNotRunning) {
		c.printf("Nothing is running in %s.\n", c.dir)
		return nil
	}
	if err != nil {
		return fmt.Errorf("down: %w", err)
	}
	if err := s.Stop(ctx); err != nil {
		return fmt.Errorf("down: %w", err)
	}
	c.printf("The stack is stopped; its data is kept in %s.\n", c.dir)
	return nil
}

func (c command) status() error {
	s, err := stack.Attach(c.dir)
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	dead := false
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PROCESS\tPID\tSTATE\tLOG")
	for _, p := range s.Processes() {
		state := "running"
		if !p.Alive() {
			state, dead = "dead", true
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", p.Name(), p.PID(), state, p.LogPath())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("status: %w", err)
	}
	if s.GatewayURL() != "" {
		c.printf("\ngateway %s, simulator %s\n", s.GatewayURL(), s.SimulatorURL())
	}
	c.watchers(s)
	if dead {
		return errDead
	}
	return nil
}

func (c command) env() error {
	s, err := stack.Attach(c.dir)
	if err != nil {
		return fmt.Errorf("env: %w", err)
	}
	c.printf("%s", s.ShellEnvironment())
	return nil
}

func (c command) clean(ctx context.Context) error {
	if err := stack.Remove(ctx, c.dir); err != nil {
		return fmt.Errorf("clean: %w", err)
	}
	return nil
}

// printf writes for a person; there is nobody to tell when that fails.
func (c command) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }
