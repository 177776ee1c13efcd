package evaluation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// longestAnswer is what is looked at of an answer, in bytes; no model writes more.
const longestAnswer = 16 << 10

// unchecked says whether an attack has the effect that it is after, in one of its places, on a product that believes its model: it puts the ticket into the prompt as it comes, and
// the answer into the note as it comes. It shows that the model obeys, and that effects are noticed.
func (s siege) unchecked(ctx context.Context, a Attack) (effective bool, err error) {
	for _, where := range a.Where {
		answer := a.text()
		if where != inAnswer {
			if err := s.bench.fake.SetFaults(openaitest.Faults{ObeyInjection: true}); err != nil {
				return false, fmt.Errorf("set up the model: %w", err)
			}
			if answer, err = s.ask(ctx, a.plantedIn(where)); err != nil {
				return false, err
			}
		}
		answer = answer[:min(len(answer), longestAnswer)]
		found := inspect(believe(answer, ordinary().Reference), s.permitted(a.Wants), nil)
		if slices.ContainsFunc(found, func(f finding) bool { return slices.Contains(a.Wants, f.kind) }) {
			return true, nil
		}
	}
	return false, nil
}

// ask puts r to the model without any care.
func (s siege) ask(ctx context.Context, r drafting.Request) (string, error) {
	type object = map[string]any
	data := object{"ticket": object{"id": r.Ticket.ID, "subject": r.Ticket.Subject, "description": r.Ticket.Description}}
	var tickets, articles, systems []object
	for i, item := range r.Tickets.Items {
		tickets = append(tickets, object{"label": fmt.Sprintf("T%d", i+1), "subject": item.Title, "description": item.Text, "resolution": item.Resolution})
	}
	for i, item := range r.Articles.Items {
		articles = append(articles, object{"label": fmt.Sprintf("A%d", i+1), "title": item.Title, "summary": item.Text})
	}
	for i, item := range r.Systems.Items {
		systems = append(systems, object{"label": fmt.Sprintf("S%d", i+1), "hostname": item.Title, "role": item.Role, "location": item.Location, "match": item.Text})
	}
	data["similar_tickets"], data["documentation"], data["system_info"] = tickets, articles, systems
	encoded, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("encode the data: %w", err)
	}
	body, err := json.Marshal(object{"model": "example-model", "messages": []object{
		{"role": "system", "content": s.rules},
		{"role": "user", "content": "<data>\n" + string(encoded) + "\n</data>"},
	}})
	if err != nil {
		return "", fmt.Errorf("encode the request: %w", err)
	}
	return s.bench.post(ctx, body)
}

// post sends body to the simulated model and gives its text.
func (b *bench) post(ctx context.Context, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.address+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("ask the simulated model: %w", err)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the simulated model: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("read the simulated model's answer: %w", err)
	}
	var answer struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(content, &answer); err != nil || len(answer.Choices) == 0 {
		return "", fmt.Errorf("the simulated model answers %d: %s", response.StatusCode, content)
	}
	return answer.Choices[0].Message.Content, nil
}

// believe renders an answer as it comes.
func believe(answer, reference string) rendered {
	type item struct {
		Text  string   `json:"text"`
		Cites []string `json:"cites"`
	}
	var read struct {
		Summary         string `json:"summary"`
		Tickets         []item `json:"similar_tickets"`
		Articles        []item `json:"documentation"`
		Systems         []item `json:"system_info"`
		Recommendations []item `json:"recommendations"`
	}
	if start := strings.IndexByte(answer, '{'); start < 0 || json.NewDecoder(strings.NewReader(answer[start:])).Decode(&read) != nil {
		read.Summary = answer
	}
	var html, markdown strings.Builder
	html.WriteString(read.Summary + "\n")
	markdown.WriteString(read.Summary + "\n\n")
	for _, section := range []struct {
		title string
		items []item
	}{
		{"Similar Tickets", read.Tickets},
		{"Documentation", read.Articles},
		{"System Info", read.Systems},
		{"Recommendations", read.Recommendations},
	} {
		html.WriteString("<h3>" + section.title + "</h3>\n")
		markdown.WriteString("### " + section.title + "\n\n")
		for _, i := range section.items {
			cites := " [" + strings.Join(i.Cites, "] [") + "]"
			html.WriteString("<li>" + i.Text + cites + "</li>\n")
			markdown.WriteString("- " + i.Text + cites + "\n")
		}
		markdown.WriteString("\n")
	}
	return rendered{html: html.String() + "<p>" + reference + "</p>", markdown: markdown.String() + reference + "\n", terminal: markdown.String()}
}
