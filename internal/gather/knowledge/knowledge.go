// Package knowledge owns the context source "knowledge base": which of a tenant's articles help with a
// ticket. They come from two places behind one interface: the Mirror, which holds the articles that were imported, and the
// Live knowledge base, which is asked over HTTP and remembered for a while.
package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// MaxArticles is how many articles one answer has at most.
const MaxArticles = 3

// Source finds articles, in the mirror first.
type Source struct {
	mirror, live gather.Source
}

var _ gather.Source = (*Source)(nil)

// New makes a Source of the two places.
func New(mirror, live gather.Source) *Source { return &Source{mirror: mirror, live: live} }

// Kind is gather.KindArticle.
func (s *Source) Kind() gather.Kind { return gather.KindArticle }

// Find gives the best articles of both places, at most MaxArticles, best first, of equals the mirror's; an article that is
// in both counts once. The live knowledge base is spared the question when the mirror has enough. When one place
// fails, the other answers, with a note; when the mirror has nothing and the other fails, that is an error.
func (s *Source) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	mirrored, mirrorErr := s.mirror.Find(ctx, q)
	if mirrorErr == nil && len(mirrored.Items) >= MaxArticles {
		return mirrored, nil
	}
	live, liveErr := s.live.Find(ctx, q)
	switch {
	case mirrorErr != nil && (liveErr != nil || len(live.Items) == 0):
		if liveErr != nil { // not joined: its error may be permanent, the mirror's is not
			mirrorErr = fmt.Errorf("%w; %v", mirrorErr, liveErr) //nolint:errorlint // see above
		}
		return gather.Result{}, fmt.Errorf("search the articles: %w", mirrorErr)
	case liveErr != nil && len(mirrored.Items) == 0:
		return gather.Result{}, fmt.Errorf("search the articles: %w", liveErr)
	}
	notes := []string{mirrored.Note, live.Note}
	switch {
	case mirrorErr != nil:
		notes[0] = "The imported articles could not be searched."
	case liveErr != nil:
		notes[1] = "The knowledge base could not be asked; these are imported articles."
	}
	return gather.Result{Items: together(mirrored.Items, live.Items), Note: strings.TrimSpace(strings.Join(notes, " "))}, nil
}

// together is the best of both lists, without what is in both.
func together(mirrored, live []gather.Item) []gather.Item {
	all := slices.Clone(mirrored)
	for _, item := range live {
		known := slices.ContainsFunc(mirrored, func(m gather.Item) bool {
			return m.ID == item.ID || m.URL != "" && m.URL == item.URL || strings.EqualFold(m.Title, item.Title)
		})
		if !known {
			all = append(all, item)
		}
	}
	slices.SortStableFunc(all, func(x, y gather.Item) int { return cmp.Compare(y.Relevance, x.Relevance) })
	return all[:min(len(all), MaxArticles)]
}
