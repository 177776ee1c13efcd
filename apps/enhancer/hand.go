package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/enhancement/dispatch"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/workflows"
)

// newHand makes what tells operators of this replica, and has its worker take work or not.
func newHand(db *postgres.DB, enhancer string, engine *workflow.Client, activities *workflows.Activities, dispatcher *dispatch.Dispatcher,
	ready func(context.Context) error, metrics *telemetry.Metrics, logger *slog.Logger,
) (*crew.Hand, error) {
	replica, err := replicaName()
	if err != nil {
		return nil, err
	}
	return crew.NewHand(crew.Config{
		Replica: replica, Version: telemetry.Version(), Enhancer: enhancer, Engine: connection{engine, activities, ready}, Beats: crew.NewRegister(db),
		Halt: dispatcher.Halt, Steps: activities.UnderWay, Metrics: metrics, Logger: logger,
	}), nil
}

// replicaName is the machine's name, and a part that another process of it does not have: one that is started in the place of a
// drained one takes work.
func replicaName() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name this replica by its machine: %w", err)
	}
	const longest, unique = 60, 6
	return host[:min(len(host), longest)] + "-" + strings.ToLower(rand.Text()[:unique]), nil
}

// connection is the workflow engine as this replica's worker is connected to it.
type connection struct {
	engine     *workflow.Client
	activities *workflows.Activities
	ready      func(context.Context) error
}

// Connect implements crew.Engine.
func (c connection) Connect(ctx context.Context) error {
	registry := workflow.NewRegistry()
	if err := workflows.Register(registry, c.activities); err != nil { //nolint:contextcheck // activities get theirs from the engine
		return err
	}
	if err := c.engine.StartWorker(ctx, registry); err != nil {
		return fmt.Errorf("start the workflow worker: %w", err)
	}
	return nil
}

// Ready implements crew.Engine.
func (c connection) Ready(ctx context.Context) error { return c.ready(ctx) }
