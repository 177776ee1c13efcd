package servicedesk_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// inside is a server that no tenant's URL may lead to; it counts requests.
func inside(t *testing.T, address string) (url string, requests *atomic.Int64) {
	t.Helper()
	requests = &atomic.Int64{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = io.WriteString(w, `{"access_token":"stolen","request":{"id":"1"}}`)
	}))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, requests
}

// loopback gives a guarded client that reaches 127.0.0.1, and no other address of this machine.
func loopback(t *testing.T) *http.Client {
	t.Helper()
	var networks outbound.Networks
	if err := networks.Decode("127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Config{AllowedNetworks: networks}, slog.New(slog.DiscardHandler)).Client()
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// wantRefused fails unless err is a refusal that nobody repeats.
func wantRefused(t *testing.T, err error) {
	t.Helper()
	e := wantError(t, err, servicedesk.KindGiveUp)
	refused, ok := errors.AsType[*outbound.RefusedError](err)
	if !ok {
		t.Fatalf("%v, want a RefusedError inside", err)
	}
	if servicedesk.Uncertain(err) || servicedesk.RateLimited(err) || servicedesk.NotFound(err) || e.HTTPStatus != 0 {
		t.Errorf("%+v is more than a refusal", e)
	}
	if text := err.Error(); !strings.Contains(text, refused.Error()) || strings.Contains(text, "dial") {
		t.Errorf("%s, want what to do and not where it led", text)
	}
}

func TestSSRFServiceDeskURL(t *testing.T) {
	t.Parallel()
	url, requests := inside(t, "127.0.0.1:0")
	for name, base := range map[string]string{
		"this machine": url, "metadata": "http://169.254.169.254", "metadata in IPv6": "http://[fd00:ec2::254]", "a private address": "https://10.1.2.3:8443",
	} {
		client, err := servicedesk.New(servicedesk.Config{BaseURL: base + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, readErr := client.Request(t.Context(), "1")
		_, writeErr := client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
		for _, err := range []error{readErr, writeErr} {
			if _, ok := errors.AsType[*outbound.RefusedError](err); !ok {
				t.Errorf("%s: %v", name, err)
				continue
			}
			wantRefused(t, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestSSRFAccountsURL(t *testing.T) {
	t.Parallel()
	url, requests := inside(t, "127.0.0.2:0")
	b := newBench(t, servicedesk.ProfileCloud)
	b.cfg.OAuth.AccountsURL = url
	client, err := servicedesk.New(b.cfg, loopback(t))
	if err != nil {
		t.Fatal(err)
	}
	// The endpoint is not asked, so that its lockout is no reason to try again later.
	for range 8 {
		_, err := client.Request(t.Context(), b.ticket)
		wantRefused(t, err)
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("the refresh token was sent %d times", n)
	}
}

func TestSSRFARedirectCarriesNoCredentials(t *testing.T) {
	t.Parallel()
	url, requests := inside(t, "127.0.0.2:0")
	neighbour, arrived := inside(t, "127.0.0.1:0") // reachable, but another server
	for _, target := range []string{url, neighbour, "http://169.254.169.254/latest/meta-data/"} {
		server := httptest.NewServer(http.RedirectHandler(target, http.StatusTemporaryRedirect))
		t.Cleanup(server.Close)
		onPrem, err := servicedesk.New(servicedesk.Config{
			BaseURL: server.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey,
		}, loopback(t))
		if err != nil {
			t.Fatal(err)
		}
		_, err = onPrem.Request(t.Context(), "1")
		if e := wantError(t, err, servicedesk.KindGiveUp); e.HTTPStatus != http.StatusTemporaryRedirect {
			t.Errorf("%+v", e)
		}
		cloud, err := servicedesk.New(servicedesk.Config{
			BaseURL: server.URL + "/app/itdesk/api/v3", Profile: servicedesk.ProfileCloud, OAuth: oauth(server.URL),
		}, loopback(t))
		if err != nil {
			t.Fatal(err)
		}
		_, err = cloud.Request(t.Context(), "1")
		if e := wantError(t, err, servicedesk.KindGiveUp); e.Op != "refresh_token" || !strings.Contains(e.Message, "accounts_url") {
			t.Errorf("%+v", e)
		}
	}
	if n := requests.Load() + arrived.Load(); n != 0 {
		t.Errorf("%d requests were redirected", n)
	}
}

func TestSSRFAnAllowedServerIsReached(t *testing.T) {
	t.Parallel()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		b := newBench(t, profile)
		client, err := servicedesk.New(b.cfg, loopback(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Request(t.Context(), b.ticket); err != nil {
			t.Errorf("%s: %v", profile, err)
		}
	}
}

// The refusal of another call, as the reason for which this one was cancelled, is not taken for its own.
func TestSSRFARefusalElsewhereIsNotOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	ctx, cancel := context.WithCancelCause(t.Context())
	client, err := servicedesk.New(b.cfg, &http.Client{Transport: cancelling{func() { cancel(&outbound.RefusedError{Host: "other.example.com"}) }}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Request(ctx, b.ticket)
	wantError(t, err, servicedesk.KindRetry)
}

// cancelling cancels the request while it is under way.
type cancelling struct{ cancel func() }

func (c cancelling) RoundTrip(req *http.Request) (*http.Response, error) {
	c.cancel()
	return nil, context.Cause(req.Context())
}

func TestAnAnswerThatUnpacksToALotIsGivenUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range 256 {
			if _, err := packed.Write(zeros); err != nil {
				return
			}
		}
		_ = packed.Close()
	}))
	t.Cleanup(server.Close)
	client, err := servicedesk.New(servicedesk.Config{
		BaseURL: server.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey, Timeout: time.Minute,
	}, loopback(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Request(t.Context(), "1")
	if e := wantError(t, err, servicedesk.KindGiveUp); !strings.Contains(e.Message, "larger than") {
		t.Errorf("%+v", e)
	}
}
