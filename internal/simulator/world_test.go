package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

const (
	onPrem = "north-clinic"
	cloud  = "south-foundry"
	llmKey = "llm-key-for-tests"
)

func testKeys() simulator.Keys { return simulator.NewKeys("a master secret for tests") }

// running is a world that listens, with a gateway that takes its webhooks.
type running struct {
	t       *testing.T
	world   *simulator.World
	url     string
	gateway *gateway
}

// start makes a world with a tenant of each edition.
func start(t *testing.T) *running {
	t.Helper()
	r := &running{t: t, gateway: newGateway(t)}
	server := httptest.NewUnstartedServer(nil)
	r.url = "http://" + server.Listener.Addr().String()
	r.world = simulator.New(simulator.Options{
		Keys: testKeys(), LLMKey: llmKey, GatewayURL: r.gateway.url, BaseURL: r.url,
	})
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.world.ServeHTTP(w, req) })
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { r.world.Close() })
	for id, profile := range map[string]servicedesk.Profile{
		onPrem: servicedesk.ProfileOnPrem, cloud: servicedesk.ProfileCloud,
	} {
		if _, err := r.world.AddTenant(id, profile); err != nil {
			t.Fatalf("AddTenant: %v", err)
		}
	}
	return r
}

// replace puts another world in the place of the one that runs, before anybody has called it.
func (r *running) replace(world *simulator.World) {
	r.world.Close()
	r.world = world
}

// answer is what a call got.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes one call; body is JSON, or nothing when empty.
func (r *running) send(method, path, body string, header ...string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatalf("make the request: %v", err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: read the answer: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(read)}
}

// do makes one call, checks its status and decodes the answer into out, unless that is nil.
func (r *running) do(method, path, body string, status int, out any) {
	r.t.Helper()
	got := r.send(method, path, body)
	if got.status != status {
		r.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, status, got.body)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(got.body), out); err != nil {
		r.t.Fatalf("%s %s: decode %s: %v", method, path, got.body, err)
	}
}

// open creates a ticket.
func (r *running) open(tenant string, body map[string]any) simulator.Emission {
	r.t.Helper()
	var e simulator.Emission
	r.do(http.MethodPost, "/api/tenants/"+tenant+"/tickets", asJSON(r.t, body), http.StatusCreated, &e)
	return e
}

// client is made as an operator would make it who knows the master secret.
func (r *running) client(tenant string, profile servicedesk.Profile) *servicedesk.Client {
	r.t.Helper()
	at := simulator.NewEndpoints(r.url, tenant, profile)
	client, err := servicedesk.New(servicedesk.Config{
		BaseURL: at.ServiceDeskURL, Profile: profile, TechnicianID: at.TechnicianID,
		APIKey: testKeys().APIKey(tenant), OAuth: testKeys().OAuth(tenant, r.url),
	}, http.DefaultClient)
	if err != nil {
		r.t.Fatalf("servicedesk.New: %v", err)
	}
	return client
}

func (r *running) note(tenant string, profile servicedesk.Profile, ticketID, body string) servicedesk.NoteResult {
	r.t.Helper()
	const marker = "Reference 0001"
	result, err := r.client(tenant, profile).PutNote(r.t.Context(), servicedesk.NoteWrite{
		TicketID: ticketID, Marker: marker, Body: body + "\n\n" + marker,
	})
	if err != nil {
		r.t.Fatalf("PutNote for %s: %v", tenant, err)
	}
	return result
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return string(raw)
}

// gateway takes webhooks and remembers them.
type gateway struct {
	url string

	mu       sync.Mutex
	received []delivery
}

type delivery struct {
	path   string
	header http.Header
	body   []byte
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("gateway: %v", err)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.received = append(g.received, delivery{r.URL.Path, r.Header, bytes.Clone(body)})
		rw.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(rw, `{"job_id":"job-1","status":"pending"}`)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// take gives what arrived since the last time.
func (g *gateway) take() []delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	got := slices.Clone(g.received)
	g.received = nil
	return got
}
