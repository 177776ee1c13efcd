package sidecar

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dapr/durabletask-go/api"
	"github.com/dapr/durabletask-go/workflow"
)

// Phase is how far a workflow is, as far as it matters to who waits for it.
type Phase string

// The phases.
const (
	PhaseNone   Phase = "none"   // the engine does not know it
	PhaseActive Phase = "active" // waiting for its turn, running, or asleep until a timer fires
	PhaseHeld   Phase = "held"   // suspended by an operator, or no worker knows its version: it goes on when that is mended
	PhaseEnded  Phase = "ended"  // well or badly
	// PhaseDamaged: the state store has a part of it only, so that it can neither go on nor be removed.
	PhaseDamaged Phase = "damaged"
)

// Instance is what the engine says of a workflow.
type Instance struct {
	Phase Phase
	// Detail is the engine's own word for the phase, and why the workflow failed if it did.
	Detail string
	// MovedAt is when its history last grew; zero when the engine does not say.
	MovedAt time.Time
}

// engineTimeout bounds one question to the workflow engine.
const engineTimeout = 5 * time.Second

// Instances asks the workflow engine about workflows by their instance ids.
type Instances struct{ client *workflow.Client }

// Instances gives what is known of workflows, over the same connection.
func (s *Sidecar) Instances() *Instances { return &Instances{s.Workflows()} }

// Look tells how far the workflow is. An error says nothing about the workflow.
func (i *Instances) Look(ctx context.Context, id string) (Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	found, err := i.client.FetchWorkflowMetadata(ctx, id, workflow.WithFetchPayloads(false))
	if says(err, api.ErrInstanceNotFound) {
		return Instance{Phase: PhaseNone}, nil
	}
	if damaged(err) {
		return Instance{Phase: PhaseDamaged, Detail: err.Error()}, nil
	}
	if err != nil {
		return Instance{}, fmt.Errorf("look for workflow %s: %w", id, err)
	}
	instance := Instance{Phase: phaseOf(found), Detail: found.String()}
	if failure := found.FailureDetails.GetErrorMessage(); failure != "" {
		instance.Detail += ": " + failure
	}
	if moved := found.LastUpdatedAt; moved != nil {
		instance.MovedAt = moved.AsTime()
	}
	return instance, nil
}

func phaseOf(found *workflow.WorkflowMetadata) Phase {
	switch found.RuntimeStatus {
	case workflow.StatusCompleted, workflow.StatusFailed, workflow.StatusTerminated, workflow.StatusCanceled:
		return PhaseEnded
	case workflow.StatusSuspended, workflow.StatusStalled:
		return PhaseHeld
	case workflow.StatusPending, workflow.StatusRunning, workflow.StatusContinuedAsNew:
	}
	return PhaseActive
}

// Terminate ends a workflow as soon as the engine comes to it. Without effect on one that there is not.
func (i *Instances) Terminate(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	if err := i.client.TerminateWorkflow(ctx, id); err != nil && !says(err, api.ErrInstanceNotFound) {
		return fmt.Errorf("terminate workflow %s: %w", id, err)
	}
	return nil
}

// Purge removes what the engine keeps of an ended workflow. Without effect on one that there is not; an error for one that
// has not ended.
func (i *Instances) Purge(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	if err := i.client.PurgeWorkflowState(ctx, id); err != nil && !says(err, api.ErrInstanceNotFound) {
		return fmt.Errorf("purge workflow %s: %w", id, err)
	}
	return nil
}

// damaged recognises what daprd 1.18 says when the state store has lost entries of a workflow that it still declares. It comes
// to that when Redis loses its data while daprd has the workflow in memory: it then stores what is new, and nothing of what was.
// Every later call loads the state first and ends with this error, the removal by force included.
func damaged(err error) bool {
	return err != nil && strings.Contains(err.Error(), "declared in metadata") && strings.Contains(err.Error(), "missing from state store")
}

// says also reads the message: what the engine's own error was is lost on its way through the sidecar.
func says(err, known error) bool {
	return err != nil && (errors.Is(err, known) || strings.Contains(err.Error(), known.Error()))
}
