// Package sidecar owns the connection to this app's own Dapr sidecar: publishing, the cache in the state
// store, secrets, health, and the token by which the sidecar proves itself to us.
package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	runtime "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"github.com/dapr/durabletask-go/workflow"
	dapr "github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/event"
)

// Config is set by the Dapr CLI, our launcher or the sidecar injector.
type Config struct {
	HTTPPort    string        `envconfig:"DAPR_HTTP_PORT" default:"3500"`
	GRPCPort    string        `envconfig:"DAPR_GRPC_PORT" default:"50001"`
	AppToken    string        `envconfig:"APP_API_TOKEN"`
	PubSub      string        `envconfig:"PUBSUB_NAME" default:"pubsub"`
	StateStore  string        `envconfig:"STATE_STORE_NAME" default:"statestore"`
	SecretStore string        `envconfig:"SECRET_STORE_NAME" default:"secretstore"`
	StartWait   time.Duration `envconfig:"DAPR_START_WAIT" default:"60s"`
	// PublishTimeout bounds one publish: a sender waits for the answer.
	PublishTimeout time.Duration `envconfig:"PUBLISH_TIMEOUT" default:"5s"`
}

// healthTimeout bounds one question to the sidecar about its health.
const healthTimeout = 3 * time.Second

// Sidecar is a connection to the sidecar, shared by all uses.
type Sidecar struct {
	cfg    Config
	conn   *grpc.ClientConn
	client dapr.Client
	http   *http.Client
	// invoker calls other apps; how long that takes is the caller's to say.
	invoker *http.Client
	logger  *slog.Logger
}

// Connect waits up to cfg.StartWait until the sidecar can be used for outgoing calls. It does not wait
// for the sidecar to reach the app: the sidecar in its turn waits for the app to listen.
func Connect(ctx context.Context, cfg Config, logger *slog.Logger) (*Sidecar, error) {
	conn, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", cfg.GRPCPort),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // loopback, within the pod
		grpc.WithPerRPCCredentials(apiToken{}),
		grpc.WithChainUnaryInterceptor(carryTrace))
	if err != nil {
		return nil, fmt.Errorf("connect to the Dapr sidecar: %w", err)
	}
	s := &Sidecar{
		cfg: cfg, conn: conn, client: dapr.NewClientWithConnection(conn),
		http: &http.Client{Timeout: healthTimeout}, invoker: &http.Client{}, logger: logger,
	}
	if err := s.awaitStart(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *Sidecar) awaitStart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StartWait)
	defer cancel()
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		err := s.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Dapr sidecar was not ready within %s (is daprd running beside this app?): %w", s.cfg.StartWait, err)
		case <-retry.C:
		}
	}
}

// Ready checks that the sidecar's components are loaded and it takes our calls.
func (s *Sidecar) Ready(ctx context.Context) error {
	url := "http://" + net.JoinHostPort("127.0.0.1", s.cfg.HTTPPort) + "/v1.0/healthz/outbound"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the sidecar for its health: %w", err)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return fmt.Errorf("the sidecar does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the sidecar is not ready: status %d", resp.StatusCode)
	}
	return nil
}

// StateReady checks that the state store answers, and with it Redis behind queue and cache.
func (s *Sidecar) StateReady(ctx context.Context) error {
	if _, err := s.client.GetState(ctx, s.cfg.StateStore, "readyz", nil); err != nil {
		return fmt.Errorf("the state store does not answer: %w", err)
	}
	return nil
}

// ErrNoWorker says that the sidecar answers, and that its workflow engine has no worker.
var ErrNoWorker = errors.New("the workflow engine has no worker")

// WorkerReady checks that the workflow engine counts this app's worker among those it gives work to (ErrNoWorker). An
// open stream is no proof of that: daprd 1.18.2 can be left waiting for a worker that has gone, and take no other.
func (s *Sidecar) WorkerReady(ctx context.Context) error {
	metadata, err := s.client.GrpcClient().GetMetadata(ctx, &runtime.GetMetadataRequest{})
	if err != nil {
		return fmt.Errorf("ask the sidecar for its workers: %w", err)
	}
	if metadata.GetWorkflows().GetConnectedWorkers() == 0 {
		return ErrNoWorker
	}
	return nil
}

// Stop asks the sidecar to end, for whoever supervises it to start it afresh.
func (s *Sidecar) Stop(ctx context.Context) error {
	if err := s.client.Shutdown(ctx); err != nil {
		return fmt.Errorf("ask the sidecar to end: %w", err)
	}
	return nil
}

// Publish puts payload, encoded as JSON, on topic. After an error the message may be on the topic
// nevertheless, but for one that is event.ErrTopicRefused: the component's scopes do not let this app publish there.
func (s *Sidecar) Publish(ctx context.Context, topic string, payload any) error {
	data, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode a message for %s: %w", topic, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.PublishTimeout)
	defer cancel()
	err = s.client.PublishEvent(ctx, s.cfg.PubSub, topic, data, dapr.PublishEventWithContentType("application/json"))
	if status.Code(err) == codes.PermissionDenied {
		err = errors.Join(event.ErrTopicRefused, err)
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	return nil
}

// Workflows gives the client of the workflow engine, and of its worker, over the same connection.
func (s *Sidecar) Workflows() *workflow.Client {
	return workflow.NewClientWithLogger(s.conn, engineLogger{s.logger})
}

// Close closes the connection.
func (s *Sidecar) Close() error {
	if err := s.conn.Close(); err != nil {
		return fmt.Errorf("close the connection to the sidecar: %w", err)
	}
	return nil
}
