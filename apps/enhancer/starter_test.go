package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/dapr/durabletask-go/api/protos"
	"github.com/dapr/durabletask-go/workflow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/workflows"
)

var errExample = errors.New("example")

// starts stands in for the workflow engine.
type starts struct {
	names  []string
	ids    []string
	inputs []workflows.Job
	err    error
}

func (s *starts) ScheduleWorkflow(_ context.Context, name string, opts ...workflow.NewWorkflowOptions) (string, error) {
	request := protos.CreateInstanceRequest{}
	for _, opt := range opts {
		if err := opt(&request); err != nil {
			return "", err
		}
	}
	var input workflows.Job
	if err := json.Unmarshal([]byte(request.GetInput().GetValue()), &input); err != nil {
		return "", err
	}
	s.names, s.ids, s.inputs = append(s.names, name), append(s.ids, request.GetInstanceId()), append(s.inputs, input)
	return "", s.err
}

func (s *starts) Look(context.Context, string) (sidecar.Instance, error) {
	return sidecar.Instance{Phase: sidecar.PhaseNone}, s.err
}

const exampleJob = "9f8b6979-8851-86b3-9a47-07088f6081d1"

func TestAWorkflowIsStartedOnce(t *testing.T) {
	for name, c := range map[string]struct{ answer, want error }{
		"new":                      {nil, nil},
		"started before":           {status.Error(codes.AlreadyExists, "exists"), nil},
		"started before, wrapped":  {errors.New("rpc error: an active workflow with ID 'j' already exists"), nil},
		"the engine does not take": {errExample, errExample},
	} {
		engine := &starts{err: c.answer}
		s := &starter{engine: engine, instances: engine}
		err := s.Start(t.Context(), ledger.Admitted{TenantID: "alpha", JobID: exampleJob, TicketID: "1", CorrelationID: "c", Run: 2, Refetch: true})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		want := workflows.Job{TenantID: "alpha", JobID: exampleJob, Run: 2, CorrelationID: "c", TicketID: "1", Refetch: true}
		if len(engine.inputs) != 1 || engine.inputs[0] != want || engine.names[0] != workflows.EnhanceTicket || engine.ids[0] != exampleJob+"-2" {
			t.Errorf("%s: started %s %s with %+v", name, engine.names, engine.ids, engine.inputs)
		}
	}
}

func TestTheEngineIsAskedWhetherItAnswers(t *testing.T) {
	for _, want := range []error{nil, errExample} {
		s := &starter{instances: &starts{err: want}}
		if err := s.Answers(t.Context()); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// stored stands in for the ledger.
type stored struct {
	job enhancement.Job
	err error
}

func (s stored) Job(context.Context, string, string) (enhancement.Job, error) { return s.job, s.err }

func (s stored) TraceAnew(context.Context, string, string, int, string) error { return s.err }

// What the sweeper was given may be out of date: the ledger decides.
func TestTheSweepersStart(t *testing.T) {
	due := ledger.Due{TenantID: "alpha", JobID: exampleJob, TicketID: "1", CorrelationID: "c", Run: 1}
	running := enhancement.Job{Status: enhancement.StatusRunning, Run: 1, Refetch: true}
	for name, c := range map[string]struct {
		ledger stored
		start  error
		want   error
		starts int
	}{
		"lost":           {stored{job: running}, nil, nil, 1},
		"not lost":       {stored{job: running}, status.Error(codes.AlreadyExists, "exists"), nil, 1},
		"engine down":    {stored{job: running}, errExample, errExample, 1},
		"ended":          {stored{job: enhancement.Job{Status: enhancement.StatusCompleted, Run: 1}}, nil, nil, 0},
		"waits again":    {stored{job: enhancement.Job{Status: enhancement.StatusPending, Run: 1}}, nil, nil, 0},
		"begun anew":     {stored{job: enhancement.Job{Status: enhancement.StatusRunning, Run: 2}}, nil, nil, 0},
		"gone":           {stored{err: enhancement.ErrNotFound}, nil, nil, 0},
		"ledger trouble": {stored{err: errExample}, nil, errExample, 0},
	} {
		engine := &starts{err: c.start}
		s := &starter{ledger: c.ledger, engine: engine}
		if err := s.Restart(t.Context(), due); !errors.Is(err, c.want) || len(engine.inputs) != c.starts {
			t.Errorf("%s: %v after %d starts", name, err, len(engine.inputs))
		}
		want := workflows.Job{TenantID: "alpha", JobID: exampleJob, Run: 1, CorrelationID: "c", TicketID: "1", Refetch: true}
		if c.starts == 1 && (engine.names[0] != workflows.EnhanceTicket || engine.inputs[0] != want) {
			t.Errorf("%s: started %s with %+v", name, engine.names[0], engine.inputs[0])
		}
	}
}
