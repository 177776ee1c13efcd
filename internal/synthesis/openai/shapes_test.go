package openai_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// providers are the servers as they are configured, by the name of their kind.
func providers() map[string]func(c *openai.Config) {
	return map[string]func(c *openai.Config){
		"openai": func(*openai.Config) {},
		"azure": func(c *openai.Config) {
			c.Provider, c.BaseURL = openai.ProviderAzure, strings.TrimSuffix(c.BaseURL, "/llm/v1")
		},
		"azure v1": func(c *openai.Config) {
			c.Provider, c.BaseURL = openai.ProviderAzure, strings.TrimSuffix(c.BaseURL, "/llm/v1")+"/openai/v1"
		},
		"vllm":   func(c *openai.Config) { c.Provider = openai.ProviderVLLM },
		"ollama": func(c *openai.Config) { c.Provider = openai.ProviderOllama },
	}
}

// shaped is what becomes of a shape.
type shaped struct {
	calls     int
	want      error  // nil for an answer, unless failed is set
	failed    string // in the error
	estimated bool
}

func shapes() map[openaitest.Shape]shaped {
	return map[openaitest.Shape]shaped{
		openaitest.ShapeUsageNull:    {calls: 1, estimated: true},
		openaitest.ShapeCachedPrompt: {calls: 1},
		openaitest.ShapeParts:        {calls: 1},
		openaitest.ShapeThoughts:     {calls: 1},
		openaitest.ShapeThoughtsEnd:  {calls: 1},
		openaitest.ShapeReasoning:    {calls: 1},
		openaitest.ShapeFilterClean:  {calls: 1},
		openaitest.ShapeToolsBeside:  {calls: 1},
		openaitest.ShapeStream:       {calls: 1},
		openaitest.ShapeMarks:        {calls: 1},
		openaitest.ShapePlainType:    {calls: 1},
		openaitest.ShapeNoSchema:     {calls: 2},
		openaitest.ShapeNoMaxTokens:  {calls: 2},
		openaitest.ShapeRefusal:      {calls: 1, want: synthesis.ErrRefused},
		openaitest.ShapeNullContent:  {calls: 1, want: synthesis.ErrNoAnswer, failed: "no text"},
		openaitest.ShapeToolsOnly:    {calls: 1, want: synthesis.ErrNoAnswer, failed: "it wants a tool"},
		openaitest.ShapeThoughtsOnly: {calls: 1, want: synthesis.ErrNoAnswer, failed: "before its answer began"},
		openaitest.ShapeFilter:       {calls: 1, want: synthesis.ErrRefused, failed: "was filtered"},
		openaitest.ShapeTooLong:      {calls: 1, want: synthesis.ErrTooLong, failed: "maximum context length is 4096"},
		openaitest.ShapeNoModel:      {calls: 1, failed: "status 404: model 'example' not found, try pulling it first"},
		openaitest.ShapeQuota:        {calls: 1, failed: "exceeded your current quota"},
		openaitest.ShapeReset:        {calls: 1, failed: "status 429"}, // in an hour
		openaitest.ShapeInside429:    {calls: 3, failed: "status 429: The upstream"},
		openaitest.ShapeCutOff:       {calls: 3, failed: "reading the response"},
		openaitest.ShapeStreamCut:    {calls: 3, failed: "the stream ended early"},
	}
}

// TestEveryProviderInEveryShape has all kinds of servers answer in all shapes that any of them is known for.
func TestEveryProviderInEveryShape(t *testing.T) {
	t.Parallel()
	plain, _, _ := start(t, openaitest.Faults{}, nil)
	usual, err := plain.Complete(t.Context(), prompt())
	if err != nil {
		t.Fatal(err)
	}
	want := shapes()
	for name, change := range providers() {
		for _, shape := range openaitest.Shapes() {
			t.Run(name+"/"+string(shape), func(t *testing.T) {
				t.Parallel()
				expected, ok := want[shape]
				if !ok {
					t.Fatal("nobody says what becomes of it")
				}
				client, fake, log := start(t, openaitest.Faults{Shape: shape}, change)
				got, err := client.Complete(t.Context(), prompt())
				if len(got.Calls) != expected.calls || len(fake.Calls()) != expected.calls {
					t.Errorf("%d calls counted, %d made, want %d", len(got.Calls), len(fake.Calls()), expected.calls)
				}
				failure := expected.want != nil || expected.failed != ""
				switch {
				case !failure && (err != nil || got.Text != usual.Text):
					t.Errorf("text is %q, error %v", got.Text, err)
				case failure && (err == nil || expected.want != nil && !errors.Is(err, expected.want) || !strings.Contains(err.Error(), expected.failed)):
					t.Errorf("error is %v", err)
				}
				if last := got.Calls[len(got.Calls)-1]; last.Estimated != expected.estimated || last.Model != "example-model" || !failure && last.CostUSD <= 0 {
					t.Errorf("the call is %+v", last)
				}
				checkSecret(t, log.String(), err)
			})
		}
	}
}

