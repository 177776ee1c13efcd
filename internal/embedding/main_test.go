package embedding_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// model is an Embedder that works like the fake server's and remembers what it was asked.
type model struct {
	name string
	// before is called with each request and may answer in the model's stead.
	before func(ctx context.Context, texts []string) ([]embedding.Result, error)

	mu    sync.Mutex
	asked []string
	calls int
}

func (m *model) Model() string { return m.name }

func (m *model) Embed(ctx context.Context, texts []string) ([]embedding.Result, error) {
	m.mu.Lock()
	m.asked = append(m.asked, texts...)
	m.calls++
	m.mu.Unlock()
	if m.before != nil {
		if results, err := m.before(ctx, texts); results != nil || err != nil {
			return results, err
		}
	}
	return vectors(m.name, texts), nil
}

func vectors(model string, texts []string) []embedding.Result {
	results := make([]embedding.Result, len(texts))
	for i, text := range texts {
		results[i].Vector = openaitest.Embed(model, text)
	}
	return results
}

// took gives the texts asked for since the last time, and forgets them.
func (m *model) took() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked := m.asked
	m.asked, m.calls = nil, 0
	return asked
}

func resolvedOn(day int) *time.Time {
	at := time.Date(2025, time.March, day, 9, 30, 0, 0, time.UTC)
	return &at
}

// addTicket puts a resolved ticket into the history, or changes its text.
func addTicket(t testing.TB, d *gathertest.Database, tenantID, id, subject string, resolvedAt *time.Time) {
	t.Helper()
	exec(t, d, `
		INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at)
		VALUES ($1, $2, $3, '', 'Restarted it.', $4)
		ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET subject = excluded.subject, changed_at = clock_timestamp()`,
		tenantID, id, subject, resolvedAt)
}

// addArticle puts an article into the tenant's knowledge base.
func addArticle(t testing.TB, d *gathertest.Database, id, title, body string) {
	t.Helper()
	exec(t, d, "INSERT INTO kb_articles (tenant_id, article_id, title, body) VALUES ($1, $2, $3, $4)",
		gathertest.Tenant, id, title, body)
}

func exec(t testing.TB, d *gathertest.Database, statement string, arguments ...any) {
	t.Helper()
	if _, err := d.Admin.Exec(t.Context(), statement, arguments...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// seed gives the tenant n tickets, the first being the newest, and their texts in the order of embedding.
func seed(t testing.TB, d *gathertest.Database, tenantID string, n int) []string {
	t.Helper()
	subjects := make([]string, n)
	for i := range n {
		subjects[i] = fmt.Sprintf("Fault number%d of %s", i, tenantID)
		addTicket(t, d, tenantID, fmt.Sprintf("%s-%03d", tenantID, 999-i), subjects[i], resolvedOn(28-i/4)) // four of each day
	}
	return subjects
}

// stored gives what the table holds of a tenant: "model" or "model: error" by id.
func stored(t testing.TB, d *gathertest.Database, tenantID string) map[string]string {
	t.Helper()
	rows, err := d.Admin.Query(t.Context(), `
		SELECT ticket_id, model, error, dimensions FROM ticket_embeddings WHERE tenant_id = $1
		UNION ALL SELECT article_id, model, error, dimensions FROM article_embeddings WHERE tenant_id = $1`, tenantID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := make(map[string]string)
	for rows.Next() {
		var (
			id, name, reason string
			dimensions       int
		)
		if err := rows.Scan(&id, &name, &reason, &dimensions); err != nil {
			t.Fatal(err)
		}
		name, rules := strings.CutSuffix(name, " masked-1")
		if !rules {
			name += " without rules"
		}
		found[id] = name
		if reason != "" {
			found[id] += ": " + reason
		} else if dimensions != len(openaitest.Embed(name, "")) {
			t.Errorf("%s has %d dimensions", id, dimensions)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func ids(found map[string]string) []string { return slices.Sorted(maps.Keys(found)) }

// asking is a question of which nothing matters but its text.
func asking(text string) gather.Query {
	return gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{Subject: text}}
}
