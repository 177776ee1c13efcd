package preview_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const alpha = "alpha"

// world is all that a preview is made of, as fields say.
type world struct {
	mu       sync.Mutex
	tenant   tenant.Tenant
	gone     bool // the tenant
	found    map[gather.Kind][]gather.Item
	broken   map[gather.Kind]error
	asked    map[gather.Kind][]gather.Query
	desk     func() (ticket.Ticket, error)
	job      func() (enhancement.Job, error)
	past     func() (ticket.Ticket, error)
	requests []drafting.Request
	counted  []telemetry.Previewed
	// drafting, when set, is waited for before a note is drafted.
	drafting chan struct{}
	drafter  *drafting.Drafter
	enhancer string
	cfg      preview.Config
	sealer   *tenant.Sealer
	now      func() time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sealer := tenantstoretest.NewSealer(t)
	at := time.Now()
	w := &world{
		tenant: tenant.Tenant{ID: alpha, Version: 7, Preferences: tenant.Preferences{
			Format: tenant.FormatMarkdown,
		}},
		found: map[gather.Kind][]gather.Item{
			gather.KindTicket:  {{Kind: gather.KindTicket, ID: "17", Title: "VPN drops", Resolution: "Replaced the cable.", Relevance: 0.9, URL: "https://sdp.example.com/17"}},
			gather.KindArticle: {{Kind: gather.KindArticle, ID: "KB-1", Title: "VPN guide", Text: "Check the cable.", Relevance: 0.4}},
			gather.KindSystem:  {{Kind: gather.KindSystem, ID: "vpn01", Title: "vpn01", Address: "192.0.2.10", Relevance: 1}},
		},
		broken: map[gather.Kind]error{}, asked: map[gather.Kind][]gather.Query{},
		desk: func() (ticket.Ticket, error) { return ticket.Ticket{}, preview.ErrNoTicket },
		job:  func() (enhancement.Job, error) { return enhancement.Job{}, enhancement.ErrNotFound },
		past: func() (ticket.Ticket, error) { return ticket.Ticket{}, history.ErrNoTicket },
		cfg:  preview.Config{TenantLimit: 2, GlobalLimit: 3},

		sealer: sealer, now: func() time.Time { return at },
	}
	w.drafter = drafting.New(drafting.Deps{Tenants: w, Synthesizer: synthesis.New(nil, synthesis.Options{}), Logger: slog.New(slog.DiscardHandler)})
	return w
}

func (w *world) service() *preview.Service {
	return preview.New(w.cfg, preview.Deps{
		Enhancer: w.enhancer, Tenants: w, Drafter: w, Past: pasts{w}, Jobs: w, Desks: desks{w}, Sealer: w.sealer, Now: w.now, Logger: slog.New(slog.DiscardHandler),
		Count: func(ended telemetry.Previewed) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counted = append(w.counted, ended)
		},
		Sources: map[enhancement.Step]gather.Source{
			enhancement.StepTicketSearch: source{w, gather.KindTicket},
			enhancement.StepDocSearch:    source{w, gather.KindArticle},
			enhancement.StepIPSearch:     source{w, gather.KindSystem},
		},
		Limits: preview.Limits{
			Read: time.Minute, Search: time.Minute, Draft: time.Minute,
			Patience: gather.Patience{Attempts: 2, FirstPause: time.Millisecond, LongestPause: time.Millisecond, Within: time.Minute},
		},
	})
}

func (w *world) Tenant(_ context.Context, id string) (tenant.Tenant, error) {
	if w.gone || id == "" {
		return tenant.Tenant{}, tenant.ErrNotFound
	}
	return w.tenant, nil
}

func (w *world) Draft(ctx context.Context, r drafting.Request) (drafting.Draft, error) {
	w.mu.Lock()
	w.requests = append(w.requests, r)
	w.mu.Unlock()
	if w.drafting != nil {
		<-w.drafting
	}
	return w.drafter.Draft(ctx, r)
}

func (w *world) Newest(context.Context, string, string) (enhancement.Job, error) { return w.job() }

type desks struct{ w *world }

func (d desks) Ticket(context.Context, string, string) (ticket.Ticket, error) { return d.w.desk() }

type pasts struct{ w *world }

func (p pasts) Ticket(context.Context, string, string) (ticket.Ticket, error) { return p.w.past() }

type source struct {
	w    *world
	kind gather.Kind
}

func (s source) Kind() gather.Kind { return s.kind }

func (s source) Find(_ context.Context, q gather.Query) (gather.Result, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.asked[s.kind] = append(s.w.asked[s.kind], q)
	return gather.Result{Items: s.w.found[s.kind]}, s.w.broken[s.kind]
}

func vpn() (ticket.Ticket, error) {
	return ticket.Ticket{ID: "1001", Subject: "VPN drops", Description: "192.0.2.10 does not answer"}, nil
}

