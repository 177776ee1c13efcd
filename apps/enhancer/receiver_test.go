package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dapr/durabletask-go/api/protos"
	"github.com/dapr/durabletask-go/workflow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/workflows"
)

type claims struct {
	status  enhancement.Status
	refetch bool
	err     error
}

func (c claims) Claim(context.Context, string, string) (ledger.Claimed, error) {
	return ledger.Claimed{Status: c.status, Run: 1, Refetch: c.refetch}, c.err
}

type starts struct {
	names  []string
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
	s.names, s.inputs = append(s.names, name), append(s.inputs, input)
	return "", s.err
}

const delivered = `{"specversion":"1.0","type":"com.dapr.event.sent","data":{"job_id":"9f8b6979-8851-86b3-9a47-07088f6081d1","tenant_id":"alpha","ticket_id":"1"}}`

func deliver(t *testing.T, ledger claimer, engine engine, token, body string) (int, sidecar.Delivery) {
	t.Helper()
	jobs := &receiver{ledger: ledger, engine: engine, logger: slog.New(slog.DiscardHandler)}
	handler := routes(map[string]http.Handler{event.RouteEnhancement: jobs.handler()}, "example-token",
		httpserver.NewHealth(slog.New(slog.DiscardHandler), nil), telemetry.NewMetrics())
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, event.RouteEnhancement, strings.NewReader(body))
	req.Header.Set("Dapr-Api-Token", token)
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	var answer struct {
		Status sidecar.Delivery `json:"status"`
	}
	if rec.Code == http.StatusOK {
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
	}
	return rec.Code, answer.Status
}

func TestReceiver(t *testing.T) {
	running := claims{status: enhancement.StatusRunning}
	for name, c := range map[string]struct {
		ledger claims
		start  error
		body   string
		want   sidecar.Delivery
		starts int
	}{
		"new job":                  {running, nil, delivered, sidecar.DeliveryDone, 1},
		"delivered twice":          {running, status.Error(codes.AlreadyExists, "exists"), delivered, sidecar.DeliveryDone, 1},
		"delivered twice, wrapped": {running, errors.New("rpc error: an active workflow with ID 'j' already exists"), delivered, sidecar.DeliveryDone, 1},
		"engine down":              {running, status.Error(codes.Unavailable, "example"), delivered, sidecar.DeliveryAgain, 1},
		"done before":              {claims{status: enhancement.StatusCompleted}, nil, delivered, sidecar.DeliveryDone, 0},
		"failed before":            {claims{status: enhancement.StatusFailed}, nil, delivered, sidecar.DeliveryDone, 0},
		"withdrawn":                {claims{err: enhancement.ErrNotFound}, nil, delivered, sidecar.DeliveryDrop, 0},
		"database down":            {claims{err: errors.New("example")}, nil, delivered, sidecar.DeliveryAgain, 0},
		"not JSON":                 {running, nil, "<", sidecar.DeliveryDrop, 0},
		"an id that is none":       {running, nil, `{"data":{"job_id":"j","tenant_id":"alpha\u0000","ticket_id":"1"}}`, sidecar.DeliveryDrop, 0},
		"without a job":            {running, nil, `{"data":{"tenant_id":"alpha"}}`, sidecar.DeliveryDrop, 0},
		"data of the wrong type":   {running, nil, `{"data":"text"}`, sidecar.DeliveryDrop, 0},
	} {
		t.Run(name, func(t *testing.T) {
			engine := &starts{err: c.start}
			code, got := deliver(t, c.ledger, engine, "example-token", c.body)
			if code != http.StatusOK || got != c.want || len(engine.names) != c.starts {
				t.Errorf("%d %s after %d starts; want %s after %d", code, got, len(engine.names), c.want, c.starts)
			}
			if c.starts == 1 && engine.names[0] != workflows.EnhanceTicket {
				t.Errorf("started %q", engine.names[0])
			}
		})
	}
}

// The ledger decides whether the ticket has to be fetched, and not the message, which may be of an earlier run.
func TestTheWorkflowIsToldToFetchTheTicket(t *testing.T) {
	for _, refetch := range []bool{true, false} {
		engine := &starts{}
		deliver(t, claims{status: enhancement.StatusRunning, refetch: refetch}, engine, "example-token", delivered)
		want := workflows.Job{TenantID: "alpha", JobID: "9f8b6979-8851-86b3-9a47-07088f6081d1", Run: 1, TicketID: "1", Refetch: refetch}
		if len(engine.inputs) != 1 || engine.inputs[0] != want {
			t.Errorf("started with %+v, want %+v", engine.inputs, want)
		}
	}
}

func TestOnlyTheSidecarDelivers(t *testing.T) {
	for _, token := range []string{"", "wrong"} {
		engine := &starts{}
		code, _ := deliver(t, claims{status: enhancement.StatusRunning}, engine, token, delivered)
		if code != http.StatusUnauthorized || len(engine.names) != 0 {
			t.Errorf("token %q: %d, %d starts", token, code, len(engine.names))
		}
	}
}

// A job that the sweeper starts goes the way of one that is delivered, and under the same name.
func TestTheSweepersStart(t *testing.T) {
	due := ledger.Due{TenantID: "alpha", JobID: "9f8b6979-8851-86b3-9a47-07088f6081d1", TicketID: "1", CorrelationID: "c", Run: 1}
	running := claims{status: enhancement.StatusRunning, refetch: true}
	example := errors.New("example")
	for name, c := range map[string]struct {
		ledger claims
		start  error
		want   error
		starts int
	}{
		"lost":           {running, nil, nil, 1},
		"not lost":       {running, status.Error(codes.AlreadyExists, "exists"), nil, 1},
		"engine down":    {running, example, example, 1},
		"ended":          {claims{status: enhancement.StatusCompleted}, nil, nil, 0},
		"withdrawn":      {claims{err: enhancement.ErrNotFound}, nil, nil, 0},
		"ledger trouble": {claims{err: example}, nil, example, 0},
	} {
		engine := &starts{err: c.start}
		jobs := &receiver{ledger: c.ledger, engine: engine, logger: slog.New(slog.DiscardHandler)}
		if err := jobs.Start(t.Context(), due); !errors.Is(err, c.want) || len(engine.inputs) != c.starts {
			t.Errorf("%s: %v after %d starts", name, err, len(engine.inputs))
		}
		want := workflows.Job{TenantID: "alpha", JobID: due.JobID, Run: 1, CorrelationID: "c", TicketID: "1", Refetch: true}
		if c.starts == 1 && (engine.names[0] != workflows.EnhanceTicket || engine.inputs[0] != want) {
			t.Errorf("%s: started %s with %+v", name, engine.names[0], engine.inputs[0])
		}
	}
}
