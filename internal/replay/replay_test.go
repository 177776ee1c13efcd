package replay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/replay"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func at(day int) time.Time { return time.Date(2026, 5, day, 8, 0, 0, 0, time.UTC) }

// console answers previews; answer may be replaced.
type console struct {
	mu     sync.Mutex
	asked  []adminapi.PreviewRequest
	answer func(n int, in adminapi.PreviewRequest) (adminapi.Preview, error)
}

func newConsole() *console {
	return &console{answer: func(_ int, in adminapi.PreviewRequest) (adminapi.Preview, error) { return note(in, 0.01), nil }}
}

func (c *console) Preview(_ context.Context, tenantID string, in adminapi.PreviewRequest) (adminapi.Preview, error) {
	if tenantID != "alpha" {
		return adminapi.Preview{}, errors.New("another tenant")
	}
	c.mu.Lock()
	c.asked = append(c.asked, in)
	n := len(c.asked)
	c.mu.Unlock()
	return c.answer(n, in)
}

// note is a draft whose text tells under what it was drafted.
func note(in adminapi.PreviewRequest, cost float64) adminapi.Preview {
	text := "Try the cable.\nOf ticket " + in.TicketID + ".\n"
	cited := []adminapi.Citation{{Kind: "ticket", Text: "#17", URL: "https://sdp.example.com/17"}}
	if in.Preferences != nil {
		text += "In " + in.Preferences.Language + ".\n"
		cited = []adminapi.Citation{{Kind: "article", Text: "Guide <b>"}}
	}
	return adminapi.Preview{
		TicketID: in.TicketID, Subject: "Ticket " + in.TicketID, Source: adminapi.SourceHistory,
		Note: adminapi.RenderedNote{Text: text, Cited: cited}, Found: []adminapi.FoundBy{{Kind: "ticket", Items: 2}, {Kind: "article", Unavailable: true}},
		Account:  adminapi.NoteAccount{TenantVersion: 3, Generated: true, Confidence: 0.8, Words: 10, Sources: 2, CostUSD: cost},
		LLMCalls: []adminapi.LLMCall{{PromptTokens: 100, CompletionTokens: 10}}, TookMS: 50,
	}
}

func tickets(n int) []adminapi.ResolvedTicket {
	all := make([]adminapi.ResolvedTicket, n)
	for i := range all {
		created := at(20 - i)
		all[i] = adminapi.ResolvedTicket{TicketID: strconv.Itoa(i + 1), Subject: fmt.Sprintf("Ticket %d", i+1), CreatedAt: &created, ResolvedAt: at(21 - i)}
	}
	return all
}

func own() replay.Plan {
	return replay.Plan{TenantID: "alpha", AsOf: true, Configurations: []replay.Configuration{{Name: "the tenant's own"}}}
}

func both() replay.Plan {
	p := own()
	p.Configurations = append(p.Configurations, replay.Configuration{Name: "other.yaml", Preferences: &tenant.Preferences{Language: "de"}})
	return p
}

