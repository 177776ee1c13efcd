package embedding_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

func newReranker(t *testing.T, db embedding.Tenants, m embedding.Embedder, opts embedding.RerankOptions) *embedding.Reranker {
	t.Helper()
	r, err := embedding.NewReranker(db, m, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func order(candidates []gather.Candidate) []string {
	all := make([]string, len(candidates))
	for i, c := range candidates {
		all[i] = c.ID
	}
	return all
}

// TestAParaphraseOvertakesALookalike goes all the way: tickets and articles are embedded over HTTP, and those that
// mean the same come first though they share no word with the query.
func TestAParaphraseOvertakesALookalike(t *testing.T) {
	t.Parallel()
	fake := openaitest.New("example-key", nil)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	client, err := openai.New(openai.Config{BaseURL: server.URL + "/v1", HTTPClient: server.Client()}, "example-key")
	if err != nil {
		t.Fatal(err)
	}
	d := gathertest.NewDatabase(t)
	const (
		query      = "VPN drops, and login is slow"
		paraphrase = "Tunnel disconnects; sign-in sluggish"
		lookalike  = "Slow VPN is no reason for a printer that drops paper"
	)
	addTicket(t, d, gathertest.Tenant, "lookalike", lookalike, resolvedOn(2))
	addTicket(t, d, gathertest.Tenant, "paraphrase", paraphrase, resolvedOn(1))
	addArticle(t, d, "kb-lookalike", lookalike, "")
	addArticle(t, d, "kb-paraphrase", paraphrase, "")
	if _, err := embedding.NewBackfill(d.DB, client, embedding.BackfillOptions{}).Run(t.Context(), gathertest.Tenant); err != nil {
		t.Fatal(err)
	}
	r := newReranker(t, d.DB, client, embedding.RerankOptions{})
	for kind, prefix := range map[gather.Kind]string{gather.KindTicket: "", gather.KindArticle: "kb-"} {
		words := []gather.Candidate{{ID: prefix + "lookalike", Relevance: 0.6}, {ID: prefix + "paraphrase", Relevance: 0.15}}
		got, err := r.Rerank(t.Context(), asking(query), kind, words)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{prefix + "paraphrase", prefix + "lookalike"}, order(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if got[0].Relevance <= got[1].Relevance || got[0].Relevance > 1 || got[1].Relevance < 0 {
			t.Errorf("%s: relevances are %+v", kind, got)
		}
		if words[0].ID != prefix+"lookalike" || words[0].Relevance != 0.6 {
			t.Errorf("the given candidates became %+v", words)
		}
	}
	if n := len(fake.EmbeddingCalls()); n != 3 {
		t.Errorf("%d requests, want one for tickets, one for articles and one for the query", n)
	}
}

// pair has two tickets, of which the second means the same as the query, and is worse by words.
func pair(t *testing.T, d *gathertest.Database) (query string, words []gather.Candidate) {
	t.Helper()
	addTicket(t, d, gathertest.Tenant, "far", "Toner for the plotter", resolvedOn(2))
	addTicket(t, d, gathertest.Tenant, "near", "The mailbox is full", resolvedOn(1))
	return "Mailbox full", []gather.Candidate{{ID: "far", Relevance: 0.5}, {ID: "near", Relevance: 0.4}}
}

func TestOnlyCurrentVectorsCount(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change  func(t *testing.T, d *gathertest.Database)
		swapped bool
	}{
		"all current": {func(*testing.T, *gathertest.Database) {}, true},
		"of another model": {func(t *testing.T, d *gathertest.Database) {
			t.Helper()
			exec(t, d, "UPDATE ticket_embeddings SET model = 'another'")
		}, false},
		"of an older text": {func(t *testing.T, d *gathertest.Database) {
			t.Helper()
			exec(t, d, "UPDATE ticket_history SET changed_at = changed_at + interval '1 microsecond'")
		}, false},
		"of other dimensions": {func(t *testing.T, d *gathertest.Database) {
			t.Helper()
			exec(t, d, `UPDATE ticket_embeddings SET vector = '\x7f7f', dimensions = 2`)
		}, false},
		"refused": {func(t *testing.T, d *gathertest.Database) {
			t.Helper()
			exec(t, d, `UPDATE ticket_embeddings SET vector = '', dimensions = 0, error = 'status 400'`)
		}, false},
		"of the neighbour": {func(t *testing.T, d *gathertest.Database) {
			t.Helper()
			exec(t, d, `
				INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at, changed_at)
				SELECT 'south', ticket_id, subject, description, resolution, resolved_at, changed_at FROM ticket_history`)
			exec(t, d, `
				INSERT INTO ticket_embeddings (tenant_id, ticket_id, model, dimensions, vector, source_changed_at)
				SELECT 'south', ticket_id, model, dimensions, vector, source_changed_at FROM ticket_embeddings`)
			exec(t, d, "DELETE FROM ticket_embeddings WHERE tenant_id = 'north'")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := gathertest.NewDatabase(t)
			query, words := pair(t, d)
			m := &model{name: "first"}
			run(t, d, m, gathertest.Tenant)
			tc.change(t, d)
			got, err := newReranker(t, d.DB, m, embedding.RerankOptions{}).Rerank(t.Context(), asking(query), gather.KindTicket, words)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"far", "near"}
			if tc.swapped {
				want = []string{"near", "far"}
			} else if diff := cmp.Diff(words, got); diff != "" {
				t.Errorf("relevances (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, order(got)); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingIsAskedForNothing(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	query, words := pair(t, d) // and no vectors
	m := &model{name: "first"}
	r := newReranker(t, d.DB, m, embedding.RerankOptions{})
	for name, tc := range map[string]struct {
		query string
		words []gather.Candidate
	}{"no vectors": {query, words}, "no candidates": {query, nil}, "no query": {" \n\x00", words}} {
		got, err := r.Rerank(t.Context(), asking(tc.query), gather.KindTicket, tc.words)
		if diff := cmp.Diff(tc.words, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if m.calls != 0 {
		t.Errorf("the model was asked %d times", m.calls)
	}
}

func TestRerankFails(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	query, words := pair(t, d)
	m := &model{name: "first"}
	run(t, d, m, gathertest.Tenant)

	m.before = func(context.Context, []string) ([]embedding.Result, error) { return nil, errors.New("status 503") }
	r := newReranker(t, d.DB, m, embedding.RerankOptions{MaxFailures: 2})
	for i, want := range []string{"status 503", "status 503", embedding.ErrOff.Error()} {
		_, err := r.Rerank(t.Context(), asking(query), gather.KindTicket, words)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), query) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if _, err := r.Rerank(t.Context(), asking(query), gather.KindSystem, words); err == nil || errors.Is(err, embedding.ErrOff) {
		t.Errorf("kind system: %v", err)
	}
	if _, err := embedding.NewReranker(d.DB, m, embedding.RerankOptions{Weight: 1.5}); err == nil {
		t.Error("accepts a weight of 1.5")
	}
}

func TestASlowDatabaseIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	query, words := pair(t, d)
	d.Lock(t, "ticket_embeddings")
	r := newReranker(t, d.DB, &model{name: "first"}, embedding.RerankOptions{Timeout: 20 * time.Millisecond, MaxFailures: 1})
	for _, want := range []error{context.DeadlineExceeded, embedding.ErrOff} {
		if _, err := r.Rerank(t.Context(), asking(query), gather.KindTicket, words); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
