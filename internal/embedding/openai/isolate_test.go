package openai_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// refusing is a server that answers requests with a text that contains the bad word by status and body, and
// others as the fake does.
func refusing(bad string, status int, body string) http.HandlerFunc {
	fake := openaitest.New(key, nil)
	return func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if strings.Contains(string(raw), bad) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
		fake.ServeHTTP(w, r)
	}
}

func TestOneBadTextDoesNotBlockTheOthers(t *testing.T) {
	t.Parallel()
	echo := `{"error":{"message":"cannot embed: ` + secret + ` with ` + key + `","type":"` + secret + `"}}`
	for name, tc := range map[string]struct {
		status  int
		body    string
		refused bool
	}{
		"400":               {http.StatusBadRequest, echo, true},
		"413":               {http.StatusRequestEntityTooLarge, echo, true},
		"422":               {http.StatusUnprocessableEntity, echo, true},
		"500 for length":    {http.StatusInternalServerError, `{"error":{"message":"input is too large to process"}}`, true},
		"500 for no reason": {http.StatusInternalServerError, echo, false},
		"NaN in the answer": {http.StatusOK, `{"data":[{"index":0,"embedding":[NaN]}]}`, false},
		"no vector":         {http.StatusOK, `{"data":[]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, log := against(t, refusing("number5", tc.status, tc.body), nil)
			all := texts(9)
			results, err := client.Embed(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			checkVectors(t, client.Model(), slices.Delete(slices.Clone(all), 5, 6), slices.Delete(slices.Clone(results), 5, 6))
			if bad := results[5]; bad.Vector != nil || bad.Err == nil || errors.Is(bad.Err, embedding.ErrRefused) != tc.refused {
				t.Errorf("the bad text's result is %+v", bad)
			}
			checkDiscreet(t, log.String(), err, results)
		})
	}
}

func TestAZeroVectorIsItsTextsOwnFailure(t *testing.T) {
	t.Parallel()
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[{"index":1,"embedding":[0,0]},{"index":0,"embedding":[3,4]}]}`))
	}), nil)
	results, err := client.Embed(t.Context(), texts(2))
	if err != nil || !slices.Equal(results[0].Vector, embedding.Vector{0.6, 0.8}) || !errors.Is(results[1].Err, embedding.ErrRefused) {
		t.Errorf("got %+v, %v", results, err)
	}
}

func TestTheBeginningOfALongTextIsEmbedded(t *testing.T) {
	t.Parallel()
	const longest = 1000 // characters that the server takes
	fake := openaitest.New(key, nil)
	var sent []int
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var request struct {
			Input []string `json:"input"`
		}
		_ = json.Unmarshal(raw, &request)
		for _, text := range request.Input {
			sent = append(sent, len(text))
			if len(text) > longest {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":{"message":"maximum context length is 250 tokens"}}`))
				return
			}
		}
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
		fake.ServeHTTP(w, r)
	}), func(c *openai.Config) { c.MaxChars = 5000 })
	all := []string{strings.Repeat("abcdefg ", 2000), "short"}
	results, err := client.Embed(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, client.Model(), all, results)
	if most := slices.Max(sent); most < 4990 || most > 5002 { // the ellipsis has three bytes
		t.Errorf("%d characters sent, the setting says 5000", most)
	}
}

func TestATextThatIsAlwaysTooLongIsRefused(t *testing.T) {
	t.Parallel()
	client, _ := against(t, refusing("abc", http.StatusRequestEntityTooLarge, "too long"), nil)
	results, err := client.Embed(t.Context(), []string{strings.Repeat("abc ", 2000)})
	if err != nil || !errors.Is(results[0].Err, embedding.ErrRefused) {
		t.Errorf("got %+v, %v", results, err)
	}
}

func TestTheServerGoesWhileTheBadTextIsSought(t *testing.T) {
	t.Parallel()
	fake, calls := refusing("number5", http.StatusBadRequest, "no"), 0
	client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 4 { // the batch, the probe, the first half
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fake(w, r)
	}), nil)
	all := texts(8)
	results, err := client.Embed(t.Context(), all)
	if err == nil || !strings.Contains(err.Error(), "status 502") {
		t.Fatalf("error is %v", err)
	}
	checkVectors(t, client.Model(), all[:4], results[:4])
	for _, r := range results[4:] {
		if r.Vector != nil || r.Err != nil {
			t.Errorf("judged before its turn: %+v", r)
		}
	}
}

// A server that works for the probe and for nothing else is broken, and no text is to blame.
func TestAllTextsFailForNoReason(t *testing.T) {
	t.Parallel()
	client, _ := against(t, refusing(secret, http.StatusInternalServerError, "oops"), nil)
	results, err := client.Embed(t.Context(), texts(3))
	if err == nil || !strings.Contains(err.Error(), "status 500") || slices.ContainsFunc(results, func(r embedding.Result) bool {
		return r.Err != nil || r.Vector != nil
	}) {
		t.Errorf("got %+v, %v", results, err)
	}
}

// A server that does not number its vectors may give them in any order.
func TestTheOrderIsNotGuessed(t *testing.T) {
	t.Parallel()
	fake := openaitest.New(key, nil)
	if err := fake.SetFaults(openaitest.Faults{Shuffled: true}); err != nil {
		t.Fatal(err)
	}
	for name, index := range map[string]string{"repeated": `"index":0`, "beyond the end": `"index":7`, "negative": `"index":-1`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(raw)))
				recorded := httptest.NewRecorder()
				fake.ServeHTTP(recorded, r)
				answer := recorded.Body.String()
				if strings.Count(answer, `"index"`) > 1 {
					answer = strings.ReplaceAll(answer, `"index":1`, index)
				}
				_, _ = w.Write([]byte(answer))
			}), nil)
			all := texts(2)
			results, err := client.Embed(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			checkVectors(t, client.Model(), all, results)
		})
	}
}