func runner(c *console) replay.Runner {
	return replay.Runner{
		Previews: c, Concurrency: 3, Confirm: func(replay.Estimate) error { return nil }, Done: func(replay.Result) error { return nil },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func ids(results []replay.Result) []string {
	var all []string
	for _, r := range results {
		all = append(all, r.TicketID)
	}
	return all
}

func TestEachTicketIsDraftedAsOfItsCreationUnderEachConfiguration(t *testing.T) {
	t.Parallel()
	c := newConsole()
	past := tickets(5)
	past[4].CreatedAt = nil
	results, err := runner(c).Run(t.Context(), both(), past, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, ids(results)); diff != "" {
		t.Error(diff)
	}
	if len(c.asked) != 10 {
		t.Errorf("asked %d times", len(c.asked))
	}
	for _, in := range c.asked {
		want := map[string]time.Time{"1": at(20), "2": at(19), "3": at(18), "4": at(17), "5": at(17)}[in.TicketID]
		if in.Source != adminapi.SourceHistory || in.AsOf == nil || !in.AsOf.Equal(want) {
			t.Errorf("%s was asked as of %v, want %s", in.TicketID, in.AsOf, want)
		}
	}
	if d := results[0].Drafts; len(d) != 2 || d[0].Preview.Note.Cited[0].Text != "#17" || d[1].Preview.Note.Cited[0].Text != "Guide <b>" {
		t.Errorf("%+v", results[0])
	}
	plan := own()
	plan.AsOf = false
	if _, err := runner(c).Run(t.Context(), plan, past[:1], nil); err != nil || c.asked[10].AsOf != nil {
		t.Errorf("%v as of %v", err, c.asked[10].AsOf)
	}
}

func TestATicketThatFailsDoesNotEndTheReplay(t *testing.T) {
	t.Parallel()
	c := newConsole()
	c.answer = func(_ int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
		if in.TicketID == "2" {
			return adminapi.Preview{}, &adminapi.Problem{Status: http.StatusNotFound, Detail: "nobody knows the ticket"}
		}
		return note(in, 0), nil
	}
	results, err := runner(c).Run(t.Context(), own(), tickets(3), nil)
	if err != nil || len(results) != 3 || !results[1].Failed() || results[1].Drafts[0].Error != "nobody knows the ticket" || results[2].Failed() {
		t.Errorf("%v: %+v", err, results)
	}
}

func TestWhatEndsAReplayKeepsWhatThereIs(t *testing.T) {
	t.Parallel()
	for name, fatal := range map[string]error{
		"a token that may not":  &adminapi.Problem{Status: http.StatusForbidden},
		"a tenant disabled":     &adminapi.Problem{Status: http.StatusConflict},
		"preferences not valid": &adminapi.Problem{Status: http.StatusUnprocessableEntity, Errors: []adminapi.FieldProblem{{Location: "body.preferences.format"}}},
		"no console":            &adminapi.UnreachableError{Err: errors.New("refused")},
		"no enhancer, for long": &adminapi.Problem{Status: http.StatusServiceUnavailable},
	} {
		c := newConsole()
		c.answer = func(n int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
			if n > 1 {
				return adminapi.Preview{}, fatal
			}
			return note(in, 0), nil
		}
		results, err := runner(c).Run(t.Context(), own(), tickets(30), nil)
		if !errors.Is(err, fatal) || len(results) != 1 {
			t.Errorf("%s: %d results, %v", name, len(results), err)
		}
		if len(c.asked) > 40 {
			t.Errorf("%s: asked %d times", name, len(c.asked))
		}
	}
}

func TestABusyConsoleIsAskedAgain(t *testing.T) {
	t.Parallel()
	c := newConsole()
	c.answer = func(n int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
		if n%3 != 0 {
			return adminapi.Preview{}, &adminapi.Problem{Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second}
		}
		return note(in, 0), nil
	}
	r := runner(c)
	var waited []time.Duration
	r.Concurrency = 1
	r.Wait = func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }
	results, err := r.Run(t.Context(), own(), tickets(2), nil)
	if err != nil || len(results) != 2 || results[0].Failed() {
		t.Errorf("%v: %+v", err, results)
	}
	if diff := cmp.Diff([]time.Duration{7 * time.Second, 14 * time.Second, 7 * time.Second, 14 * time.Second}, waited); diff != "" {
		t.Error(diff)
	}
}

func TestWhatItCostsIsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	c := newConsole()
	r := runner(c)
	var estimates []replay.Estimate
	r.Confirm = func(e replay.Estimate) error { estimates = append(estimates, e); return nil }
	if _, err := r.Run(t.Context(), both(), tickets(6), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]replay.Estimate{{Drafted: 1, Left: 5, SpentUSD: 0.02, LeftUSD: 0.1}}, estimates); diff != "" {
		t.Error(diff)
	}

	declined := errors.New("no")
	c = newConsole()
	r = runner(c)
	r.Confirm = func(replay.Estimate) error { return declined }
	results, err := r.Run(t.Context(), own(), tickets(6), nil)
	if !errors.Is(err, declined) || len(results) != 1 || len(c.asked) != 1 {
		t.Errorf("%d results of %d requests, %v", len(results), len(c.asked), err)
	}

	// What earlier results cost is known before anything is asked.
	if again, err := r.Run(t.Context(), own(), tickets(6), results); !errors.Is(err, declined) || len(again) != 1 || len(c.asked) != 1 {
		t.Errorf("%d results of %d requests, %v", len(again), len(c.asked), err)
	}

	// A model that costs nothing is not asked about.
	c.answer = func(_ int, in adminapi.PreviewRequest) (adminapi.Preview, error) { return note(in, 0), nil }
	if _, err := r.Run(t.Context(), own(), tickets(6), nil); err != nil {
		t.Error(err)
	}
}

func TestAnInterruptionKeepsWhatThereIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := newConsole()
	c.answer = func(n int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
		if n == 3 {
			cancel()
			return adminapi.Preview{}, context.Canceled
		}
		return note(in, 0), nil
	}
	r := runner(c)
	r.Concurrency = 1
	results, err := r.Run(ctx, own(), tickets(6), nil)
	if !errors.Is(err, context.Canceled) || len(results) != 2 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	c.answer = func(_ int, in adminapi.PreviewRequest) (adminapi.Preview, error) { return note(in, 0), nil }
	results, err = r.Run(t.Context(), own(), tickets(6), results)
	if err != nil || len(c.asked) != 3+4 {
		t.Errorf("asked %d times, %v", len(c.asked), err)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5", "6"}, ids(results)); diff != "" {
		t.Error(diff)
	}
}

