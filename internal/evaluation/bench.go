package evaluation

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// model is one that notes are written with.
type model struct {
	name   string
	faults openaitest.Faults
	// endpoint is a real one; nil for what the simulator plays.
	endpoint *openai.Config
}

// The models that the simulator plays.
const (
	modelHonest       = "honest"       // says what the sources say, and admits when they do not help
	modelParaphrases  = "paraphrases"  // is honest in another order and in other forms
	modelConfabulates = "confabulates" // invents facts and citations
	modelObeys        = "obeys"        // does what any text demands
	modelPlainText    = "plain text"   // is honest, but knows no JSON
	modelMalformed    = "malformed"    // writes JSON that is none
	modelTruncated    = "truncated"    // stops in the middle
)

func models(endpoint *openai.Config) []model {
	if endpoint != nil {
		return []model{{name: endpoint.Model, endpoint: endpoint}}
	}
	return []model{
		{name: modelHonest},
		{name: modelParaphrases, faults: openaitest.Faults{Paraphrase: true}},
		{name: modelConfabulates, faults: openaitest.Faults{Confabulate: true}},
		{name: modelObeys, faults: openaitest.Faults{ObeyInjection: true}},
		{name: modelPlainText, faults: openaitest.Faults{PlainText: true, RejectResponseFormat: true}},
		{name: modelMalformed, faults: openaitest.Faults{MalformedJSON: true}},
		{name: modelTruncated, faults: openaitest.Faults{Truncated: true}},
	}
}

// Prices that make costs of tokens comparable between runs: an example, in US dollars per million.
const (
	examplePricePrompt     = 2.5
	examplePriceCompletion = 10
)

// bench is what a model's notes are drafted on: the drafting of production, and a record of what left for the model.
type bench struct {
	drafter *drafting.Drafter
	sent    *recorder
	fake    *openaitest.Server // nil for a real endpoint
	server  *http.Server
	address string
}

func openBench(ctx context.Context, m model, o Options) (*bench, error) {
	b := &bench{sent: &recorder{next: http.DefaultTransport}}
	config := openai.Config{}
	if m.endpoint != nil {
		config = *m.endpoint
	} else {
		config.Model = "example-model"
		config.Prices.Prompt, config.Prices.Completion = examplePricePrompt, examplePriceCompletion
		config.Backoff = time.Millisecond
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("listen for the simulated model: %w", err)
		}
		b.fake = openaitest.New("", nil)
		if err := b.fake.SetFaults(m.faults); err != nil {
			return nil, fmt.Errorf("model %s: %w", m.name, err)
		}
		b.server = &http.Server{Handler: b.fake, ReadHeaderTimeout: time.Minute}
		go func() { _ = b.server.Serve(listener) }() // ends with an error always
		b.address = "http://" + listener.Addr().String() + "/v1"
		config.BaseURL = b.address
	}
	config.HTTPClient = &http.Client{Transport: b.sent}
	config.Logger = o.Logger
	client, err := openai.New(config)
	if err != nil {
		b.close()
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	b.drafter = drafting.New(drafting.Deps{Tenants: tenants{}, Synthesizer: o.Synthesizer(client), Logger: o.Logger})
	return b, nil
}

func (b *bench) close() {
	if b.server != nil {
		_ = b.server.Close() // nothing is to be kept
	}
}

// drafted is a note and what was sent for it.
type drafted struct {
	drafting.Draft

	sent []sent
}

func (b *bench) draft(ctx context.Context, r drafting.Request) (drafted, error) {
	b.sent.take()
	d, err := b.drafter.Draft(ctx, r)
	if err != nil {
		return drafted{}, fmt.Errorf("draft: %w", err)
	}
	return drafted{Draft: d, sent: b.sent.take()}, nil
}

// tenants are those of the evaluation, with the usual preferences.
type tenants struct{}

// Tenant gives any tenant.
func (tenants) Tenant(_ context.Context, id string) (tenant.Tenant, error) {
	return tenant.Tenant{ID: id, Name: id, Version: 1}, nil
}

// sent is a request that left for a model.
type sent struct {
	Method, URL string
	Body        []byte
}

// recorder keeps what is sent.
type recorder struct {
	next http.RoundTripper

	mu       sync.Mutex
	requests []sent
}

// RoundTrip passes r on.
func (rec *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read what is sent: %w", err)
		}
		_ = r.Body.Close() // it has been read
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	rec.mu.Lock()
	rec.requests = append(rec.requests, sent{Method: r.Method, URL: r.URL.String(), Body: body})
	rec.mu.Unlock()
	return rec.next.RoundTrip(r)
}

// take gives what was sent since it was last asked.
func (rec *recorder) take() []sent {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	taken := rec.requests
	rec.requests = nil
	return taken
}
