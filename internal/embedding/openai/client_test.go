package openai_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

const (
	key    = "sk-example-0123456789-not-a-real-key"
	secret = "Zebrafink" // in every text, so that one that leaks is found
)

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
		BaseURL: server.URL + "/llm/v1", Model: "example-embeddings",
		HTTPClient: server.Client(), Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&config)
	}
	client, err := openai.New(config, key)
	if err != nil {
		t.Fatal(err)
	}
	return client, &log
}

// texts gives n texts of which no two are alike.
func texts(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s reports fault number%d", secret, i)
	}
	return all
}

// checkVectors wants the fake's own vector for each text.
func checkVectors(t *testing.T, model string, texts []string, results []embedding.Result) {
	t.Helper()
	for i, text := range texts {
		if results[i].Err != nil {
			t.Fatalf("text %d: %v", i, results[i].Err)
		}
		want := openaitest.Embed(model, text)
		cosine := 0.0
		for j, x := range results[i].Vector {
			cosine += float64(x) * float64(want[j])
		}
		if cosine < 0.999 {
			t.Errorf("text %d has another one's vector: cosine %v", i, cosine)
		}
	}
}

// checkDiscreet wants nothing of key and texts in logs and errors.
func checkDiscreet(t *testing.T, log string, err error, results []embedding.Result) {
	t.Helper()
	said := fmt.Sprint(log, err)
	for _, r := range results {
		if r.Err != nil {
			said = fmt.Sprint(said, r.Err)
		}
	}
	for _, part := range []string{key, key[:10], key[len(key)-4:], secret} {
		if strings.Contains(said, part) {
			t.Errorf("%q is in %s", part, said)
		}
	}
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults openaitest.Faults
		calls  int
	}{
		"in order":    {openaitest.Faults{}, 3},
		"other order": {openaitest.Faults{Shuffled: true}, 3},
		"no usage":    {openaitest.Faults{NoUsage: true}, 3},
		// One request and one probe for the first batch, and two halves.
		"one vector short, once": {openaitest.Faults{WrongCount: true, Remaining: 1}, 6},
		"malformed, once":        {openaitest.Faults{MalformedJSON: true, Remaining: 1}, 6},
		"500, once":              {openaitest.Faults{Status: 500, Remaining: 1}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake, log := start(t, tc.faults, func(c *openai.Config) { c.Batch = 4 })
			all := texts(10)
			results, err := client.Embed(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			checkVectors(t, client.Model(), all, results)
			if n := len(fake.EmbeddingCalls()); n != tc.calls {
				t.Errorf("%d calls, want %d", n, tc.calls)
			}
			checkDiscreet(t, log.String(), err, results)
		})
	}
}

func TestEmbedFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults    openaitest.Faults
		calls     int
		permanent bool
		want      string
	}{
		"401":             {openaitest.Faults{Status: 401}, 1, true, "check the API key"},
		"403":             {openaitest.Faults{Status: 403}, 1, true, "check the API key"},
		"404":             {openaitest.Faults{Status: 404}, 1, true, "EMBEDDINGS_BASE_URL"},
		"400 to all":      {openaitest.Faults{Status: 400}, 2, true, "check EMBEDDINGS_MODEL"},
		"429":             {openaitest.Faults{Status: 429}, 1, false, "status 429"},
		"500":             {openaitest.Faults{Status: 500}, 2, false, "status 500"},
		"503":             {openaitest.Faults{Status: 503}, 1, false, "status 503"},
		"a proxy's page":  {openaitest.Faults{HTMLPage: true}, 1, false, "status 502"},
		"malformed":       {openaitest.Faults{MalformedJSON: true}, 2, false, "no list of embeddings"},
		"lies":            {openaitest.Faults{FailureInside: true}, 2, false, "0 vectors for 1 texts"},
		"always short":    {openaitest.Faults{WrongCount: true}, 2, false, "0 vectors for 1 texts"},
		"all of it zero":  {openaitest.Faults{ZeroVector: true}, 2, true, "zero"},
		"hangs":           {openaitest.Faults{Hang: true}, 1, false, "EMBEDDINGS_TIMEOUT"},
		"slower than due": {openaitest.Faults{LatencyMS: 60_000}, 1, false, "EMBEDDINGS_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake, log := start(t, tc.faults, func(c *openai.Config) {
				if tc.faults.Hang || tc.faults.LatencyMS > 0 {
					c.Timeout = 10 * time.Millisecond
				}
			})
			results, err := client.Embed(t.Context(), texts(3))
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), client.Model()) {
				t.Fatalf("error is %v", err)
			}
			var permanent *gather.PermanentError
			if errors.As(err, &permanent) != tc.permanent {
				t.Errorf("permanent is %t: %v", !tc.permanent, err)
			}
			slow := tc.faults.Hang || tc.faults.LatencyMS > 0 // such calls are remembered when they end
			if n := len(fake.EmbeddingCalls()); n != tc.calls && !slow {
				t.Errorf("%d calls, want %d", n, tc.calls)
			}
			for _, r := range results {
				if r.Vector != nil || r.Err != nil {
					t.Errorf("a result beside the error: %+v", r)
				}
			}
			checkDiscreet(t, log.String(), err, results)
		})
	}
}

func TestEmbedPassesOnTheWait(t *testing.T) {
	t.Parallel()
	client, _, _ := start(t, openaitest.Faults{Status: 429, RetryAfter: 7}, nil)
	_, err := client.Embed(t.Context(), texts(1))
	var wait *backoff.RetryAfterError
	if !errors.As(err, &wait) || wait.Duration != 7*time.Second {
		t.Errorf("error is %v", err)
	}
}

func TestEmbedHonoursTheContext(t *testing.T) {
	t.Parallel()
	client, _, _ := start(t, openaitest.Faults{Hang: true}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := client.Embed(ctx, texts(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := client.Embed(ctx, texts(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEmbedKeepsWhatCameBeforeTheFailure(t *testing.T) {
	t.Parallel()
	fake := openaitest.New(key, nil)
	calls := 0
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls > 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fake.ServeHTTP(w, r)
	}), func(c *openai.Config) { c.Batch = 2 })
	all := texts(5)
	results, err := client.Embed(t.Context(), all)
	if err == nil {
		t.Fatal("no error")
	}
	checkVectors(t, client.Model(), all[:4], results[:4])
	if results[4].Vector != nil || results[4].Err != nil {
		t.Errorf("the last text's turn did not come: %+v", results[4])
	}
}

func TestWrongKeyIsNotRepeated(t *testing.T) {
	t.Parallel()
	client, log := against(t, openaitest.New("another", nil), nil)
	results, err := client.Embed(t.Context(), texts(2))
	if err == nil || !strings.Contains(err.Error(), "status 401") {
		t.Errorf("error is %v", err)
	}
	checkDiscreet(t, log.String(), err, results)
}