func TestWhatIsRefusedIsLeftOutFromThenOn(t *testing.T) {
	t.Parallel()
	for shape, want := range map[openaitest.Shape][]string{
		openaitest.ShapeNoSchema:    {"json_schema", "json_object", "json_object"},
		openaitest.ShapeNoMaxTokens: {"json_schema", "json_schema", "json_schema"},
	} {
		client, fake, _ := start(t, openaitest.Faults{Shape: shape}, nil)
		for range 2 {
			if _, err := client.Complete(t.Context(), prompt()); err != nil {
				t.Fatal(err)
			}
		}
		var formats []string
		for _, call := range fake.Calls() {
			formats = append(formats, call.ResponseFormat)
		}
		if !slices.Equal(formats, want) {
			t.Errorf("%s: asked for %q", shape, formats)
		}
	}
}

func TestTemperatureIsLeftOutWhereItIsRefused(t *testing.T) {
	t.Parallel()
	calls := 0
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		if strings.Contains(string(body), `"temperature"`) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"message":"Unsupported value","param":"temperature","code":"unsupported_value"}}`))
			return
		}
		_, _ = w.Write([]byte(`{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}]}`))
	}), nil)
	for range 2 {
		if _, err := client.Complete(t.Context(), prompt()); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

func TestCachedTokensCostLess(t *testing.T) {
	t.Parallel()
	half := 0.5
	client, _, _ := start(t, openaitest.Faults{Shape: openaitest.ShapeCachedPrompt}, func(c *openai.Config) {
		c.Prices = openai.Prices{}
		c.PriceTable = openai.PriceTable{"example-model": {Prompt: 2, Completion: 0, CachedPrompt: &half}}
	})
	got, err := client.Complete(t.Context(), prompt())
	if err != nil {
		t.Fatal(err)
	}
	call := got.Calls[0]
	want := (float64(call.PromptTokens-call.CachedTokens)*2 + float64(call.CachedTokens)*half) / 1e6
	if call.CachedTokens == 0 || call.CachedTokens != call.PromptTokens/2 || call.CostUSD != want || call.Unpriced {
		t.Errorf("the call is %+v, want a cost of %v", call, want)
	}
}

// A server that sends a byte now and then is given up after the time for a request; what it was asked is charged.
func TestSlowDrip(t *testing.T) {
	t.Parallel()
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
			select {
			case <-r.Context().Done():
			case <-time.After(time.Millisecond):
			}
		}
	}), func(c *openai.Config) { c.Timeout, c.MaxAttempts = 50*time.Millisecond, 1 })
	got, err := client.Complete(t.Context(), prompt())
	if !errors.Is(err, context.DeadlineExceeded) || len(got.Calls) != 1 {
		t.Fatalf("%d calls, error %v", len(got.Calls), err)
	}
	if call := got.Calls[0]; call.PromptTokens == 0 || call.CompletionTokens != 0 || !call.Estimated || call.CostUSD == 0 {
		t.Errorf("the call is %+v", call)
	}
}

// A server whose certificate is not trusted has to be mended, and is not asked again.
func TestUntrustedServers(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(openaitest.New(key, nil))
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(openaitest.New(key, nil))
	t.Cleanup(plain.Close)
	for name, address := range map[string]string{
		"certificate": secure.URL, "no TLS": strings.Replace(plain.URL, "http://", "https://", 1),
	} {
		client, log := against(t, http.NotFoundHandler(), func(c *openai.Config) { c.BaseURL, c.HTTPClient = address+"/v1", &http.Client{} })
		got, err := client.Complete(t.Context(), prompt())
		if err == nil || !strings.Contains(err.Error(), "connection") || len(got.Calls) != 1 {
			t.Errorf("%s: %d calls, error %v", name, len(got.Calls), err)
		}
		checkSecret(t, log.String(), err)
	}
}