// A draft that was paid for is kept, also when the other one of its ticket never comes.
func TestTheFirstOfTwoDraftsIsNotPaidForTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "replay.jsonl")
	// replayed goes on with what the file has.
	replayed := func(ctx context.Context, c *console) ([]replay.Result, error) {
		progress, earlier, err := replay.OpenProgress(path, both())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = progress.Close() }()
		r := runner(c)
		r.Concurrency, r.Drafted, r.Done = 1, progress.Add, progress.Add
		return r.Run(ctx, both(), tickets(3), earlier)
	}
	interrupted := func(cancel context.CancelFunc) func(int, adminapi.PreviewRequest) (adminapi.Preview, error) {
		return func(_ int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
			switch {
			case in.TicketID == "2" && in.Preferences != nil:
				cancel()
				return adminapi.Preview{}, context.Canceled
			case in.TicketID == "1" && in.Preferences == nil:
				return adminapi.Preview{}, &adminapi.Problem{Status: http.StatusNotFound, Detail: "nobody knows the ticket"}
			}
			return note(in, 0.01), nil
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := newConsole()
	c.answer = interrupted(cancel)
	if results, err := replayed(ctx, c); !errors.Is(err, context.Canceled) || len(results) != 1 || len(c.asked) != 4 {
		t.Fatalf("%d results of %d requests, %v", len(results), len(c.asked), err)
	}
	c = newConsole()
	results, err := replayed(t.Context(), c)
	if err != nil || len(results) != 3 || slices.ContainsFunc(results, replay.Result.Failed) {
		t.Fatalf("%+v, %v", results, err)
	}
	var asked []string
	for _, in := range c.asked {
		name := in.TicketID
		if in.Preferences != nil {
			name += " other"
		}
		asked = append(asked, name)
	}
	if diff := cmp.Diff([]string{"1", "2 other", "3", "3 other"}, asked); diff != "" {
		t.Error(diff)
	}
	if d := results[1].Drafts; d[0].Preview.Note.Cited[0].Text != "#17" || d[1].Preview.Note.Cited[0].Text != "Guide <b>" {
		t.Errorf("%+v", results[1])
	}
}

// One report does not tell of two configurations as of one: neither in a replay, nor in one that goes on with another's results.
func TestAChangedTenantEndsAReplay(t *testing.T) {
	t.Parallel()
	changed := func(version int64) *console {
		c := newConsole()
		c.answer = func(n int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
			p := note(in, 0)
			if n > 2 {
				p.Account.TenantVersion = version
			}
			return p, nil
		}
		return c
	}
	r := runner(changed(4))
	r.Concurrency = 1
	results, err := r.Run(t.Context(), own(), tickets(5), nil)
	if !errors.Is(err, replay.ErrTenantChanged) || len(results) != 2 || !strings.Contains(err.Error(), "version 3") || !strings.Contains(err.Error(), "version 4") {
		t.Errorf("%d results, %v", len(results), err)
	}
	mixed := slices.Clone(results)
	after := newConsole()
	after.answer = func(_ int, in adminapi.PreviewRequest) (adminapi.Preview, error) {
		p := note(in, 0)
		p.Account.TenantVersion = 4
		return p, nil
	}
	again, err := runner(after).Run(t.Context(), own(), tickets(5), results)
	if !errors.Is(err, replay.ErrTenantChanged) || len(again) != 2 || len(after.asked) != 1 {
		t.Errorf("%d results of %d requests, %v", len(again), len(after.asked), err)
	}
	other := note(adminapi.PreviewRequest{TicketID: "3"}, 0)
	other.Account.TenantVersion = 4
	mixed = append(mixed, replay.Result{TicketID: "3", Drafts: []replay.Draft{{Preview: &other}}})
	nobody := newConsole()
	if _, err := runner(nobody).Run(t.Context(), own(), tickets(5), mixed); !errors.Is(err, replay.ErrTenantChanged) || len(nobody.asked) != 0 {
		t.Errorf("%d requests, %v", len(nobody.asked), err)
	}
	// Under given preferences the tenant's own do not matter.
	given := own()
	given.Configurations[0].Preferences = &tenant.Preferences{Language: "de"}
	if results, err := runner(changed(4)).Run(t.Context(), given, tickets(5), nil); err != nil || len(results) != 5 {
		t.Errorf("%d results, %v", len(results), err)
	}
}
