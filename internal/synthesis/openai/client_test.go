package openai_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const key = "sk-example-0123456789-not-a-real-key"

// start gives a client of a fake with faults, and what the client logs.
func start(t *testing.T, f openaitest.Faults, change func(*openai.Config)) (*openai.Client, *openaitest.Server, *bytes.Buffer) {
	t.Helper()
	fake := openaitest.New(key, nil)
	if err := fake.SetFaults(f); err != nil {
		t.Fatal(err)
	}
	client, log := against(t, fake, change)
	t.Cleanup(fake.Close)
	return client, fake, log
}

func against(t *testing.T, h http.Handler, change func(*openai.Config)) (*openai.Client, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	var log bytes.Buffer
	config := openai.Config{
		Server:  openai.Server{BaseURL: server.URL + "/llm/v1", APIKey: key, Model: "example-model"},
		Timeout: 10 * time.Second, Backoff: time.Millisecond, Prices: openai.Prices{Prompt: 2.5, Completion: 10},
		HTTPClient: server.Client(), Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	}
	if change != nil {
		change(&config)
	}
	client, err := openai.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, &log
}

func prompt() synthesis.Prompt {
	return synthesis.Prompt{
		System: "Example rules.",
		User: `<data>{"ticket":{"id":"1","subject":"VPN drops"},"similar_tickets":[{"label":"T1",` +
			`"subject":"VPN","resolution":"Renewed the certificate."}]}</data>`,
		Schema:    []byte(`{"type":"object"}`),
		MaxTokens: 500,
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	client, fake, log := start(t, openaitest.Faults{}, nil)
	got, err := client.Complete(t.Context(), prompt())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.Text, "Renewed the certificate") || len(got.Calls) != 1 {
		t.Errorf("got %+v", got)
	}
	call := got.Calls[0]
	cost := (float64(call.PromptTokens)*2.5 + float64(call.CompletionTokens)*10) / 1e6
	if call.PromptTokens == 0 || call.CompletionTokens == 0 || math.Abs(call.CostUSD-cost) > 1e-12 ||
		call.Estimated || call.Error != "" || call.At.IsZero() || call.Model != "example-model" {
		t.Errorf("call is %+v", call)
	}
	sent := fake.Calls()[0]
	if sent.ResponseFormat != "json_schema" || sent.MaxTokens != 500 || sent.Temperature == 0 {
		t.Errorf("sent %+v", sent)
	}
	for _, want := range []string{`"outcome":"ok"`, `"attempt":1`, `"cost_usd":`, `"prompt_tokens":`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is not in %s", want, log)
		}
	}
}

func TestCompleteWithFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults openaitest.Faults
		calls  int
		want   error // nil for text
		text   string
		failed string
		kind   telemetry.LLMFailure // of the last call
	}{
		"500 once":            {openaitest.Faults{Status: 500, Remaining: 1}, 2, nil, "Renewed", "", ""},
		"429 once":            {openaitest.Faults{Status: 429, Remaining: 1}, 2, nil, "Renewed", "", ""},
		"503 always":          {openaitest.Faults{Status: 503}, 3, nil, "", "status 503", telemetry.LLMServer},
		"401":                 {openaitest.Faults{Status: 401}, 1, nil, "", "status 401", telemetry.LLMAuth},
		"403":                 {openaitest.Faults{Status: 403}, 1, nil, "", "status 403", telemetry.LLMAuth},
		"404":                 {openaitest.Faults{Status: 404}, 1, nil, "", "status 404", telemetry.LLMRefused},
		"400":                 {openaitest.Faults{Status: 400}, 1, nil, "", "status 400", telemetry.LLMRefused},
		"wait too long":       {openaitest.Faults{Status: 429, RetryAfter: 3600}, 1, nil, "", "status 429", telemetry.LLMThrottled},
		"no response format":  {openaitest.Faults{RejectResponseFormat: true}, 3, nil, "Renewed", "", ""},
		"no usage":            {openaitest.Faults{NoUsage: true}, 1, nil, "Renewed", "", ""},
		"empty choices":       {openaitest.Faults{EmptyChoices: true}, 1, synthesis.ErrNoAnswer, "", "", telemetry.LLMUnreadable},
		"failure inside":      {openaitest.Faults{FailureInside: true}, 1, synthesis.ErrNoAnswer, "", "", telemetry.LLMServer},
		"content filter":      {openaitest.Faults{ContentFilter: true}, 1, synthesis.ErrRefused, "", "", telemetry.LLMRefused},
		"truncated":           {openaitest.Faults{Truncated: true}, 1, nil, "summary", "", ""},
		"slow but in time":    {openaitest.Faults{LatencyMS: 5}, 1, nil, "Renewed", "", ""},
		"malformed is a text": {openaitest.Faults{MalformedJSON: true}, 1, nil, "summary", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake, log := start(t, tc.faults, nil)
			got, err := client.Complete(t.Context(), prompt())
			if len(got.Calls) != tc.calls || len(fake.Calls()) != tc.calls {
				t.Errorf("%d calls counted, %d made, want %d", len(got.Calls), len(fake.Calls()), tc.calls)
			}
			switch {
			case tc.want != nil && !errors.Is(err, tc.want):
				t.Errorf("error is %v", err)
			case tc.failed != "" && (err == nil || !strings.Contains(err.Error(), tc.failed)):
				t.Errorf("error is %v", err)
			case tc.text != "" && (err != nil || !strings.Contains(got.Text, tc.text)):
				t.Errorf("text is %q, error %v", got.Text, err)
			}
			last := got.Calls[len(got.Calls)-1]
			if (err != nil) != (last.Error != "") || last.Failure != tc.kind {
				t.Errorf("call says %q, %q of %v", last.Error, last.Failure, err)
			}
			if last.Estimated != tc.faults.NoUsage {
				t.Errorf("estimated is %v", last.Estimated)
			}
			checkSecret(t, log.String(), err)
		})
	}
}

// checkSecret wants nothing of the key in logs and errors, masked or not.
func checkSecret(t *testing.T, log string, err error) {
	t.Helper()
	said := log
	if err != nil {
		said += err.Error()
	}
	for _, part := range []string{key, key[:10], key[len(key)-4:]} {
		if strings.Contains(said, part) {
			t.Errorf("%q of the key is in %s", part, said)
		}
	}
}

func TestWrongKeyIsNotRepeated(t *testing.T) {
	t.Parallel()
	fake := openaitest.New("another", nil)
	client, log := against(t, fake, nil)
	_, err := client.Complete(t.Context(), prompt())
	if err == nil || !strings.Contains(err.Error(), "status 401") {
		t.Errorf("error is %v", err)
	}
	checkSecret(t, log.String(), err)
}

func TestHangingServer(t *testing.T) {
	t.Parallel()
	client, _, _ := start(t, openaitest.Faults{Hang: true}, func(c *openai.Config) { c.Timeout = 10 * time.Millisecond })
	got, err := client.Complete(t.Context(), prompt())
	if !errors.Is(err, context.DeadlineExceeded) || len(got.Calls) != openai.DefaultMaxAttempts || got.Calls[0].Failure != telemetry.LLMTimeout {
		t.Errorf("calls %+v, error %v", got.Calls, err)
	}
}

func TestContextBoundsEverything(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]openaitest.Faults{
		"hang":            {Hang: true},
		"wait in between": {Status: 429, RetryAfter: 5},
		"long backoff":    {Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _, _ := start(t, f, func(c *openai.Config) { c.Backoff = time.Hour })
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			got, err := client.Complete(ctx, prompt())
			if err == nil || len(got.Calls) != 1 {
				t.Errorf("%d calls, error %v", len(got.Calls), err)
			}
		})
	}
}

func TestResponseFormatIsRefusedOnlyOnce(t *testing.T) {
	t.Parallel()
	client, fake, _ := start(t, openaitest.Faults{RejectResponseFormat: true}, nil)
	for range 2 {
		if _, err := client.Complete(t.Context(), prompt()); err != nil {
			t.Fatal(err)
		}
	}
	var formats []string
	for _, call := range fake.Calls() {
		formats = append(formats, call.ResponseFormat)
	}
	if !slices.Equal(formats, []string{"json_schema", "json_object", "", ""}) {
		t.Errorf("asked for %q", formats)
	}
}

