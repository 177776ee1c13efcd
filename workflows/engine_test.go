package workflows_test

import (
	"context"
	"log/slog"
	"net"
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
	conn, err := grpc.NewClient("passthrough:engine", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return listener.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	client := workflow.NewClientWithLogger(conn, quiet)
	if err := client.StartWorker(ctx, registry); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		stopping, cancelStop := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancelStop()
		_ = executor.Shutdown(stopping)
		_ = hub.Shutdown(stopping)
		server.Stop()
		_ = conn.Close()
	})
	return client
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
