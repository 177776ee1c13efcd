package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// enhancer stands in for the one that drafts previews.
type enhancer struct {
	mu    sync.Mutex
	asked []preview.Request
	// answers draft a request; the nth of all is n, from 1.
	answers func(n int, r preview.Request) (adminapi.Preview, error)
}

func (e *enhancer) Preview(_ context.Context, r preview.Request) (adminapi.Preview, error) {
	e.mu.Lock()
	e.asked = append(e.asked, r)
	n, answers := len(e.asked), e.answers
	e.mu.Unlock()
	return answers(n, r)
}

func (e *enhancer) requests() []preview.Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]preview.Request(nil), e.asked...)
}

// withEnhancer gives agentctl a console, the tenant alpha and an enhancer that drafts the same note for every ticket.
func withEnhancer(t *testing.T) *enhancer {
	t.Helper()
	e := &enhancer{answers: func(_ int, r preview.Request) (adminapi.Preview, error) { return drafted(r), nil }}
	w := newWorld(t, consoletest.Options{Previews: e})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	mustApply(t)
	return e
}

func drafted(r preview.Request) adminapi.Preview {
	text := "Try the cable.\n\nSimilar Tickets\n\n- Like #17. \x1b[31m[#17]\n"
	return adminapi.Preview{
		TicketID: r.TicketID, Subject: "VPN drops", Source: adminapi.SourceHistory,
		Note: adminapi.RenderedNote{
			Text: text, HTML: "<p>Try the cable.</p>", Markdown: "Try *the* cable.", Format: "markdown",
			Cited: []adminapi.Citation{{Kind: "ticket", Text: "#17", URL: "https://sdp.example.com/17"}},
		},
		Found:    []adminapi.FoundBy{{Kind: "ticket", Items: 3}, {Kind: "article", Unavailable: true}, {Kind: "system"}},
		Account:  adminapi.NoteAccount{TenantVersion: 7, Generated: true, Confidence: 0.81, Words: 9, Sources: 3, Dropped: map[string]int{"uncited": 2}, Masked: map[string]int{"email": 1}, Model: "example", ModelIgnored: "dear", CostUSD: 0.002},
		LLMCalls: []adminapi.LLMCall{{Model: "example", PromptTokens: 100, CompletionTokens: 20, CostUSD: 0.002, DurationMS: 900, CalledAt: time.Unix(0, 0).UTC()}},
		TookMS:   950,
	}
}

