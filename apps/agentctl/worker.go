package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newWorkerCommand() *cobra.Command {
	return group(&cobra.Command{Use: "worker", Short: "Look at the replicas of the enhancer, drain one"},
		newWorkerListCommand(), newWorkerDrainCommand(), newWorkerUndrainCommand())
}

func newWorkerListCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "list", Short: "List the replicas of the enhancer", Args: cobra.NoArgs,
		Example: "  agentctl worker list\n  agentctl worker list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			workers, err := client.Workers(cmd.Context())
			t := newTable(cmd, asJSON, "REPLICA", "OF", "STATE", "STEPS", "VERSION", "SINCE", "SEEN", "DRAINED BY")
			for _, w := range workers {
				t.row(w, w.Replica, cmp.Or(w.Enhancer, string(tenant.IsolationShared)), workerState(w), w.Steps, w.Version, shown(w.Since), shown(w.SeenAt), w.DrainedBy)
			}
			return t.close(err)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

// workerState is the worker's state, and whether it has yet to hear of a change.
func workerState(w adminapi.Worker) string {
	if w.Drain && w.State == adminapi.WorkerWorking {
		return "working, to be drained"
	}
	return w.State
}

func newWorkerDrainCommand() *cobra.Command {
	var (
		wait, yes bool
		timeout   time.Duration
	)
	cmd := &cobra.Command{
		Use: "drain REPLICA", Short: "Have a worker take no work any more", Args: cobra.ExactArgs(1),
		Long: `Have a worker take no work any more. It begins no jobs, lets its steps end, and disconnects: stopped then, with its sidecar, it cuts nothing
off. The others go on. A process that is started in its place takes work.

The last one that takes work is drained only when that is confirmed: nothing is enhanced then until another one does, or this one is
undrained. Webhooks are accepted all the same.`,
		Example: "  agentctl worker drain enhancer-0-k3x9qa --wait",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			_, err = client.DrainWorker(cmd.Context(), args[0], adminapi.DrainWorker{EvenLast: yes})
			if adminapi.StatusOf(err) == http.StatusConflict {
				if err := typed(cmd, "No other worker takes work: nothing is enhanced until one does.", args[0]); err != nil {
					return err
				}
				_, err = client.DrainWorker(cmd.Context(), args[0], adminapi.DrainWorker{EvenLast: true})
			}
			if err != nil {
				return err
			}
			if !wait {
				return say(cmd, "%s takes no work any more; `agentctl worker list` says when it is drained", args[0])
			}
			return awaitDrained(cmd, client, args[0], timeout)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it is drained")
	cmd.Flags().DurationVar(&timeout, "timeout", drainTimeout, "how long to wait at most")
	cmd.Flags().BoolVar(&yes, "yes", false, "also when no other worker takes work, without asking")
	return cmd
}

// drainTimeout outlasts a drain with steps that do not end.
const drainTimeout = 5 * time.Minute

// lookEvery is how often a worker is looked at that is waited for.
const lookEvery = time.Second

func awaitDrained(cmd *cobra.Command, client *adminapi.Client, replica string, timeout time.Duration) error {
	for deadline := time.Now().Add(timeout); ; {
		workers, err := client.Workers(cmd.Context())
		if err != nil {
			return err
		}
		var now *adminapi.Worker
		for i := range workers {
			if workers[i].Replica == replica {
				now = &workers[i]
			}
		}
		switch {
		case now == nil:
			return say(cmd, "%s has ended", replica)
		case now.State == adminapi.WorkerDrained:
			return say(cmd, "%s is drained: it can be stopped", replica)
		case now.State == adminapi.WorkerSilent:
			return fmt.Errorf("%s has not been heard of since %s: it has ended without a word, or does not reach the database; the others do what it had",
				now.Replica, shown(now.SeenAt))
		case !now.Drain:
			return fmt.Errorf("%s was undrained meanwhile", replica)
		case time.Now().After(deadline):
			return fmt.Errorf("%s is %s with %s under way after %s; it goes on", replica, now.State, plural(int64(now.Steps), "step"), timeout)
		}
		select {
		case <-cmd.Context().Done():
			return errors.Join(errInterrupted, cmd.Context().Err())
		case <-time.After(lookEvery):
		}
	}
}

func newWorkerUndrainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "undrain REPLICA", Short: "Have a worker take work again", Args: cobra.ExactArgs(1),
		Example: "  agentctl worker undrain enhancer-0",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			if _, err := client.UndrainWorker(cmd.Context(), args[0]); err != nil {
				return err
			}
			return say(cmd, "%s takes work again, within seconds", args[0])
		},
	}
}