func TestReasoningModels(t *testing.T) {
	t.Parallel()
	client, fake, _ := start(t, openaitest.Faults{}, func(c *openai.Config) { c.Model = "o3-mini" })
	p := prompt()
	p.Schema = nil
	if _, err := client.Complete(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	sent := fake.Calls()[0]
	if sent.MaxTokens != 2000 || sent.Temperature != 0 || sent.ResponseFormat != "json_object" {
		t.Errorf("sent %+v", sent)
	}
}

// TestOddServers covers answers that the fake, which imitates a server in order, does not give.
func TestOddServers(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, tc := range map[string]struct {
		server http.HandlerFunc
		calls  int
		want   string
	}{
		"out of quota":   {answer(429, `{"error":{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}}`), 1, "no money"},
		"filtered":       {answer(400, `{"error":{"message":"filtered","code":"content_filter"}}`), 1, "filtered"},
		"refusal":        {answer(200, `{"choices":[{"message":{"role":"assistant","refusal":"no"}}]}`), 1, "refusal"},
		"no text":        {answer(200, `{"choices":[{"message":{"role":"assistant"}}]}`), 1, "no text"},
		"HTML":           {answer(200, "<html>Welcome</html>"), 1, "not a chat completion"},
		"wrong type":     {answer(200, `{"choices":"none"}`), 1, "not a chat completion"},
		"nothing":        {answer(200, ""), 1, "not a chat completion"},
		"cut off":        {answer(200, `{"choices":[`), 3, "reading the response"},
		"HTML error":     {answer(502, "<html>Bad\ngateway</html>"), 3, "status 502: <html>Bad gateway"},
		"long error":     {answer(404, strings.Repeat("x", 5000)), 1, "x…"},
		"echoes the key": {answer(400, "bad header Bearer "+key), 1, "Bearer [key]"},
		"plain 400":      {answer(400, "unknown field response_format"), 3, "status 400"},
		"redirect":       {answer(307, "", "Location", "https://elsewhere.example/"), 1, "redirects"},
		"too large":      {answer(200, `{"id":"`+strings.Repeat("x", 2<<20)+`"}`), 1, "exceeds"},
		"asks to retry":  {answer(503, "busy", "Retry-After-Ms", "1"), 3, "status 503"},
		"hangs up":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 3, "connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, log := against(t, tc.server, nil)
			got, err := client.Complete(t.Context(), prompt())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v", err)
			}
			if len(got.Calls) != tc.calls {
				t.Errorf("%d calls, want %d", len(got.Calls), tc.calls)
			}
			if len(err.Error()) > 400 {
				t.Errorf("error has %d bytes", len(err.Error()))
			}
			checkSecret(t, log.String(), err)
		})
	}
}

func TestNewNamesEveryMistake(t *testing.T) {
	t.Parallel()
	_, err := openai.New(openai.Config{
		Server: openai.Server{BaseURL: "https://user:secret@llm.example/v1"}, MaxAttempts: -1, Prices: openai.Prices{Prompt: math.NaN()},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"credentials", "model", "negative", "price"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("error tells a secret: %v", err)
	}
	for _, raw := range []string{"", "llm.example", "ftp://llm.example", "https://llm.example/?key=1", ":"} {
		if _, err := openai.New(openai.Config{Server: openai.Server{BaseURL: raw, Model: "m"}}); err == nil {
			t.Errorf("accepts %q", raw)
		}
	}
}

func TestConfigFromEnvironment(t *testing.T) {
	t.Setenv("LLM_BASE_URL", "http://llm.example/v1")
	t.Setenv("LLM_MODEL", "example-model")
	t.Setenv("LLM_TIMEOUT", "7s")
	t.Setenv("LLM_PRICE_PROMPT_PER_MTOK", "1.5")
	t.Setenv("LLM_PRICE_COMPLETION_PER_MTOK", "6")
	var c openai.Config
	if err := envconfig.Process("", &c); err != nil {
		t.Fatal(err)
	}
	if c.BaseURL != "http://llm.example/v1" || c.Model != "example-model" || c.Timeout != 7*time.Second ||
		c.Prices != (openai.Prices{Prompt: 1.5, Completion: 6}) || c.MaxAttempts != openai.DefaultMaxAttempts {
		t.Errorf("got %+v", c)
	}
	if _, err := openai.New(c); err != nil {
		t.Error(err)
	}
}
