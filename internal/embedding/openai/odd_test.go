package openai_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/gather"
)

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
		server    http.HandlerFunc
		permanent bool
		want      string
	}{
		"out of quota": {answer(429, `{"error":{"message":"x","type":"insufficient_quota","code":"insufficient_quota"}}`), true, "quota"},
		"payment":      {answer(402, `{"error":{"message":"x"}}`), true, "status 402"},
		"not there":    {answer(501, ""), true, "status 501"},
		"HTML":         {answer(200, "<html>Welcome</html>"), false, "no list of embeddings"},
		"wrong type":   {answer(200, `{"data":"none"}`), false, "no list of embeddings"},
		"nothing":      {answer(200, ""), false, "no list of embeddings"},
		"cut off":      {answer(200, `{"data":[`), false, "cut off"},
		"two dimensions": {
			answer(200, `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[1]}]}`), false, "of 2 and of 1",
		},
		"repeated index":  {answer(200, `{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[0,1]}]}`), false, "2 vectors for 1"},
		"index too high":  {answer(200, `{"data":[{"index":0,"embedding":[1,0]},{"index":2,"embedding":[0,1]}]}`), false, "2 vectors for 1"},
		"echoes the text": {answer(404, `{"error":{"message":"`+secret+`"}}`), true, "status 404"},
		"echoes the key":  {answer(400, "bad header Bearer "+key), true, "Bearer [key]"},
		"redirect":        {answer(307, "", "Location", "https://elsewhere.example/"), true, "redirects"},
		"too large":       {answer(200, `{"id":"`+strings.Repeat("x", 2<<20)+`"}`), true, "exceeds"},
		"hangs up":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, log := against(t, tc.server, func(c *openai.Config) { c.Batch = 2 })
			results, err := client.Embed(t.Context(), texts(2))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error is %v", err)
			}
			var permanent *gather.PermanentError
			if errors.As(err, &permanent) != tc.permanent {
				t.Errorf("permanent is %t", !tc.permanent)
			}
			if len(err.Error()) > 400 {
				t.Errorf("error has %d bytes", len(err.Error()))
			}
			checkDiscreet(t, log.String(), err, results)
		})
	}
}

func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	distrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(distrusted.Close)
	distrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	for address, want := range map[string]string{gone.URL: "connection refused", distrusted.URL: "certificate"} {
		client, err := openai.New(openai.Config{BaseURL: address}, key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Embed(t.Context(), texts(1))
		var permanent *gather.PermanentError
		if err == nil || !strings.Contains(err.Error(), want) || errors.As(err, &permanent) {
			t.Errorf("error is %v", err)
		}
	}
}

// Vectors of different requests that differ in dimensions are as little comparable as those of one answer.
func TestTheModelChangesBetweenRequests(t *testing.T) {
	t.Parallel()
	calls := 0
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		_, _ = w.Write([]byte(`{"data":[{"index":0,"embedding":[1` + strings.Repeat(",1", calls) + `]}]}`))
	}), func(c *openai.Config) { c.Batch = 1 })
	results, err := client.Embed(t.Context(), texts(2))
	if err == nil || results[0].Vector != nil || results[1].Vector != nil {
		t.Errorf("got %+v, %v", results, err)
	}
}

func TestNewNamesEveryMistake(t *testing.T) {
	t.Parallel()
	_, err := openai.New(openai.Config{
		BaseURL: "https://user:hush@embeddings.example/v1", Timeout: -1, Batch: -1, MaxChars: embedding.MaxText + 1,
	}, key)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"EMBEDDINGS_BASE_URL", "EMBEDDINGS_TIMEOUT", "EMBEDDINGS_BATCH", "EMBEDDINGS_MAX_CHARS"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), key) {
		t.Errorf("error tells a secret: %v", err)
	}
	for _, raw := range []string{"", "llm.example", "ftp://llm.example", "https://llm.example/?key=1", ":"} {
		if _, err := openai.New(openai.Config{BaseURL: raw}, ""); err == nil {
			t.Errorf("accepts %q", raw)
		}
	}
}

func TestConfigFromEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"EMBEDDINGS_BASE_URL": "http://llm.example/v1", "EMBEDDINGS_TIMEOUT": "7s", "EMBEDDINGS_MAX_CHARS": "900",
	} {
		t.Setenv(name, value)
	}
	var c openai.Config
	if (openai.Config{}).Enabled() {
		t.Error("enabled without an address")
	}
	if err := envconfig.Process("", &c); err != nil {
		t.Fatal(err)
	}
	want := openai.Config{
		BaseURL: "http://llm.example/v1", Model: openai.DefaultModel, Timeout: 7 * time.Second, Batch: openai.DefaultBatch, MaxChars: 900,
	}
	if c != want || !c.Enabled() {
		t.Errorf("got %+v, want %+v", c, want)
	}
}
