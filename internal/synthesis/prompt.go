package synthesis

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Limits of a prompt.
const (
	// maxPromptBytes bounds the encoded data; with the rules a prompt stays below 10,000 tokens for
	// Latin script.
	maxPromptBytes = 32 << 10
	// maxAnswerTokens leaves room for twice the words of a note, in JSON and in wordy languages.
	maxAnswerTokens = 2000

	maxPromptTicket     = 4000 // characters of the ticket's description
	maxPromptText       = 600  // characters of a past ticket's description or an article's summary
	maxPromptResolution = 1200
	maxPromptField      = 250
)

// Names of the sections in the prompt's data and in the model's answer.
const (
	keySummary         = "summary"
	keyTickets         = "similar_tickets"
	keyArticles        = "documentation"
	keySystems         = "system_info"
	keyRecommendations = "recommendations"
)

// The data stands between these lines. encoding/json writes "<" as \u003c, so nothing inside can close it.
const (
	dataOpen  = "<data>"
	dataClose = "</data>"
)

//go:embed rules.txt
var rules string

//go:embed answer.schema.json
var answerSchema []byte

// The data of a prompt. It carries no addresses of sources: the model has no use for them, and what it
// does not know it cannot leak.
type (
	promptData struct {
		Ticket      promptTicket    `json:"ticket"`
		Tickets     []promptPast    `json:"similar_tickets"`
		Articles    []promptArticle `json:"documentation"`
		Systems     []promptSystem  `json:"system_info"`
		Unavailable []string        `json:"unavailable,omitempty"`
	}
	promptTicket struct {
		ID          string `json:"id"`
		Subject     string `json:"subject"`
		Description string `json:"description"`
		Priority    string `json:"priority,omitempty"`
	}
	promptPast struct {
		Label       string `json:"label"`
		ID          string `json:"id"`
		Subject     string `json:"subject"`
		Description string `json:"description,omitempty"`
		Resolution  string `json:"resolution,omitempty"`
		ResolvedOn  string `json:"resolved_on,omitempty"`
		MoreLikeIt  int    `json:"more_like_it,omitempty"`
	}
	promptArticle struct {
		Label   string `json:"label"`
		Title   string `json:"title"`
		Summary string `json:"summary,omitempty"`
	}
	promptSystem struct {
		Label    string `json:"label"`
		Hostname string `json:"hostname"`
		Address  string `json:"address,omitempty"`
		Role     string `json:"role,omitempty"`
		Client   string `json:"client,omitempty"`
		Location string `json:"location,omitempty"`
		Match    string `json:"match,omitempty"`
	}
)

// newPrompt asks for a note on in. The least relevant sources of the kind that takes most room are left
// out first when the data exceeds its limit; the ticket itself always fits.
func newPrompt(in Input, src sources) (Prompt, error) {
	data := newPromptData(in, src)
	for {
		encoded, err := json.Marshal(data)
		if err != nil {
			return Prompt{}, fmt.Errorf("encode prompt data: %w", err)
		}
		if len(encoded) <= maxPromptBytes || !data.dropLast() {
			return Prompt{
				System:    rules,
				User:      dataOpen + "\n" + string(encoded) + "\n" + dataClose,
				Schema:    answerSchema,
				MaxTokens: maxAnswerTokens,
			}, nil
		}
	}
}

func newPromptData(in Input, src sources) promptData {
	data := promptData{
		Ticket: promptTicket{
			ID:          promptText(in.Ticket.ID, maxPromptField),
			Subject:     promptText(in.Ticket.Subject, maxPromptField),
			Description: promptText(in.Ticket.Description, maxPromptTicket),
			Priority:    promptText(in.Ticket.Priority, maxPromptField),
		},
		Tickets:     []promptPast{},
		Articles:    []promptArticle{},
		Systems:     []promptSystem{},
		Unavailable: in.unavailable(),
	}
	for _, s := range src.tickets {
		data.Tickets = append(data.Tickets, promptPast{
			Label:       s.label,
			ID:          promptText(s.item.ID, maxPromptField),
			Subject:     promptText(s.item.Title, maxPromptField),
			Description: promptText(s.item.Text, maxPromptText),
			Resolution:  promptText(s.item.Resolution, maxPromptResolution),
			ResolvedOn:  day(s.item.ResolvedAt),
			MoreLikeIt:  s.item.Similar,
		})
	}
	for _, s := range src.articles {
		data.Articles = append(data.Articles, promptArticle{
			Label:   s.label,
			Title:   promptText(s.item.Title, maxPromptField),
			Summary: promptText(s.item.Text, maxPromptText),
		})
	}
	for _, s := range src.systems {
		data.Systems = append(data.Systems, promptSystem{
			Label:    s.label,
			Hostname: s.ref.Text,
			Address:  promptText(s.item.Address, maxPromptField),
			Role:     promptText(s.item.Role, maxPromptField),
			Client:   promptText(s.item.Client, maxPromptField),
			Location: promptText(s.item.Location, maxPromptField),
			Match:    promptText(s.item.Text, maxPromptField),
		})
	}
	return data
}

// promptText keeps line breaks, which carry meaning in logs, but nothing that a reader cannot see.
func promptText(s string, runes int) string {
	return clip(visible(ticket.Normalize(clip(s, maxRawRunes))), runes)
}

// dropLast leaves out the last source of the kind that takes most room; false when none is left.
func (d *promptData) dropLast() bool {
	tickets, articles, systems := size(d.Tickets), size(d.Articles), size(d.Systems)
	switch largest := max(tickets, articles, systems); {
	case len(d.Tickets)+len(d.Articles)+len(d.Systems) == 0:
		return false
	case largest == tickets:
		d.Tickets = d.Tickets[:len(d.Tickets)-1]
	case largest == articles:
		d.Articles = d.Articles[:len(d.Articles)-1]
	default:
		d.Systems = d.Systems[:len(d.Systems)-1]
	}
	return true
}

// size is roughly what items take in a prompt.
func size[T any](items []T) int {
	if len(items) == 0 {
		return 0
	}
	return len(fmt.Sprint(items))
}
