package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/corpus"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// MaxBatch is how many articles a Put should have at most: they are in memory, and in one transaction.
const MaxBatch = 2_000

//nolint:gochecknoglobals // a constant, if structs could be
var table = corpus.Table{
	Name: "kb_articles", Key: "article_id", Searchable: "true", Title: "title", Body: "body", Collection: search.Articles,
}

// Article is an article as the mirror keeps it. Its texts are plain.
type Article struct {
	ID        string    `json:"article_id"`
	Title     string    `json:"title"`
	Body      string    `json:"body" required:"false"`
	URL       string    `json:"url,omitempty"` // empty: by the tenant's template
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Validate names what is missing.
func (a Article) Validate() error {
	var errs []error
	if a.ID == "" || a.ID != ticket.Normalize(a.ID) {
		errs = append(errs, errors.New("article_id: is missing, or holds control characters"))
	}
	if ticket.Normalize(a.Title) == "" {
		errs = append(errs, errors.New("title: is empty"))
	}
	if a.URL != "" && webLink(a.URL) == "" {
		errs = append(errs, errors.New("url: expected an absolute http or https URL"))
	}
	return errors.Join(errs...)
}

// Store keeps articles.
type Store struct {
	corpus.Store
}

// NewStore makes a Store of the table kb_articles.
func NewStore(db *postgres.DB) *Store { return &Store{corpus.NewStore(db, table)} }

// Put adds articles to the tenant's mirror, all or none; one that is there is replaced, and counts as unchanged if it is
// the same. Of several with one id the last counts.
func (s *Store) Put(ctx context.Context, tenantID string, origin gather.Origin, articles []Article) (gather.Change, error) {
	normal := make([]Article, len(articles))
	rows := make([]corpus.Row, len(articles))
	for i, a := range articles {
		if err := a.Validate(); err != nil {
			return gather.Change{}, fmt.Errorf("article %q: %w", a.ID, err)
		}
		a.Title, a.Body, a.URL = ticket.Normalize(a.Title), ticket.Normalize(a.Body), webLink(a.URL)
		normal[i] = a
		rows[i] = corpus.Row{
			ID: a.ID, Text: search.Document{Title: a.Title, Body: a.Body}, Searchable: true, Digest: a.digest(), UpdatedAt: a.UpdatedAt,
		}
	}
	return s.PutRows(ctx, tenantID, origin, rows, func(ctx context.Context, tx postgres.Tx, at []int, documents []*int32) error {
		return insert(ctx, tx, origin, normal, rows, at, documents)
	})
}

func insert(ctx context.Context, tx postgres.Tx, origin gather.Origin, articles []Article, rows []corpus.Row, at []int, documents []*int32) error {
	var (
		ids, titles, bodies, urls []string
		updated                   []*time.Time
		digests                   [][]byte
	)
	for _, i := range at {
		a := articles[i]
		ids, titles, bodies, urls = append(ids, a.ID), append(titles, a.Title), append(bodies, a.Body), append(urls, a.URL)
		updated, digests = append(updated, postgres.TimeOrNull(a.UpdatedAt)), append(digests, rows[i].Digest)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO kb_articles AS k (tenant_id, origin, article_id, title, body, url, updated_at, digest, document)
		SELECT current_setting('app.tenant_id'), $1, t.*
		FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[], $8::integer[]) AS t
		ON CONFLICT (tenant_id, article_id) DO UPDATE SET
			origin = CASE k.origin WHEN 'file' THEN excluded.origin ELSE k.origin END,
			title = excluded.title, body = excluded.body, url = excluded.url, updated_at = excluded.updated_at,
			digest = excluded.digest, document = excluded.document, changed_at = clock_timestamp()`,
		origin, ids, titles, bodies, urls, updated, digests, documents)
	return err
}

func (a Article) digest() []byte {
	a.UpdatedAt = time.Time{}
	encoded, _ := json.Marshal(a) // strings always encode
	sum := sha256.Sum256(encoded)
	return sum[:]
}