func TestAPreviewIsDraftedFromWhatTheSourcesFind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk = vpn
	asOf := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	got, err := w.service().Preview(t.Context(), preview.Request{TenantID: alpha, TicketID: "1001", AsOf: asOf})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := vpn()
	for kind, queries := range w.asked {
		if diff := cmp.Diff([]gather.Query{{TenantID: alpha, Ticket: want, AsOf: asOf}}, queries); diff != "" {
			t.Errorf("%s was asked otherwise: %s", kind, diff)
		}
	}
	if len(w.asked) != 3 {
		t.Errorf("asked %d sources", len(w.asked))
	}
	cited := []adminapi.Citation{
		{Kind: "ticket", Text: "#17", URL: "https://sdp.example.com/17", Relevance: 0.9}, {Kind: "article", Text: "VPN guide", Relevance: 0.4}, {Kind: "system", Text: "vpn01"},
	}
	if diff := cmp.Diff(cited, got.Note.Cited); diff != "" {
		t.Error(diff)
	}
	reference := enhancement.NoteReference(alpha, "1001")
	for name, text := range map[string]string{"html": got.Note.HTML, "markdown": got.Note.Markdown, "text": got.Note.Text} {
		if !strings.Contains(text, "VPN guide") || !strings.Contains(text, reference) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if got.TicketID != "1001" || got.Source != adminapi.SourceServiceDesk || got.Note.Format != "markdown" || got.Account.TenantVersion != 7 ||
		got.Account.Sources != 3 || got.Account.FallbackReason != string(synthesis.ReasonNoLLM) || got.Account.Words == 0 {
		t.Errorf("%+v", got)
	}
	if w.requests[0].JobID != "" || w.requests[0].Preferences != nil {
		t.Errorf("drafted as %+v", w.requests[0])
	}
}

func TestASourceThatFailsLeavesAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk = vpn
	w.broken[gather.KindArticle] = errors.New("dial tcp 192.0.2.1:443: refused")
	w.broken[gather.KindSystem] = &gather.PermanentError{Err: errors.New("refused")}
	got, err := w.service().Preview(t.Context(), preview.Request{TenantID: alpha, TicketID: "1001"})
	if err != nil {
		t.Fatal(err)
	}
	want := []adminapi.FoundBy{{Kind: "ticket", Items: 1}, {Kind: "article", Unavailable: true}, {Kind: "system", Unavailable: true}}
	if diff := cmp.Diff(want, got.Found); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(got.Note.Text, "192.0.2.1:443") || !strings.Contains(got.Note.Text, "could not be reached") {
		t.Errorf("the note tells of our inside, or of no gap: %s", got.Note.Text)
	}
	if len(w.asked[gather.KindArticle]) != 2 || len(w.asked[gather.KindSystem]) != 1 {
		t.Errorf("asked %d times where it may pass, %d times where it cannot", len(w.asked[gather.KindArticle]), len(w.asked[gather.KindSystem]))
	}
}

func TestOtherPreferencesTakeThePlaceOfTheTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk = vpn
	other := tenant.Preferences{Format: tenant.FormatHTML, MinRelevance: 0.5}
	got, err := w.service().Preview(t.Context(), preview.Request{TenantID: alpha, TicketID: "1001", Preferences: &other})
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.Sources != 2 || strings.Contains(got.Note.Text, "VPN guide") || got.Note.Format != "html" {
		t.Errorf("the preferences had no effect: %+v", got)
	}
}

