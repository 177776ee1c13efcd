package sidecar_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/api"
	"github.com/dapr/durabletask-go/api/protos"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

// taskHub is the workflow engine behind the sidecar's gRPC side.
type taskHub struct {
	protos.UnimplementedTaskHubSidecarServiceServer

	mu        sync.Mutex
	instances map[string]*protos.WorkflowState
	err       error
}

func (h *taskHub) GetInstance(_ context.Context, in *protos.GetInstanceRequest) (*protos.GetInstanceResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	state, ok := h.instances[in.GetInstanceId()]
	return &protos.GetInstanceResponse{Exists: ok, WorkflowState: state}, h.err
}

func (h *taskHub) TerminateInstance(_ context.Context, in *protos.TerminateRequest) (*protos.TerminateResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	state, ok := h.instances[in.GetInstanceId()]
	if !ok {
		return nil, status.Error(codes.Internal, "example: "+api.ErrInstanceNotFound.Error()) // as daprd says it
	}
	state.WorkflowStatus = protos.OrchestrationStatus_ORCHESTRATION_STATUS_TERMINATED
	return &protos.TerminateResponse{}, h.err
}

func (h *taskHub) PurgeInstances(_ context.Context, in *protos.PurgeInstancesRequest) (*protos.PurgeInstancesResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return nil, h.err
	}
	if _, ok := h.instances[in.GetInstanceId()]; !ok {
		return &protos.PurgeInstancesResponse{}, nil
	}
	delete(h.instances, in.GetInstanceId())
	return &protos.PurgeInstancesResponse{DeletedInstanceCount: 1}, nil
}

func engine(t *testing.T) (*sidecar.Instances, *taskHub) {
	t.Helper()
	s, d := connect(t, nil)
	d.hub.instances = map[string]*protos.WorkflowState{}
	return s.Instances(), &d.hub
}

func TestLookTellsHowFarAWorkflowIs(t *testing.T) {
	instances, hub := engine(t)
	moved := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for engines, want := range map[protos.OrchestrationStatus]sidecar.Phase{
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_PENDING:          sidecar.PhaseActive,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_RUNNING:          sidecar.PhaseActive,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_CONTINUED_AS_NEW: sidecar.PhaseActive,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_SUSPENDED:        sidecar.PhaseHeld,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_STALLED:          sidecar.PhaseHeld,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_COMPLETED:        sidecar.PhaseEnded,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_CANCELED:         sidecar.PhaseEnded,
		protos.OrchestrationStatus_ORCHESTRATION_STATUS_TERMINATED:       sidecar.PhaseEnded,
	} {
		hub.instances["j"] = &protos.WorkflowState{InstanceId: "j", WorkflowStatus: engines, LastUpdatedTimestamp: timestamppb.New(moved)}
		got, err := instances.Look(t.Context(), "j")
		if err != nil || got.Phase != want || got.Detail == "" || !got.MovedAt.Equal(moved) {
			t.Errorf("%s: %+v, %v; want %s", engines, got, err, want)
		}
	}
	hub.instances["j"] = &protos.WorkflowState{
		WorkflowStatus: protos.OrchestrationStatus_ORCHESTRATION_STATUS_FAILED, FailureDetails: &protos.TaskFailureDetails{ErrorMessage: "example"},
	}
	if got, err := instances.Look(t.Context(), "j"); err != nil || got.Phase != sidecar.PhaseEnded || got.Detail != "FAILED: example" || !got.MovedAt.IsZero() {
		t.Errorf("a failed one: %+v, %v", got, err)
	}
	if got, err := instances.Look(t.Context(), "other"); err != nil || got.Phase != sidecar.PhaseNone {
		t.Errorf("one that there is not: %+v, %v", got, err)
	}
}

// As daprd 1.18.2 says it of a workflow whose state was lost but for what it wrote afterwards.
func TestAWorkflowOfWhichPartsAreMissingIsDamaged(t *testing.T) {
	instances, hub := engine(t)
	for _, part := range []string{"history key 'history-000000' declared in metadata (historyLength=8)", "inbox key 'inbox-000000' declared in metadata (inboxLength=1)"} {
		hub.err = status.Error(codes.Unknown, "workflow 'j': "+part+" but missing from state store (transient store read failure or partial save?)")
		if got, err := instances.Look(t.Context(), "j"); err != nil || got.Phase != sidecar.PhaseDamaged || !strings.Contains(got.Detail, part) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// That the engine does not answer must never be taken for the absence of a workflow.
func TestAnEngineThatIsDownKnowsNothing(t *testing.T) {
	instances, hub := engine(t)
	hub.instances["j"], hub.err = &protos.WorkflowState{}, status.Error(codes.Unavailable, "example: redis is down")
	_, looked := instances.Look(t.Context(), "j")
	for what, err := range map[string]error{
		"look": looked, "terminate": instances.Terminate(t.Context(), "j"), "purge": instances.Purge(t.Context(), "j"),
	} {
		if err == nil || errors.Is(err, api.ErrInstanceNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAWorkflowIsEndedAndRemoved(t *testing.T) {
	instances, hub := engine(t)
	hub.instances["j"] = &protos.WorkflowState{}
	if err := instances.Terminate(t.Context(), "j"); err != nil {
		t.Fatal(err)
	}
	if got, err := instances.Look(t.Context(), "j"); err != nil || got.Phase != sidecar.PhaseEnded {
		t.Errorf("ended: %+v, %v", got, err)
	}
	for range 2 { // the second time there is nothing left
		if err := errors.Join(instances.Purge(t.Context(), "j"), instances.Terminate(t.Context(), "other")); err != nil {
			t.Error(err)
		}
	}
	if got, err := instances.Look(t.Context(), "j"); err != nil || got.Phase != sidecar.PhaseNone {
		t.Errorf("removed: %+v, %v", got, err)
	}
}
