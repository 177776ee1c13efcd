package sidecar_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	common "github.com/dapr/dapr/pkg/proto/common/v1"
	runtime "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"github.com/dapr/durabletask-go/api/protos"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

// daprd stands in for the sidecar's gRPC side in unit tests; the end-to-end tests use the real one.
type daprd struct {
	runtime.UnimplementedDaprServer

	mu        sync.Mutex
	tokens    []string
	traces    []string // the traceparents that came with calls
	published []*runtime.PublishEventRequest
	state     map[string][]byte
	ttl       string
	secrets   map[string]map[string]string
	down      bool
	workers   int32
	hub       taskHub
	// invoked answers calls of other apps.
	invoked http.HandlerFunc
}

func (d *daprd) note(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	d.tokens = append(d.tokens, strings.Join(md.Get("dapr-api-token"), ","))
	d.traces = append(d.traces, strings.Join(md.Get("traceparent"), ","))
	if d.down {
		return status.Error(codes.Unavailable, "example: redis is down")
	}
	return nil
}

func (d *daprd) PublishEvent(ctx context.Context, in *runtime.PublishEventRequest) (*emptypb.Empty, error) {
	if err := d.note(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.published = append(d.published, in)
	return &emptypb.Empty{}, nil
}

func (d *daprd) GetState(ctx context.Context, in *runtime.GetStateRequest) (*runtime.GetStateResponse, error) {
	if err := d.note(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return &runtime.GetStateResponse{Data: d.state[in.GetKey()]}, nil
}

func (d *daprd) SaveState(ctx context.Context, in *runtime.SaveStateRequest) (*emptypb.Empty, error) {
	if err := d.note(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, item := range in.GetStates() {
		// As Redis's state store does it: what was written for the first time only can be written once.
		first := item.GetOptions().GetConcurrency() == common.StateOptions_CONCURRENCY_FIRST_WRITE
		if _, taken := d.state[item.GetKey()]; taken && first && item.GetEtag().GetValue() == "0" {
			return nil, status.Error(codes.Aborted, "possible etag mismatch")
		}
		d.keep(item)
	}
	return &emptypb.Empty{}, nil
}

func (d *daprd) DeleteState(ctx context.Context, in *runtime.DeleteStateRequest) (*emptypb.Empty, error) {
	if err := d.note(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.state, in.GetKey())
	return &emptypb.Empty{}, nil
}

func (d *daprd) keep(item *common.StateItem) {
	d.state[item.GetKey()] = item.GetValue()
	d.ttl = item.GetMetadata()["ttlInSeconds"]
}

func (d *daprd) GetSecret(_ context.Context, in *runtime.GetSecretRequest) (*runtime.GetSecretResponse, error) {
	entries, ok := d.secrets[in.GetKey()]
	if !ok {
		return nil, status.Errorf(codes.Internal, "secret %s not found", in.GetKey())
	}
	return &runtime.GetSecretResponse{Data: entries}, nil
}

func (d *daprd) GetMetadata(context.Context, *runtime.GetMetadataRequest) (*runtime.GetMetadataResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return nil, status.Error(codes.Unavailable, "example")
	}
	return &runtime.GetMetadataResponse{Workflows: &runtime.MetadataWorkflows{ConnectedWorkers: d.workers}}, nil
}

func TestWorkerReady(t *testing.T) {
	s, fake := connect(t, nil)
	if err := s.WorkerReady(t.Context()); !errors.Is(err, sidecar.ErrNoWorker) {
		t.Errorf("no worker is registered: %v", err)
	}
	fake.workers = 1
	if err := s.WorkerReady(t.Context()); err != nil {
		t.Error(err)
	}
	fake.down = true
	if err := s.WorkerReady(t.Context()); err == nil || errors.Is(err, sidecar.ErrNoWorker) {
		t.Errorf("the sidecar does not answer: %v", err)
	}
	if err := s.Stop(t.Context()); err == nil {
		t.Error("a sidecar that cannot be asked was stopped")
	}
}

func connect(t *testing.T, ready *sync.Once) (*sidecar.Sidecar, *daprd) {
	t.Helper()
	fake := &daprd{state: map[string][]byte{}, secrets: map[string]map[string]string{}}
	server := grpc.NewServer()
	runtime.RegisterDaprServer(server, fake)
	protos.RegisterTaskHubSidecarServiceServer(server, &fake.hub)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	health := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0/invoke/") {
			fake.invoked(w, r)
			return
		}
		code := http.StatusNoContent
		if ready != nil {
			ready.Do(func() { code = http.StatusInternalServerError })
		}
		if r.URL.Path != "/v1.0/healthz/outbound" {
			code = http.StatusNotFound
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(health.Close)
	s, err := sidecar.Connect(t.Context(), sidecar.Config{
		HTTPPort: port(t, health.Listener), GRPCPort: port(t, listener), PubSub: "pubsub", StateStore: "statestore",
		SecretStore: "secretstore", StartWait: 5 * time.Second, PublishTimeout: 2 * time.Second,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, fake
}

func port(t *testing.T, l net.Listener) string {
	t.Helper()
	_, p, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConnectWaitsForTheSidecar(t *testing.T) {
	connect(t, &sync.Once{}) // the first health check fails
}

func TestConnectGivesUp(t *testing.T) {
	_, err := sidecar.Connect(t.Context(), sidecar.Config{HTTPPort: "1", GRPCPort: "1", StartWait: 250 * time.Millisecond}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "is daprd running") {
		t.Errorf("error %v", err)
	}
}

func TestPublish(t *testing.T) {
	t.Setenv("DAPR_API_TOKEN", "example-token")
	s, fake := connect(t, nil)
	if err := s.Publish(t.Context(), "enhancement:queue", map[string]string{"job_id": "1"}); err != nil {
		t.Fatal(err)
	}
	got := fake.published[0]
	if got.GetTopic() != "enhancement:queue" || got.GetPubsubName() != "pubsub" || string(got.GetData()) != `{"job_id":"1"}` ||
		got.GetDataContentType() != "application/json" {
		t.Errorf("published %v", got)
	}
	if !strings.Contains(fake.tokens[0], "example-token") {
		t.Errorf("the call carried token %q", fake.tokens[0])
	}
	fake.down = true
	if err := s.Publish(t.Context(), "enhancement:queue", 1); err == nil {
		t.Error("the queue is down, and no error")
	}
	if err := s.StateReady(t.Context()); err == nil {
		t.Error("the state store is down, and it is ready")
	}
	if err := s.Publish(t.Context(), "enhancement:queue", func() {}); err == nil {
		t.Error("what JSON cannot hold was published")
	}
}

func TestCache(t *testing.T) {
	s, fake := connect(t, nil)
	cache := s.Cache()
	if _, found, err := cache.Get(t.Context(), "k"); found || err != nil {
		t.Errorf("an empty cache: %t, %v", found, err)
	}
	if err := cache.Set(t.Context(), "k", []byte(`"v"`), 1500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if value, found, err := cache.Get(t.Context(), "k"); !found || err != nil || string(value) != `"v"` || fake.ttl != "2" {
		t.Errorf("%q, %t, %v, ttl %s", value, found, err, fake.ttl)
	}
	fake.down = true
	if _, _, err := cache.Get(t.Context(), "k"); err == nil {
		t.Error("the cache is down, and no error on reading")
	}
	if err := cache.Set(t.Context(), "k", nil, time.Second); err == nil {
		t.Error("the cache is down, and no error on writing")
	}
}

func TestCacheAddsWhatIsNotThere(t *testing.T) {
	s, fake := connect(t, nil)
	cache := s.Cache()
	if err := cache.Add(t.Context(), "k", []byte("1"), time.Second); err != nil {
		t.Fatal(err)
	}
	if err := cache.Add(t.Context(), "k", []byte("2"), time.Second); !errors.Is(err, sidecar.ErrTaken) || string(fake.state["k"]) != "1" {
		t.Errorf("added a second time: %v, the value is %s", err, fake.state["k"])
	}
	if err := cache.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if err := cache.Add(t.Context(), "k", []byte("3"), time.Second); err != nil || string(fake.state["k"]) != "3" {
		t.Errorf("added after it was deleted: %v", err)
	}
	fake.down = true
	if err := cache.Add(t.Context(), "k", nil, time.Second); err == nil || errors.Is(err, sidecar.ErrTaken) {
		t.Errorf("the cache is down: %v", err)
	}
	if err := cache.Delete(t.Context(), "k"); err == nil {
		t.Error("the cache is down, and no error on deleting")
	}
}

func TestSecrets(t *testing.T) {
	s, fake := connect(t, nil)
	fake.secrets["database-url"] = map[string]string{"database-url": "example-url"}
	fake.secrets["tenant-keyset"] = map[string]string{"keyset.json": "example-keyset"} // as in Kubernetes
	fake.secrets["empty"] = map[string]string{"empty": ""}
	got, err := s.Secrets(t.Context(), []string{"database-url", "tenant-keyset"}, []string{"llm-api-key"})
	if err != nil || got["database-url"] != "example-url" || got["tenant-keyset"] != "example-keyset" || got["llm-api-key"] != "" {
		t.Errorf("%d secrets, %v", len(got), err)
	}
	if text := fmt.Sprint(got); strings.Contains(text, "example") {
		t.Errorf("the secrets print: %s", text)
	}
	_, err = s.Secrets(t.Context(), []string{"empty", "database-url", "absent"}, nil)
	if !errors.Is(err, sidecar.ErrMissingSecrets) || !strings.Contains(err.Error(), "empty, absent") || strings.Contains(err.Error(), "example-url") {
		t.Errorf("error %v, want one that names every missing secret and no value", err)
	}
}

func TestOnlySidecar(t *testing.T) {
	open := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, c := range map[string]struct {
		token, given string
		want         int
	}{
		"right": {"example", "example", 204}, "wrong": {"example", "other", 401}, "none": {"example", "", 401},
		"none configured": {"", "", 401},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		req.Header.Set("Dapr-Api-Token", c.given)
		rec := httptest.NewRecorder()
		sidecar.OnlySidecar(c.token, open).ServeHTTP(rec, req)
		if rec.Code != c.want {
			t.Errorf("%s: %d, want %d", name, rec.Code, c.want)
		}
	}
}

func TestARouteIsTheSidecarsOrAnApps(t *testing.T) {
	open := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, c := range map[string]struct {
		route         http.Handler
		caller, token string
		want          int
	}{
		"an app at the sidecar's":  {sidecar.OnlySidecar("example", open), "console", "example", 403},
		"the app at its own":       {sidecar.OnlyApp("console", "example", open), "console", "example", 204},
		"another one":              {sidecar.OnlyApp("console", "example", open), "gateway", "example", 403},
		"the sidecar at an app's":  {sidecar.OnlyApp("console", "example", open), "", "example", 403},
		"the app without a token":  {sidecar.OnlyApp("console", "example", open), "console", "", 401},
		"the app with a wrong one": {sidecar.OnlyApp("console", "example", open), "console", "other", 401},
		"none configured":          {sidecar.OnlyApp("console", "", open), "console", "", 401},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		req.Header.Set("Dapr-Api-Token", c.token)
		if c.caller != "" {
			req.Header.Set("Dapr-Caller-App-Id", c.caller)
		}
		rec := httptest.NewRecorder()
		c.route.ServeHTTP(rec, req)
		if rec.Code != c.want {
			t.Errorf("%s: %d, want %d", name, rec.Code, c.want)
		}
	}
}

// daprd brings an app's own headers beside those that it adds, in any order.
func TestHeadersOfACallerOpenNothing(t *testing.T) {
	open := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	ofSidecar, ofApp := sidecar.OnlySidecar("example", open), sidecar.OnlyApp("console", "example", open)
	for name, c := range map[string]struct {
		route   http.Handler
		headers http.Header
	}{
		"forged first":            {ofApp, http.Header{"Dapr-Caller-App-Id": {"console", "gateway"}}},
		"forged last":             {ofApp, http.Header{"Dapr-Caller-App-Id": {"gateway", "console"}}},
		"said twice":              {ofApp, http.Header{"Dapr-Caller-App-Id": {"console", "console"}}},
		"in a list":               {ofApp, http.Header{"Dapr-Caller-App-Id": {"console, gateway"}}},
		"an empty caller":         {ofSidecar, http.Header{"Dapr-Caller-App-Id": {"", "gateway"}}},
		"only an empty caller":    {ofSidecar, http.Header{"Dapr-Caller-App-Id": {""}}},
		"a callee and no caller":  {ofSidecar, http.Header{"Dapr-Callee-App-Id": {"enhancer"}}},
		"a caller's namespace":    {ofSidecar, http.Header{"Dapr-Caller-Namespace": {"default"}}},
		"forwarded":               {ofSidecar, http.Header{"Forwarded": {"for=192.0.2.1"}}},
		"forwarded in other ways": {ofSidecar, http.Header{"X-Forwarded-For": {"192.0.2.1"}}},
		"for another host":        {ofSidecar, http.Header{"X-Forwarded-Host": {"host.example.com"}}},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		req.Header = c.headers
		req.Header.Set("Dapr-Api-Token", "example")
		rec := httptest.NewRecorder()
		c.route.ServeHTTP(rec, req)
		if rec.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
}

type example struct {
	Name string `json:"name"`
}

func (e example) Validate() error {
	if e.Name == "" {
		return errors.New("name is missing")
	}
	return nil
}

func TestReceive(t *testing.T) {
	handler := sidecar.Receive(func(_ context.Context, e example) sidecar.Delivery {
		if e.Name == "later" {
			return sidecar.DeliveryAgain
		}
		return sidecar.DeliveryDone
	}, slog.New(slog.DiscardHandler))
	for body, want := range map[string]string{
		`{"data":{"name":"now"}}`: "SUCCESS", `{"data":{"name":"later"}}`: "RETRY", `{"data":{}}`: "DROP", `{}`: "DROP", "<": "DROP",
		`{"data":{"name":"` + strings.Repeat("x", 2<<20) + `"}}`: "DROP",
	} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		if got := rec.Body.String(); rec.Code != http.StatusOK || !strings.Contains(got, want) {
			t.Errorf("%.40s: %d %s, want %s", body, rec.Code, got, want)
		}
	}
}
