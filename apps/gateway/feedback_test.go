package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/feedback/page"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// votes is the page as main makes it.
func votes(t testing.TB, store *tenantstoretest.Store) http.Handler {
	t.Helper()
	p, err := page.New(page.Deps{
		Tokens: feedback.NewTokens(store.Sealer, time.Now), Votes: feedback.NewStore(store.DB), Client: limits().TrustedProxies.Client,
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A job that the gateway took is voted on at the address that the enhancer puts into its note.
func TestTheLinkOfANoteLeadsToThePage(t *testing.T) {
	f := newFixture(t)
	body := payload(t, nil)
	_, job, _ := f.send(t, body, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body))
	links, err := feedback.NewLinks("https://agents.example.com/", feedback.NewTokens(f.store.Sealer, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	link, err := links.Link("alpha", job.JobID)
	if err != nil {
		t.Fatal(err)
	}
	form := httptest.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(url.Values{"vote": {"up"}}.Encode()))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if rec := f.serve(form); rec.Code != http.StatusOK {
		t.Fatalf("%d: %s", rec.Code, rec.Body)
	}
	vote, err := feedback.NewStore(f.store.DB).Given(t.Context(), feedback.Note{TenantID: "alpha", JobID: job.JobID})
	if err != nil || vote == nil || vote.Value != feedback.Up {
		t.Errorf("the vote is %+v, %v", vote, err)
	}
}
