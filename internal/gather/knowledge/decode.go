package knowledge

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// Lengths of an item's texts, in characters, and of its link, in bytes.
const (
	MaxTitle   = 200
	MaxSummary = 600
	maxID      = 100
	maxURL     = 2000
)

type article struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Summary string  `json:"summary"`
	URL     string  `json:"url"`
	Score   float64 `json:"score"`
}

// decode reads an answer. A wrong type anywhere condemns all of it: a knowledge base that does not keep to
// the contract in one place is not to be trusted in the next. Articles without title or id are skipped.
func decode(body []byte) ([]gather.Item, error) {
	var answer struct {
		Articles *[]article `json:"articles"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("the answer is not as agreed: %w", withoutContent(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the answer is not as agreed: something follows it")
	}
	if answer.Articles == nil {
		return nil, errors.New("the answer is not as agreed: it has no articles")
	}
	items := []gather.Item{}
	seen := make(map[string]bool)
	for _, a := range *answer.Articles {
		item, ok := a.item()
		if !ok || seen[item.ID] {
			continue
		}
		seen[item.ID] = true
		items = append(items, item)
	}
	slices.SortStableFunc(items, func(a, b gather.Item) int { return cmp.Compare(b.Relevance, a.Relevance) })
	return slices.Clip(items[:min(len(items), MaxArticles)]), nil
}

func (a article) item() (gather.Item, bool) {
	item := gather.Item{
		Kind:      gather.KindArticle,
		ID:        plainText(a.ID),
		Title:     gather.WholeExcerpt(plainText(a.Title), MaxTitle, nil),
		Text:      gather.WholeExcerpt(plainText(a.Summary), MaxSummary, nil),
		Relevance: min(max(a.Score, 0), 1),
		URL:       webLink(a.URL),
	}
	return item, item.Title != "" && item.ID != "" && len(item.ID) <= maxID
}

// webLink is raw if a browser should be sent there, else empty. A user name in front of the host is a way
// to make a link look like another's.
func webLink(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || !isWeb(u) || u.User != nil || len(raw) > maxURL {
		return ""
	}
	return u.String()
}

// withoutContent keeps of a decoding error where it is and drops what stands there.
func withoutContent(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is not a %s", cmp.Or(wrong.Field, "the top"), wrong.Type.Kind())
	}
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("malformed JSON at byte %d", broken.Offset)
	}
	return errors.New("malformed JSON")
}
