package openaitest_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

func postEmbeddings(t *testing.T, s *openaitest.Server, authorization, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/any/v1/embeddings", strings.NewReader(body))
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

type embeddings struct {
	Model string `json:"model"`
	Data  []struct {
		Index     int             `json:"index"`
		Embedding json.RawMessage `json:"embedding"`
	} `json:"data"`
	Usage *struct {
		Prompt int `json:"prompt_tokens"`
		Total  int `json:"total_tokens"`
	} `json:"usage"`
}

// embed posts body, which must have an answer.
func embed(t *testing.T, s *openaitest.Server, body string) embeddings {
	t.Helper()
	w := postEmbeddings(t, s, "Bearer example", body)
	var e embeddings
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return e
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	s := openaitest.New("example", nil)
	want := openaitest.Embed("m", "VPN drops")

	one := embed(t, s, `{"model":"m","input":"VPN drops"}`)
	var numbers []float32
	if err := json.Unmarshal(one.Data[0].Embedding, &numbers); err != nil || !slices.Equal(numbers, want) {
		t.Errorf("a single text: %v, %d numbers", err, len(numbers))
	}
	if one.Model != "m" || one.Usage.Prompt != 3 || one.Usage.Total != 3 {
		t.Errorf("got %+v", one)
	}

	two := embed(t, s, `{"model":"m","input":["Printer","VPN drops"],"encoding_format":"base64"}`)
	var encoded string
	if err := json.Unmarshal(two.Data[1].Embedding, &encoded); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range want {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); got != x {
			t.Fatalf("dimension %d is %v, want %v", i, got, x)
		}
	}
	if two.Data[0].Index != 0 || two.Data[1].Index != 1 || len(raw) != 4*len(want) {
		t.Errorf("got %d vectors and %d bytes", len(two.Data), len(raw))
	}

	calls := s.EmbeddingCalls()
	if len(calls) != 2 || len(s.Calls()) != 0 || calls[0].At.IsZero() {
		t.Fatalf("calls are %+v", calls)
	}
	calls[1].At = time.Time{}
	second := openaitest.EmbeddingCall{Model: "m", Input: []string{"Printer", "VPN drops"}, EncodingFormat: "base64", Status: 200}
	if diff := cmp.Diff(second, calls[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEmbeddingsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := openaitest.New("example", nil)
	long := strings.Repeat("word ", openaitest.MaxInputTokens)
	for name, tc := range map[string]struct {
		authorization, body string
		status              int
		want                string
	}{
		"no key":       {"", `{"model":"m","input":"x"}`, http.StatusUnauthorized, "invalid_api_key"},
		"no JSON":      {"Bearer example", `{`, http.StatusBadRequest, "parse"},
		"no model":     {"Bearer example", `{"input":"x"}`, http.StatusBadRequest, "model"},
		"no input":     {"Bearer example", `{"model":"m"}`, http.StatusBadRequest, "$.input"},
		"no texts":     {"Bearer example", `{"model":"m","input":[]}`, http.StatusBadRequest, "$.input"},
		"empty text":   {"Bearer example", `{"model":"m","input":["x",""]}`, http.StatusBadRequest, "$.input"},
		"tokens":       {"Bearer example", `{"model":"m","input":[[1,2]]}`, http.StatusBadRequest, "parse"},
		"odd encoding": {"Bearer example", `{"model":"m","input":"x","encoding_format":"hex"}`, http.StatusBadRequest, "encoding_format"},
		"too long":     {"Bearer example", `{"model":"m","input":"` + long + `"}`, http.StatusBadRequest, "maximum context length"},
		"too many":     {"Bearer example", `{"model":"m","input":["x"` + strings.Repeat(`,"x"`, 2048) + `]}`, http.StatusBadRequest, "$.input"},
	} {
		w := postEmbeddings(t, s, tc.authorization, tc.body)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) || !strings.Contains(w.Body.String(), `"error"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if len(s.EmbeddingCalls()) != 0 {
		t.Error("refused requests are remembered")
	}
}

func TestFaultsOfEmbeddings(t *testing.T) {
	t.Parallel()
	const three = `{"model":"m","input":["one","two","three"]}`
	for name, tc := range map[string]struct {
		faults openaitest.Faults
		status int
		want   func(e embeddings, body string) bool
	}{
		"latency":   {openaitest.Faults{LatencyMS: 1}, 200, func(e embeddings, _ string) bool { return len(e.Data) == 3 }},
		"429":       {openaitest.Faults{Status: 429, RetryAfter: 3}, 429, func(_ embeddings, b string) bool { return strings.Contains(b, "rate_limit_exceeded") }},
		"500":       {openaitest.Faults{Status: 500}, 500, func(_ embeddings, b string) bool { return strings.Contains(b, "server_error") }},
		"401":       {openaitest.Faults{Status: 401}, 401, func(_ embeddings, b string) bool { return strings.Contains(b, "invalid_api_key") }},
		"page":      {openaitest.Faults{HTMLPage: true}, 502, func(_ embeddings, b string) bool { return strings.HasPrefix(b, "<html>") }},
		"503 page":  {openaitest.Faults{HTMLPage: true, Status: 503}, 503, func(_ embeddings, b string) bool { return strings.HasPrefix(b, "<html>") }},
		"malformed": {openaitest.Faults{MalformedJSON: true}, 200, func(_ embeddings, b string) bool { return !json.Valid([]byte(b)) }},
		"no usage":  {openaitest.Faults{NoUsage: true}, 200, func(e embeddings, _ string) bool { return e.Usage == nil && len(e.Data) == 3 }},
		"failure":   {openaitest.Faults{FailureInside: true}, 200, func(e embeddings, _ string) bool { return len(e.Data) == 0 }},
		"count":     {openaitest.Faults{WrongCount: true}, 200, func(e embeddings, _ string) bool { return len(e.Data) == 2 }},
		"order": {openaitest.Faults{Shuffled: true}, 200, func(e embeddings, _ string) bool {
			var first []float32
			return json.Unmarshal(e.Data[0].Embedding, &first) == nil && e.Data[0].Index == 2 && e.Data[2].Index == 0 &&
				slices.Equal(first, openaitest.Embed("m", "three"))
		}},
		"zero": {openaitest.Faults{ZeroVector: true}, 200, func(e embeddings, _ string) bool {
			return !strings.ContainsAny(string(e.Data[1].Embedding), "123456789")
		}},
		"a refused text":    {openaitest.Faults{RefuseInput: "two"}, 400, func(_ embeddings, b string) bool { return strings.Contains(b, `"param":"input"`) }},
		"no refused text":   {openaitest.Faults{RefuseInput: "four"}, 200, func(e embeddings, _ string) bool { return len(e.Data) == 3 }},
		"of chat only":      {openaitest.Faults{Endpoint: openaitest.EndpointChat, Status: 500}, 200, func(e embeddings, _ string) bool { return len(e.Data) == 3 }},
		"of embeddings too": {openaitest.Faults{Endpoint: openaitest.EndpointEmbeddings, Status: 500}, 500, func(embeddings, string) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openaitest.New("example", nil)
			if err := s.SetFaults(tc.faults); err != nil {
				t.Fatal(err)
			}
			w := postEmbeddings(t, s, "Bearer example", three)
			var e embeddings
			_ = json.Unmarshal(w.Body.Bytes(), &e) // some answers are none
			if w.Code != tc.status || !tc.want(e, w.Body.String()) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if calls := s.EmbeddingCalls(); len(calls) != 1 || calls[0].Status != tc.status {
				t.Errorf("calls are %+v", calls)
			}
		})
	}
}

func TestFaultsOfOneEndpointAreCountedThere(t *testing.T) {
	t.Parallel()
	s := openaitest.New("example", nil)
	if err := s.SetFaults(openaitest.Faults{Endpoint: openaitest.EndpointEmbeddings, HTMLPage: true, Remaining: 1}); err != nil {
		t.Fatal(err)
	}
	ask(t, s)
	if w := postEmbeddings(t, s, "Bearer example", `{"model":"m","input":"x"}`); w.Code != http.StatusBadGateway {
		t.Errorf("got %d", w.Code)
	}
	embed(t, s, `{"model":"m","input":"x"}`)
	if err := s.SetFaults(openaitest.Faults{HTMLPage: true}); err != nil {
		t.Fatal(err)
	}
	if w := post(t, s, "Bearer example", body(t, user)); w.Code != http.StatusBadGateway || !strings.HasPrefix(w.Body.String(), "<html>") {
		t.Errorf("chat got %d %s", w.Code, w.Body)
	}
	for _, bad := range []openaitest.Faults{{Endpoint: "images"}, {Hang: true, HTMLPage: true}} {
		if err := s.SetFaults(bad); err == nil {
			t.Errorf("accepts %+v", bad)
		}
	}
}

func TestEmbeddingsThatHang(t *testing.T) {
	t.Parallel()
	s := openaitest.New("", nil)
	if err := s.SetFaults(openaitest.Faults{Hang: true}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/embeddings", strings.NewReader(`{"model":"m","input":"x"}`))
	s.ServeHTTP(httptest.NewRecorder(), r)
	if calls := s.EmbeddingCalls(); len(calls) != 1 || calls[0].Status != 0 {
		t.Errorf("calls are %+v", calls)
	}
}

func TestEmbeddingCallsAreBounded(t *testing.T) {
	t.Parallel()
	s := openaitest.New("", nil)
	for i := range 210 {
		postEmbeddings(t, s, "", fmt.Sprintf(`{"model":"m","input":"%d %s"}`, i, strings.Repeat("ä", 300)))
	}
	calls := s.EmbeddingCalls()
	if len(calls) != 200 || !strings.HasPrefix(calls[0].Input[0], "10 ") || len([]rune(calls[0].Input[0])) != 200 {
		t.Errorf("%d calls, the oldest is %+v", len(calls), calls[0])
	}
}
