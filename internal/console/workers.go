package console

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

const pathWorkers = "/workers"

func (s *Server) workerRoutes() {
	register(s, operation{
		id: "list-workers", method: http.MethodGet, path: pathWorkers, needs: permission(access.JobsRead),
		summary: "List the replicas of the enhancer",
		detail:  "Those that began first first. They are all tenants', so a token that is restricted to tenants does not reach them.",
	}, s.listWorkers)
	register(s, operation{
		id: "drain-worker", method: http.MethodPost, path: pathWorkers + "/{replica}/drain", needs: permission(access.OperationsWrite),
		summary: "Have a worker take no work any more",
		detail: "It hears of it within seconds, begins no jobs, lets its steps end and is drained then: stopped, it cuts nothing off. What it had is done by the others. " +
			"The last one that takes work is refused, unless that is said to be meant. A replica that is started in its place takes work.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, s.drainWorker)
	register(s, operation{
		id: "undrain-worker", method: http.MethodPost, path: pathWorkers + "/{replica}/undrain", needs: permission(access.OperationsWrite),
		summary: "Have a worker take work again", detail: "Within seconds.", errors: []int{http.StatusNotFound},
	}, s.undrainWorker)
}

type workersAnswer struct {
	Body adminapi.Page[adminapi.Worker]
}

type workerAnswer struct {
	Body adminapi.Worker
}

// ReplicaPath names a worker.
type ReplicaPath struct {
	Replica string `path:"replica" doc:"The worker's name." maxLength:"100"`
}

type drainWorker struct {
	ReplicaPath

	Body adminapi.DrainWorker
}

func (s *Server) listWorkers(ctx context.Context, _ *struct{}) (*workersAnswer, error) {
	members, err := s.workers.List(ctx)
	if err != nil {
		return nil, err
	}
	answer := &workersAnswer{}
	answer.Body.Items = make([]adminapi.Worker, len(members))
	for i := range members {
		answer.Body.Items[i] = showWorker(members[i])
	}
	return answer, nil
}

func (s *Server) drainWorker(ctx context.Context, in *drainWorker) (*workerAnswer, error) {
	m, err := s.workers.Drain(ctx, in.Replica, visiting(ctx).actor(), in.Body.EvenLast, func(ctx context.Context, tx postgres.Tx) error {
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationWorkerDrain, audit.StatusOK, "", in.Replica, nil))
	})
	if err != nil {
		return nil, err
	}
	return &workerAnswer{Body: showWorker(m)}, nil
}

func (s *Server) undrainWorker(ctx context.Context, in *ReplicaPath) (*workerAnswer, error) {
	m, err := s.workers.Undrain(ctx, in.Replica, visiting(ctx).actor(), func(ctx context.Context, tx postgres.Tx) error {
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationWorkerUndrain, audit.StatusOK, "", in.Replica, nil))
	})
	if err != nil {
		return nil, err
	}
	return &workerAnswer{Body: showWorker(m)}, nil
}

func showWorker(m crew.Member) adminapi.Worker {
	state := string(m.State)
	if m.Silent {
		state = adminapi.WorkerSilent // whatever it was
	}
	return adminapi.Worker{
		Replica: m.Replica, Enhancer: m.Enhancer, Version: m.Version, State: state, Steps: m.Steps, Since: m.StartedAt, SeenAt: m.SeenAt,
		Drain: m.Drain, DrainedBy: m.By, DrainedAt: orNil(m.At),
	}
}