func TestWhereATicketIsReadFrom(t *testing.T) {
	t.Parallel()
	read := vpn
	down := func() (ticket.Ticket, error) { return ticket.Ticket{}, errors.New("key of tenant refused: 401") }
	empty := func() (ticket.Ticket, error) { return ticket.Ticket{ID: "1001"}, nil }
	job := func() (enhancement.Job, error) {
		known, err := vpn()
		return enhancement.Job{Ticket: known}, err
	}
	past := func() (ticket.Ticket, error) {
		return ticket.Ticket{ID: "1001", Subject: "VPN drops", Description: "d", People: []string{"Example Name"}}, nil
	}
	for name, c := range map[string]struct {
		set    func(*world)
		asked  preview.Request
		source adminapi.PreviewSource
		code   preview.Code
		says   string
	}{
		"as it is now":         {func(w *world) { w.desk, w.job, w.past = read, job, past }, preview.Request{TicketID: "1001"}, adminapi.SourceServiceDesk, "", ""},
		"as it was enhanced":   {func(w *world) { w.job, w.past = job, past }, preview.Request{TicketID: "1001", Source: "auto"}, adminapi.SourceLedger, "", ""},
		"the desk is down":     {func(w *world) { w.desk, w.past = down, past }, preview.Request{TicketID: "1001"}, adminapi.SourceHistory, "", ""},
		"without any text":     {func(w *world) { w.desk, w.past = empty, past }, preview.Request{TicketID: "1001"}, adminapi.SourceHistory, "", ""},
		"no id of the desk's":  {func(w *world) { w.desk, w.past = read, past }, preview.Request{TicketID: "INC-1"}, adminapi.SourceHistory, "", ""},
		"named":                {func(w *world) { w.desk, w.past = read, past }, preview.Request{TicketID: "1001", Source: "history"}, adminapi.SourceHistory, "", ""},
		"named, and not there": {func(w *world) { w.desk = read }, preview.Request{TicketID: "1001", Source: "history"}, "", preview.CodeNoTicket, "history: no such ticket"},
		"nobody knows it":      {func(*world) {}, preview.Request{TicketID: "1001"}, "", preview.CodeNoTicket, "servicedesk: no such ticket; ledger: no such ticket; history: no such ticket"},
		"down, and unknown":    {func(w *world) { w.desk = down }, preview.Request{TicketID: "1001"}, "", preview.CodeUnread, "servicedesk: could not be read"},
		"given":                {func(*world) {}, preview.Request{Ticket: &adminapi.PreviewTicket{Subject: "VPN"}}, adminapi.SourceGiven, "", ""},
		"given, and empty":     {func(*world) {}, preview.Request{Ticket: &adminapi.PreviewTicket{Subject: " \u200b"}}, "", preview.CodeNoText, "neither a subject nor a description"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.set(w)
			c.asked.TenantID = alpha
			got, err := w.service().Preview(t.Context(), c.asked)
			refusal, refused := errors.AsType[*preview.Refusal](err)
			switch {
			case c.code == "" && err != nil:
				t.Fatal(err)
			case c.code == "" && got.Source != c.source:
				t.Errorf("read from %s, want %s", got.Source, c.source)
			case c.code != "" && (!refused || refusal.Code != c.code || !strings.Contains(refusal.Detail, c.says)):
				t.Errorf("%v, want %s: %s", err, c.code, c.says)
			}
			if refused && strings.Contains(refusal.Detail, "401") {
				t.Errorf("it tells what the server said: %s", refusal.Detail)
			}
			for _, r := range w.requests {
				if c.source == adminapi.SourceHistory && !slices.Contains(r.Ticket.People, "Example Name") {
					t.Errorf("names are lost, and would not be masked: %+v", r.Ticket)
				}
			}
		})
	}
}

func TestATenantThatIsNotEnabledHasNoPreviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gone = true
	_, err := w.service().Preview(t.Context(), preview.Request{TenantID: alpha, TicketID: "1001"})
	if refusal, is := errors.AsType[*preview.Refusal](err); !is || refusal.Code != preview.CodeNoTenant {
		t.Error(err)
	}
}

// A tenant's own enhancer drafts for nobody else, whoever asks it.
func TestATenantsOwnEnhancerPreviewsForNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.enhancer = "beta"
	_, err := w.service().Preview(t.Context(), preview.Request{TenantID: "alpha", TicketID: "1"})
	if refusal, is := errors.AsType[*preview.Refusal](err); !is || refusal.Code != preview.CodeInvalid || !strings.Contains(refusal.Detail, "another tenant") {
		t.Errorf("got %v", err)
	}
	if preview.AppOf("") != "enhancer" || preview.AppOf("alpha") != "enhancer-alpha" {
		t.Errorf("%s, %s", preview.AppOf(""), preview.AppOf("alpha"))
	}
}

func TestPreviewsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, previewsAreBounded)
}

func previewsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.desk = vpn
	w.drafting = make(chan struct{})
	s := w.service()
	ended := make(chan error, 3)
	begin := func(tenantID string) {
		ended <- func() error {
			_, err := s.Preview(t.Context(), preview.Request{TenantID: tenantID, TicketID: "1001"})
			return err
		}()
	}
	under := func(n int) {
		t.Helper()
		synctest.Wait() // until each that was begun waits for its draft
		if have := len(w.requests); have != n {
			t.Fatalf("%d previews are under way, want %d", have, n)
		}
	}
	go begin(alpha)
	go begin(alpha)
	under(2)
	busy := func(tenantID, says string) {
		t.Helper()
		_, err := s.Preview(t.Context(), preview.Request{TenantID: tenantID, TicketID: "1001"})
		if refusal, is := errors.AsType[*preview.Refusal](err); !is || refusal.Code != preview.CodeBusy || !strings.Contains(refusal.Detail, says) {
			t.Errorf("%s: %v", tenantID, err)
		}
	}
	busy(alpha, "of this tenant")
	go begin("beta")
	under(3)
	busy("gamma", "try again in a moment")
	close(w.drafting)
	for range 3 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Preview(t.Context(), preview.Request{TenantID: alpha, TicketID: "1001"}); err != nil {
		t.Errorf("the places were not given back: %v", err)
	}
}
