package synthesis

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// Limits of a prompt.
const (
	// maxAnswerTokens leaves room for twice the words of a note, in JSON and in wordy languages.
	maxAnswerTokens = 2000

	maxPromptTicket     = 4000 // characters of the ticket's description
	maxPromptText       = 600  // characters of a past ticket's description or an article's summary
	maxPromptResolution = 1200
	maxPromptField      = 250
)

// Names of the sections in the prompt's data and in the model's answer.
const (
	keyNothing         = "nothing_relevant"
	keySummary         = "summary"
	keyTickets         = "similar_tickets"
	keyArticles        = "documentation"
	keySystems         = "system_info"
	keyRecommendations = "recommendations"
)

// The data stands between these lines. encode writes "<" as \u003c, so nothing inside can close it.
const (
	dataOpen  = "<data>"
	dataClose = "</data>"
)

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

// newPrompt asks for a note on in, in at most maxTokens tokens as they are estimated. The least relevant sources of all kinds are left
// out first; left names them by label. The ticket itself is always in.
func newPrompt(in Input, src sources, maxTokens int) (p Prompt, left map[string]bool, err error) {
	hide := veiled{in.Veil}.hide
	if p.System, err = in.Voice.rules(hide); err != nil {
		return Prompt{}, nil, err
	}
	if p.Schema, err = in.Voice.schema(); err != nil {
		return Prompt{}, nil, err
	}
	p.MaxTokens = maxAnswerTokens
	p.TenantID, p.Model, p.Temperature = in.TenantID, in.Model, in.Temperature
	frame := estimateTokens(p.System) + estimateTokens(dataOpen+dataClose)
	d := newPromptData(in, src)
	left = map[string]bool{}
	for {
		encoded, err := encode(d)
		if err != nil {
			return Prompt{}, nil, fmt.Errorf("encode prompt data: %w", err)
		}
		if frame+estimateTokens(encoded) <= maxTokens || !d.leaveOut(src, left) {
			p.User = dataOpen + "\n" + encoded + "\n" + dataClose
			return p, left, nil
		}
	}
}

// encode writes v as JSON in which "<" is escaped, and ">" and "&" are not, which would cost six characters each in logs and markup.
func encode(v any) (string, error) {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.TrimSuffix(out.String(), "\n"), "<", `\u003c`), nil
}

func newPromptData(in Input, src sources) promptData {
	hide := veiled{in.Veil}.hide
	d := promptData{
		Ticket: promptTicket{
			ID:          clipWord(hide(in.Ticket.ID), maxPromptField),
			Subject:     clipWord(hide(in.Ticket.Subject), maxPromptField),
			Description: clipWord(hide(in.Ticket.Description), maxPromptTicket),
			Priority:    clipWord(hide(in.Ticket.Priority), maxPromptField),
		},
		Tickets:     []promptPast{},
		Articles:    []promptArticle{},
		Systems:     []promptSystem{},
		Unavailable: in.unavailable(),
	}
	if in.Voice.asksFor(keyTickets) {
		for _, s := range src.tickets {
			d.Tickets = append(d.Tickets, s.past())
		}
	}
	if in.Voice.asksFor(keyArticles) {
		for _, s := range src.articles {
			d.Articles = append(d.Articles, s.article())
		}
	}
	if in.Voice.asksFor(keySystems) {
		for _, s := range src.systems {
			d.Systems = append(d.Systems, s.system())
		}
	}
	return d
}

// asksFor says whether sources of the section that the answer calls key can be cited anywhere: where they cannot, no model need see
// them.
func (v Voice) asksFor(key string) bool { return v.has(key) || v.has(keyRecommendations) }

func (s source) past() promptPast {
	return promptPast{
		Label: s.label, ID: clipWord(s.hidden.ID, maxPromptField), Subject: clipWord(s.hidden.Title, maxPromptField),
		Description: clipWord(s.hidden.Text, maxPromptText), Resolution: clipWord(s.hidden.Resolution, maxPromptResolution),
		ResolvedOn: day(s.item.ResolvedAt), MoreLikeIt: s.item.Similar,
	}
}

func (s source) article() promptArticle {
	return promptArticle{
		Label: s.label, Title: clipWord(s.hidden.Title, maxPromptField), Summary: clipWord(s.hidden.Text, maxPromptText),
	}
}

func (s source) system() promptSystem {
	return promptSystem{
		Label: s.label, Hostname: clipWord(s.hiddenName(), maxPromptField), Address: clipWord(s.hidden.Address, maxPromptField),
		Role: clipWord(s.hidden.Role, maxPromptField), Client: clipWord(s.hidden.Client, maxPromptField),
		Location: clipWord(s.hidden.Location, maxPromptField), Match: clipWord(s.hidden.Text, maxPromptField),
	}
}

// told are the texts of s that a prompt has, as they are sent.
func (s source) told() []string {
	switch s.item.Kind {
	case gather.KindTicket:
		p := s.past()
		return []string{p.Subject, p.Description, p.Resolution, p.ResolvedOn}
	case gather.KindArticle:
		p := s.article()
		return []string{p.Title, p.Summary}
	case gather.KindSystem:
	}
	p := s.system()
	return []string{p.Hostname, p.Address, p.Role, p.Client, p.Location, p.Match}
}

// clipWord cuts s to at most n characters between two words where it can: half of a token of the veil's would be neither hidden nor
// shown again.
func clipWord(s string, n int) string {
	short := clip(s, n)
	if short == s {
		return s
	}
	short = strings.TrimSuffix(short, ellipsis)
	if space := strings.LastIndexAny(short, " \n\t"); space > len(short)/2 {
		short = short[:space]
	}
	return strings.TrimSpace(short) + ellipsis
}

// leaveOut drops the least relevant source, of equals the one that was found last; one always stays, and then the ticket's description
// is halved instead. It is false when nothing is left to shorten.
func (d *promptData) leaveOut(src sources, left map[string]bool) bool {
	if len(d.Tickets)+len(d.Articles)+len(d.Systems) <= 1 {
		const least = 200
		n := utf8.RuneCountInString(d.Ticket.Description)
		if n <= least {
			return false
		}
		d.Ticket.Description = clipWord(d.Ticket.Description, n/2)
		return true
	}
	type candidate struct {
		label string
		rank  int
		drop  func()
	}
	var least *candidate
	consider := func(label string, rank int, drop func()) {
		if least == nil || src.byLabel[label].item.Relevance < src.byLabel[least.label].item.Relevance ||
			src.byLabel[label].item.Relevance == src.byLabel[least.label].item.Relevance && rank > least.rank {
			least = &candidate{label, rank, drop}
		}
	}
	// The last of a kind is its least relevant one.
	if n := len(d.Tickets); n > 0 {
		consider(d.Tickets[n-1].Label, n, func() { d.Tickets = d.Tickets[:n-1] })
	}
	if n := len(d.Articles); n > 0 {
		consider(d.Articles[n-1].Label, n, func() { d.Articles = d.Articles[:n-1] })
	}
	if n := len(d.Systems); n > 0 {
		consider(d.Systems[n-1].Label, n, func() { d.Systems = d.Systems[:n-1] })
	}
	least.drop()
	left[least.label] = true
	return true
}
