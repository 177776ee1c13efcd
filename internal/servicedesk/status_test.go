package servicedesk_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// Every call is measured, the refresh of a token too, and said to have ended as it did.
func TestCallsAreMeasured(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	failed := func(status, code int) http.HandlerFunc {
		return answer(status, fmt.Sprintf(`{"response_status":{"status_code":4000,"messages":[{"status_code":%d,"message":"example"}],"status":"failed"}}`, code))
	}
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  telemetry.DeskStatus
	}{
		"answered":        {answer(200, `{"request":{"id":"1"}}`), telemetry.DeskOK},
		"a bad key":       {failed(200, 4022), telemetry.DeskAuth},
		"may not":         {failed(403, 4002), telemetry.DeskAuth},
		"401":             {answer(401, ""), telemetry.DeskAuth},
		"gone":            {failed(404, 4007), telemetry.DeskNotFound},
		"429":             {answer(429, ""), telemetry.DeskThrottled},
		"blocked":         {answer(400, `{"response_status":{"status_code":4000,"messages":[{"status_code":4000,"message":"Maximum access limit exceeded"}],"status":"failed"}}`), telemetry.DeskThrottled},
		"a blocked page":  {answer(400, "<html><body>URL blocked as maximum access limit exceeded</body></html>"), telemetry.DeskThrottled},
		"it fails":        {answer(500, ""), telemetry.DeskServer},
		"it does not say": {answer(502, "<html>"), telemetry.DeskServer},
		"not like this":   {failed(400, 4001), telemetry.DeskRefused},
		"no answer": {func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, telemetry.DeskTimeout},
		"cut off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, telemetry.DeskUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.serve)
			t.Cleanup(server.Close)
			var heard []string
			client, err := servicedesk.New(servicedesk.Config{
				BaseURL: server.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey, Timeout: 500 * time.Millisecond,
				Observe: func(_ context.Context, op string, status telemetry.DeskStatus, took time.Duration) {
					heard = append(heard, op+" "+string(status))
					if took <= 0 {
						t.Errorf("it took %s", took)
					}
				},
			}, server.Client())
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Request(t.Context(), "1")
			if (err == nil) != (c.want == telemetry.DeskOK) || !slices.Equal(heard, []string{"get_request " + string(c.want)}) {
				t.Errorf("heard %v of %v", heard, err)
			}
		})
	}
}

func TestACallThatWasCalledOffIsNotMeasured(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	client, err := servicedesk.New(servicedesk.Config{
		BaseURL: server.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey,
		Observe: func(_ context.Context, op string, status telemetry.DeskStatus, _ time.Duration) {
			t.Errorf("%s counts as %s", op, status)
		},
	}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Request(ctx, "1"); err == nil {
		t.Error("there is an answer")
	}
}

func TestARefreshIsMeasured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token string
		want  []string
	}{
		"taken":   {`{"access_token":"example","expires_in":"3600"}`, []string{"refresh_token ok", "get_request ok"}},
		"refused": {`{"error":"invalid_code"}`, []string{"refresh_token auth"}},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/oauth/v2/token") {
				_, _ = fmt.Fprint(w, c.token)
				return
			}
			_, _ = fmt.Fprint(w, `{"request":{"id":"1"}}`)
		}))
		t.Cleanup(server.Close)
		var heard []string
		client, err := servicedesk.New(servicedesk.Config{
			BaseURL: server.URL + "/app/example/api/v3", Profile: servicedesk.ProfileCloud,
			OAuth: servicedesk.OAuth{AccountsURL: server.URL, ClientID: "example", ClientSecret: "example", RefreshToken: "example"},
			Observe: func(_ context.Context, op string, status telemetry.DeskStatus, _ time.Duration) {
				heard = append(heard, op+" "+string(status))
			},
		}, server.Client())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Request(t.Context(), "1"); (err == nil) != (len(c.want) == 2) || !slices.Equal(heard, c.want) {
			t.Errorf("%s: heard %v, %v", name, heard, err)
		}
	}
}
