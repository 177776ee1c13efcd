package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// MinRelevance is the relevance below which an article of the mirror is no help.
const MinRelevance = 0.15

const (
	// maxCandidates is how many articles are looked at closely, for their meaning.
	maxCandidates = 50
	// maxBody is how many characters of an article are searched for the passage that matched.
	maxBody = 50_000
)

// Tenants runs fn in a read-only transaction that sees one moment of nothing but the tenant's rows.
type Tenants interface {
	InTenantSnapshot(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error
}

// Links knows how a tenant's articles are addressed in a browser; empty when nobody said.
type Links interface {
	ArticleURL(ctx context.Context, tenantID string) (tenant.LinkTemplate, error)
}

// MirrorOptions are all optional.
type MirrorOptions struct {
	Reranker gather.Reranker
	Links    Links
	// MaxArticles replaces the constant of that name.
	MaxArticles int
	Logger      *slog.Logger
}

// Mirror finds articles among those that were imported.
type Mirror struct {
	db   Tenants
	opts MirrorOptions
}

var _ gather.Source = (*Mirror)(nil)

// NewMirror makes a Mirror that reads the table kb_articles.
func NewMirror(db Tenants, opts MirrorOptions) *Mirror {
	opts.MaxArticles = cmp.Or(opts.MaxArticles, MaxArticles)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Mirror{db: db, opts: opts}
}

// Kind is gather.KindArticle.
func (m *Mirror) Kind() gather.Kind { return gather.KindArticle }

// Find gives the articles most like the ticket, at most MaxArticles, best first. Text is the passage that has most of
// what the ticket says. Relevance is as that of past tickets, without regard to age; articles below MinRelevance
// are left out. Errors may pass.
func (m *Mirror) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	query := search.Document{
		Title: gather.Excerpt(ticket.Normalize(q.Ticket.Subject), ticket.MaxDescription),
		Body:  gather.Excerpt(ticket.Normalize(q.Ticket.Description), ticket.MaxDescription),
	}
	var (
		items []gather.Item
		terms search.Weights
	)
	err := m.db.InTenantSnapshot(ctx, q.TenantID, func(tx postgres.Tx) error {
		found, err := search.Articles.Find(ctx, tx, query, max(maxCandidates, m.opts.MaxArticles))
		if err != nil {
			return err
		}
		terms = found.Terms
		items, err = m.candidates(ctx, tx, found)
		return err
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("search the mirrored articles: %w", err)
	}
	if len(items) == 0 {
		return gather.Result{}, nil
	}
	// Between two transactions and not in one: it may wait for a model, and needs a connection of its own.
	candidates := make([]*gather.Item, len(items))
	for i := range items {
		candidates[i] = &items[i]
	}
	gather.Rerank(ctx, m.opts.Reranker, m.opts.Logger, q, gather.KindArticle, candidates)
	slices.SortStableFunc(items, byRelevance)
	items = items[:min(len(items), m.opts.MaxArticles)]
	err = m.db.InTenantSnapshot(ctx, q.TenantID, func(tx postgres.Tx) (err error) {
		items, err = m.describe(ctx, tx, items, terms)
		return err
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("search the mirrored articles: %w", err)
	}
	m.link(ctx, q.TenantID, items)
	return gather.Result{Items: items}, nil
}

func (m *Mirror) candidates(ctx context.Context, tx postgres.Tx, found search.Result) ([]gather.Item, error) {
	if len(found.Hits) == 0 {
		return nil, nil
	}
	documents := make([]int32, len(found.Hits))
	scores := make(map[int32]float64, len(found.Hits))
	for i, hit := range found.Hits {
		documents[i], scores[hit.Document] = hit.Document, hit.Score
	}
	rows, err := tx.Query(ctx, `
		SELECT w.document, a.*
		FROM unnest($1::integer[]) AS w (document)
		CROSS JOIN LATERAL (SELECT article_id, title, url FROM kb_articles WHERE document = w.document LIMIT 1) AS a`, documents)
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (gather.Item, error) {
		item := gather.Item{Kind: gather.KindArticle}
		var document int32
		err := row.Scan(&document, &item.ID, &item.Title, &item.URL)
		item.Title = gather.WholeExcerpt(item.Title, MaxTitle, nil)
		item.Relevance = min(scores[document]/found.Perfect, 1)
		return item, err
	})
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	items = slices.DeleteFunc(items, func(i gather.Item) bool { return i.Relevance < MinRelevance })
	slices.SortFunc(items, byRelevance)
	return items, nil
}

func byRelevance(x, y gather.Item) int {
	return cmp.Or(cmp.Compare(y.Relevance, x.Relevance), cmp.Compare(x.ID, y.ID))
}

// describe gives each item the passage that matched, and leaves out those that are gone by now.
func (m *Mirror) describe(ctx context.Context, tx postgres.Tx, items []gather.Item, terms search.Weights) ([]gather.Item, error) {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	rows, err := tx.Query(ctx, `
		SELECT w.id, a.*
		FROM unnest($1::text[]) AS w (id)
		CROSS JOIN LATERAL (SELECT left(body, $2) FROM kb_articles WHERE article_id = w.id LIMIT 1) AS a`, ids, maxBody+gather.Overhang)
	if err != nil {
		return nil, fmt.Errorf("read the articles: %w", err)
	}
	var (
		id, body string
		passages = make(map[string]string, len(items))
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &body}, func() error {
		body = masking.Unbroken(gather.WholeExcerpt(body, maxBody, nil))
		passages[id] = search.Passage(body, terms, MaxSummary, func(text string, limit int) string { return gather.WholeExcerpt(text, limit, nil) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the articles: %w", err)
	}
	described := items[:0]
	for _, item := range items {
		if text, there := passages[item.ID]; there {
			item.Text = text
			described = append(described, item)
		}
	}
	return described, nil
}

// link gives items without a URL the one that the tenant's articles have.
func (m *Mirror) link(ctx context.Context, tenantID string, items []gather.Item) {
	if m.opts.Links == nil || !slices.ContainsFunc(items, func(i gather.Item) bool { return i.URL == "" }) {
		return
	}
	template, err := m.opts.Links.ArticleURL(ctx, tenantID)
	if err != nil {
		m.opts.Logger.WarnContext(ctx, "articles have no link", "tenant_id", tenantID, "error", err)
		return
	}
	for i := range items {
		items[i].URL = cmp.Or(items[i].URL, template.For(items[i].ID))
	}
}
