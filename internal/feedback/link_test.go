package feedback_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

const jobID = "7d444840-9dc0-41d1-b245-5ffdce74fad2"

func TestATokenNamesItsNoteUntilItExpires(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 8, 9, 0, 0, 0, time.UTC)
	tokens := feedback.NewTokens(tenantstoretest.NewSealer(t), func() time.Time { return at })
	for _, note := range []feedback.Note{{TenantID: "alpha", JobID: jobID}, {TenantID: strings.Repeat("x", 63), JobID: jobID}} {
		at = time.Date(2026, 6, 8, 9, 0, 0, 0, time.UTC)
		token, err := tokens.Token(note)
		if err != nil || len(token) > feedback.MaxToken || strings.Contains(token, "alpha") {
			t.Fatalf("token %q, %v", token, err)
		}
		at = at.Add(feedback.Validity - time.Second)
		if got, err := tokens.Open(token); err != nil || got != note {
			t.Errorf("got %+v, %v", got, err)
		}
		at = at.Add(time.Second)
		if got, err := tokens.Open(token); !errors.Is(err, feedback.ErrExpired) || got != (feedback.Note{}) {
			t.Errorf("after its time: %+v, %v", got, err)
		}
	}
	if _, err := tokens.Token(feedback.Note{TenantID: "alpha", JobID: "x"}); err == nil {
		t.Error("a job without an id has a token")
	}
}

func TestATokenCannotBeForged(t *testing.T) {
	t.Parallel()
	sealer := tenantstoretest.NewSealer(t)
	tokens := feedback.NewTokens(sealer, time.Now)
	token, err := tokens.Token(feedback.Note{TenantID: "alpha", JobID: jobID})
	if err != nil {
		t.Fatal(err)
	}
	forged := []string{"", "x", token + "A", token[1:], token[:len(token)-1], token + "=", token + "\n", strings.Repeat("A", 10_000), "../" + token}
	for i := range token {
		swapped := byte('A')
		if token[i] == 'A' {
			swapped = 'B'
		}
		forged = append(forged, token[:i]+string(swapped)+token[i+1:])
	}
	for _, candidate := range forged {
		if note, err := tokens.Open(candidate); !errors.Is(err, feedback.ErrForged) {
			t.Errorf("%q opens as %+v, %v", candidate, note, err)
		}
	}
	if _, err := feedback.NewTokens(tenantstoretest.NewSealer(t), time.Now).Open(token); !errors.Is(err, feedback.ErrForged) {
		t.Errorf("under another keyset: %v", err)
	}
}

// What else is sealed with the keyset does not pass for a token, and a token not for it.
func TestSealsAreForOnePurpose(t *testing.T) {
	t.Parallel()
	sealer := tenantstoretest.NewSealer(t)
	sealed, err := sealer.SealFor("example", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	if content, err := sealer.OpenFor("example", sealed); err != nil || string(content) != "content" {
		t.Errorf("got %q, %v", content, err)
	}
	for _, purpose := range []string{"", "exampl", "example/", "note-feedback"} {
		if _, err := sealer.OpenFor(purpose, sealed); err == nil {
			t.Errorf("opens for %q", purpose)
		}
	}
	if _, err := sealer.Open("alpha", tenant.ColumnAPIKey, sealed); err == nil {
		t.Error("opens as a tenant's secret")
	}
	secret, err := sealer.Seal("alpha", tenant.ColumnAPIKey, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealer.OpenFor("alpha/api_key", secret); err == nil {
		t.Error("a tenant's secret opens for a purpose")
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	tokens := feedback.NewTokens(tenantstoretest.NewSealer(t), time.Now)
	for base, prefix := range map[string]string{
		"https://agents.example.com":       "https://agents.example.com/feedback/",
		"https://agents.example.com/":      "https://agents.example.com/feedback/",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080/feedback/",
		"http://localhost":                 "http://localhost/feedback/",
		"http://[::1]:8080":                "http://[::1]:8080/feedback/",
		"https://example.com/ai-agents///": "https://example.com/ai-agents/feedback/",
	} {
		links, err := feedback.NewLinks(base, tokens)
		if err != nil {
			t.Fatal(err)
		}
		link, err := links.Link("alpha", jobID)
		token, found := strings.CutPrefix(link, prefix)
		if err != nil || !found {
			t.Errorf("%s gives %q, %v", base, link, err)
		}
		if note, err := tokens.Open(token); err != nil || note.TenantID != "alpha" || note.JobID != jobID {
			t.Errorf("%q opens as %+v, %v", link, note, err)
		}
		if _, err := links.Link("alpha", "x"); err == nil {
			t.Error("a job without an id has a link")
		}
	}
	none, err := feedback.NewLinks("", tokens)
	if err != nil {
		t.Fatal(err)
	}
	if link, err := none.Link("alpha", jobID); link != "" || err != nil {
		t.Errorf("without a base: %q, %v", link, err)
	}
	for _, base := range []string{"http://agents.example.com", "http://192.0.2.1:8080", "http://[2001:db8::1]", "http://localhost.example.com", "http://127.0.0.1.example.com", "HTTP://agents.example.com"} {
		if _, err := feedback.NewLinks(base, tokens); err == nil || !strings.Contains(err.Error(), "use https") {
			t.Errorf("%q: %v, want one that says what to do", base, err)
		}
	}
	for _, base := range []string{"agents.example.com", "/feedback", "ftp://example.com", "https://", "https://a@example.com", "https://example.com?x", "https://example.com#x", "javascript:alert(1)", "https://exa mple.com"} {
		if _, err := feedback.NewLinks(base, tokens); err == nil {
			t.Errorf("%q is taken for a base", base)
		}
	}
}
