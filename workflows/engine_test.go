package workflows_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/backend"
	"github.com/dapr/durabletask-go/workflow"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// startEngine runs the workflow engine in this process and in memory, with a worker for registry behind the same
// gRPC interface that the sidecar has.
func startEngine(t *testing.T, registry *workflow.Registry) *workflow.Client {
	t.Helper()
	client, _ := newEngine(t).work(registry)
	return client
}

// engine is a workflow engine that workers come to and leave.
type engine struct {
	*memory

	t        *testing.T
	listener *bufconn.Listener
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	quiet := quietLogger{}
	be := newMemory()
	server := grpc.NewServer()
	executor, register := backend.NewGrpcExecutor(be, quiet)
	register(server)
	hub := backend.NewTaskHubWorker(be,
		backend.NewWorkflowWorker(backend.WorkflowWorkerOptions{Backend: be, Executor: executor, Logger: quiet, AppID: "test"}),
		backend.NewActivityTaskWorker(be, executor, quiet), quiet)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	if err := hub.Start(ctx); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(func() {
		cancel()
		stopping, cancelStop := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancelStop()
		_ = executor.Shutdown(stopping)
		_ = hub.Shutdown(stopping)
		server.Stop()
	})
	return &engine{be, t, listener}
}

// work has a worker for registry come, until it leaves.
func (e *engine) work(registry *workflow.Registry) (client *workflow.Client, leave func()) {
	e.t.Helper()
	conn, err := grpc.NewClient("passthrough:engine", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return e.listener.Dial() }))
	if err != nil {
		e.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.t.Context()))
	client = workflow.NewClientWithLogger(conn, quietLogger{})
	if err := client.StartWorker(ctx, registry); err != nil {
		e.t.Fatal(err)
	}
	leave = sync.OnceFunc(func() {
		cancel()
		_ = conn.Close()
	})
	e.t.Cleanup(leave)
	return client, leave
}

// quietLogger keeps the engine's own messages out of the test's output.
type quietLogger struct{}

func (quietLogger) Debug(...any)          {}
func (quietLogger) Debugf(string, ...any) {}
func (quietLogger) Info(...any)           {}
func (quietLogger) Infof(string, ...any)  {}
func (quietLogger) Warn(...any)           {}
func (quietLogger) Warnf(string, ...any)  {}
func (quietLogger) Error(v ...any)        { slog.Default().Debug("engine", "message", v) }
func (quietLogger) Errorf(f string, v ...any) {
	slog.Default().Debug("engine", "format", f, "values", v)
}
