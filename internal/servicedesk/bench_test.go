package servicedesk_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const (
	apiKey     = "EXAMPLE-KEY-0001"
	technician = "4"
	marker     = "Reference AIA-7f3c"
)

func oauth(accountsURL string) servicedesk.OAuth {
	return servicedesk.OAuth{
		AccountsURL: accountsURL, ClientID: "1000.CLIENT", ClientSecret: "example-secret", RefreshToken: "1000.refresh",
	}
}

// bench is a client in front of a fake, with one open ticket.
type bench struct {
	fake   *servicedesktest.Server
	client *servicedesk.Client
	cfg    servicedesk.Config
	ticket string
}

func newBench(t *testing.T, profile servicedesk.Profile, change ...func(*servicedesk.Config)) *bench {
	t.Helper()
	fake := servicedesktest.New(servicedesktest.Options{
		Profile: profile, APIKey: apiKey, OAuth: oauth(""), TechnicianID: technician,
	})
	srv := httptest.NewServer(fake)
	t.Cleanup(func() {
		fake.Close()
		srv.Close()
	})
	b := &bench{fake: fake, cfg: servicedesk.Config{
		BaseURL: srv.URL + fake.BasePath(), Profile: profile, TechnicianID: technician, Timeout: 5 * time.Second,
	}}
	if profile == servicedesk.ProfileCloud {
		b.cfg.OAuth = oauth(srv.URL)
	} else {
		b.cfg.APIKey = apiKey
	}
	for _, f := range change {
		f(&b.cfg)
	}
	b.client = newClient(t, b.cfg)
	b.ticket = fake.AddRequest(servicedesktest.Request{Subject: "Mail is down", Status: "Open"})
	return b
}

func newClient(t *testing.T, cfg servicedesk.Config) *servicedesk.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := servicedesk.New(cfg, &http.Client{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// eachProfile runs the test against both editions.
func eachProfile(t *testing.T, test func(t *testing.T, b *bench), change ...func(*servicedesk.Config)) {
	t.Helper()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, profile, change...))
		})
	}
}

// impatient is for tests in which calls time out.
func impatient(c *servicedesk.Config) { c.Timeout = 250 * time.Millisecond }

func (b *bench) write(body string) servicedesk.NoteWrite {
	return servicedesk.NoteWrite{TicketID: b.ticket, Marker: marker, Body: "<p>" + body + "</p><p>" + marker + "</p>"}
}

func (b *bench) put(t *testing.T, w servicedesk.NoteWrite) servicedesk.NoteResult {
	t.Helper()
	result, err := b.client.PutNote(t.Context(), w)
	if err != nil {
		t.Fatalf("PutNote: %v", err)
	}
	return result
}

func (b *bench) faults(faults ...servicedesktest.Fault) {
	b.fake.SetFaults(servicedesktest.Faults{Active: faults})
}

// onlyNote fails unless the ticket has exactly one note.
func (b *bench) onlyNote(t *testing.T) servicedesktest.Note {
	t.Helper()
	notes := b.fake.Notes(b.ticket)
	if len(notes) != 1 {
		t.Fatalf("the ticket has %d notes, want exactly one: %+v", len(notes), notes)
	}
	return notes[0]
}

// calls counts the calls of a method the fake has received.
func (b *bench) calls(method string) int {
	n := 0
	for _, c := range b.fake.Calls() {
		if c.Method == method && c.Path != "/oauth/v2/token" {
			n++
		}
	}
	return n
}

func (b *bench) refreshes() int {
	n := 0
	for _, c := range b.fake.Calls() {
		if c.Path == "/oauth/v2/token" {
			n++
		}
	}
	return n
}

// wantError returns a copy of the error, which is not an error to be checked itself.
func wantError(t *testing.T, err error, kind servicedesk.Kind) servicedesk.Error {
	t.Helper()
	var e *servicedesk.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *servicedesk.Error of kind %s", err, kind)
	}
	if e.Kind != kind {
		t.Fatalf("got kind %s, want %s: %v", e.Kind, kind, err)
	}
	if servicedesk.Retryable(err) != (kind == servicedesk.KindRetry) {
		t.Fatalf("Retryable disagrees with kind %s", kind)
	}
	return *e
}

// against returns an on-premises client of a server that answers with h.
func against(t *testing.T, h http.HandlerFunc) *servicedesk.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newClient(t, servicedesk.Config{
		BaseURL: srv.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey, Timeout: 2 * time.Second,
	})
}

func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// undigested is what a result says beside the digest.
func undigested(r servicedesk.NoteResult) servicedesk.NoteResult {
	r.Digest = ""
	return r
}