func TestPreviewPrintsTheNoteAndItsAccount(t *testing.T) {
	e := withEnhancer(t)
	note, account, err := apart(t.Context(), "", "preview", "--tenant", "alpha", "--ticket", "1001", "--source", "ledger", "--as-of", "2026-10-01")
	if err != nil {
		t.Fatal(err)
	}
	if want := "Try the cable.\n\nSimilar Tickets\n\n- Like #17.  [31m[#17]\n"; note != want {
		t.Errorf("printed %q, want %q", note, want)
	}
	for _, says := range []string{"confidence", "0.81", "words", "9", "uncited 2", "email 1", "$0.002000", "100 + 20 tokens", "could not be asked", "version 7", "dear is not offered, example was asked"} {
		if !strings.Contains(account, says) {
			t.Errorf("the account does not say %q:\n%s", says, account)
		}
	}
	asked := e.requests()[0]
	if asked.TicketID != "1001" || asked.Source != adminapi.SourceLedger || asked.Preferences != nil ||
		!asked.AsOf.Equal(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("asked %+v", asked)
	}
	for format, want := range map[string]string{"html": "<p>Try the cable.</p>\n", "markdown": "Try *the* cable.\n"} {
		if note, _, err := apart(t.Context(), "", "preview", "--tenant", "alpha", "--ticket", "1001", "--format", format); err != nil || note != want {
			t.Errorf("%s: %q, %v", format, note, err)
		}
	}
	var whole adminapi.Preview
	out, _, err := apart(t.Context(), "", "preview", "--tenant", "alpha", "--ticket", "1001", "--json")
	if err != nil || json.Unmarshal([]byte(out), &whole) != nil || whole.Account.Words != 9 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPreviewUnderOtherPreferences(t *testing.T) {
	e := withEnhancer(t)
	yaml := write(t, "other.yaml", "language: de\nmin_relevance: 0.4\nsections_off: [system_info]\nmask: []\n")
	must(t, "", "preview --tenant alpha --ticket 1001 --preferences "+yaml)
	must(t, `{"tone": "formal", "temperature": 0}`, "preview --tenant alpha --subject VPN --preferences -")
	must(t, "192.0.2.10 does not answer\n", "preview --tenant alpha --subject VPN --description -")
	asked := e.requests()
	want := &tenant.Preferences{Language: "de", MinRelevance: 0.4, SectionsOff: []tenant.Section{"system_info"}}
	want.Mask = asked[0].Preferences.Mask
	if diff := cmp.Diff(want, asked[0].Preferences); diff != "" || want.Mask == nil || len(want.Mask) != 0 {
		t.Errorf("%s, masked %v", diff, want.Mask)
	}
	if p := asked[1].Preferences; p == nil || p.Tone != tenant.ToneFormal || p.Temperature == nil || *p.Temperature != 0 || asked[1].Ticket.Subject != "VPN" {
		t.Errorf("%+v", asked[1])
	}
	if given := asked[2].Ticket; given == nil || given.Description != "192.0.2.10 does not answer\n" {
		t.Errorf("%+v", given)
	}
}

func TestPreviewSaysWhatIsWrong(t *testing.T) {
	e := withEnhancer(t)
	fails(t, "", "preview --tenant alpha", "--ticket: name a ticket")
	fails(t, "", "preview --tenant alpha --ticket 1 --format pdf", "none of text, html and markdown")
	fails(t, "", "preview --tenant alpha --ticket 1 --as-of yesterday", "--as-of", "neither a day")
	fails(t, "", "preview --tenant alpha --subject x --description - --preferences -", "standard input is the description")
	fails(t, "{", "preview --tenant alpha --ticket 1 --preferences -", "neither JSON nor YAML")
	fails(t, "", "preview --tenant alpha --ticket 1 --preferences -", "is empty")
	fails(t, "speech: de", "preview --tenant alpha --ticket 1 --preferences -", `unknown field "speech"`)
	fails(t, "format: pdf", "preview --tenant alpha --ticket 1 --preferences -", "preferences.format")
	fails(t, "", "preview --tenant nobody --ticket 1", "there is no such tenant")
	e.answers = func(int, preview.Request) (adminapi.Preview, error) {
		return adminapi.Preview{}, &preview.Refusal{Code: preview.CodeNoTicket, Detail: "history: no such ticket"}
	}
	fails(t, "", "preview --tenant alpha --ticket 1", "nobody knows the ticket: history: no such ticket")
	must(t, "", "tenant disable alpha")
	fails(t, "", "preview --tenant alpha --ticket 1", "the tenant is disabled: enable it first")
}

func TestPreviewWithoutAnEnhancer(t *testing.T) {
	environment(t)
	mustApply(t)
	fails(t, "", "preview --tenant alpha --ticket 1", "the enhancer, which drafts the notes, does not answer")
}

func TestJobNoteShowsWhatAJobWouldHaveSaid(t *testing.T) {
	w := environment(t)
	mustApply(t)
	books := ledger.New(w.DB)
	job := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001", Subject: "VPN"}, "c")
	if _, err := books.Accept(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	fails(t, "", "job note --tenant alpha "+job.ID, "has made no note")
	note, _ := json.Marshal(synthesis.Note{Summary: "Try the cable.", Generated: true})
	account, _ := json.Marshal(drafting.Account{TenantVersion: 7, Generated: true, Confidence: 0.81, Words: 3})
	if err := books.RecordStep(t.Context(), "alpha", job.ID, enhancement.StepRecord{
		Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Result: note, Account: account,
	}); err != nil {
		t.Fatal(err)
	}
	out, about, err := apart(t.Context(), "", "job", "note", "--tenant", "alpha", job.ID)
	if err != nil || !strings.HasPrefix(out, "Try the cable.\n") || strings.Contains(out, "confidence  ") || !strings.Contains(about, "0.81") || !strings.Contains(about, "how far the job is") {
		t.Errorf("%v: %s\n%s", err, out, about)
	}
	w.exec(t, "UPDATE enhancement_history SET status = 'completed', finished_at = now(), withheld = 'shadow'")
	if out := must(t, "", "job note --tenant alpha --format html "+job.ID); !strings.Contains(out, "<p>Try the cable.</p>") || !strings.Contains(out, "withheld") {
		t.Errorf("%s", out)
	}
	for detail, wants := range map[string][2]string{
		"created": {"yes, as note 337", "  337\n"},
		"superseded: the note of a later event stands":                {"no: the note of a later event", "none of this job's: superseded: the note of a later event stands (337)"},
		"kept_deleted: somebody has deleted the note, so it stays so": {"no: note 337 was not ours", "none of this job's: kept_deleted: somebody"},
	} {
		w.exec(t, "UPDATE enhancement_history SET withheld = '', note_id = '337'")
		if err := books.RecordStep(t.Context(), "alpha", job.ID, enhancement.StepRecord{
			Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Detail: detail,
		}); err != nil {
			t.Fatal(err)
		}
		if out := must(t, "", "job note --tenant alpha "+job.ID); !strings.Contains(out, wants[0]) {
			t.Errorf("%s: %s", detail, out)
		}
		if out := must(t, "", "job show --tenant alpha "+job.ID); !strings.Contains(out, wants[1]) {
			t.Errorf("%s: %s", detail, out)
		}
	}
	fails(t, "", "job note --tenant alpha --format pdf "+job.ID, "none of text, html and markdown")
}
