package importfile

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
)

// Articles describes articles of a knowledge base.
func Articles() *Schema[knowledge.Article] {
	type row = knowledge.Article
	return &Schema[row]{
		Kind: "articles",
		Columns: []Column[row]{
			{Name: "article_id", Aliases: []string{"id", "solution id", "kb id", "number"}, Text: func(a *row) *string { return &a.ID }},
			{Name: "title", Aliases: []string{"subject", "name"}, Text: func(a *row) *string { return &a.Title }},
			{
				Name: "body", Aliases: []string{"content", "contents", "text", "description", "solution"}, HTML: true,
				Text: func(a *row) *string { return &a.Body },
			},
			{Name: "url", Aliases: []string{"link"}, Text: func(a *row) *string { return &a.URL }},
			{
				Name: "updated_at", Aliases: []string{"last updated time", "updated time", "modified time", "updated"},
				Time: func(a *row) *time.Time { return &a.UpdatedAt },
			},
		},
		Required: [][]string{{"article_id"}, {"title"}, {"body"}},
		Key:      func(a row) string { return a.ID },
		When:     func(a row) time.Time { return a.UpdatedAt },
	}
}
