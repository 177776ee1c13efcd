package openaitest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// data is what the fake understands of a prompt: the JSON between <data> and </data>.
type data struct {
	Ticket struct {
		ID          string `json:"id"`
		Subject     string `json:"subject"`
		Description string `json:"description"`
	} `json:"ticket"`
	Tickets []struct {
		Label       string `json:"label"`
		Subject     string `json:"subject"`
		Description string `json:"description"`
		Resolution  string `json:"resolution"`
		ResolvedOn  string `json:"resolved_on"`
	} `json:"similar_tickets"`
	Articles []struct {
		Label   string `json:"label"`
		Title   string `json:"title"`
		Summary string `json:"summary"`
	} `json:"documentation"`
	Systems []struct {
		Label    string `json:"label"`
		Hostname string `json:"hostname"`
		Address  string `json:"address"`
		Role     string `json:"role"`
		Client   string `json:"client"`
		Location string `json:"location"`
		Match    string `json:"match"`
	} `json:"system_info"`
}

// answer is what the fake's model says.
type answer struct {
	Summary         string `json:"summary"`
	SimilarTickets  []item `json:"similar_tickets"`
	Documentation   []item `json:"documentation"`
	SystemInfo      []item `json:"system_info"`
	Recommendations []item `json:"recommendations"`
	// NothingRelevant says that no source helps.
	NothingRelevant bool `json:"nothing_relevant,omitempty"`
}

type item struct {
	Text  string   `json:"text"`
	Cites []string `json:"cites"`
}

const (
	topTickets  = 3
	topArticles = 2
	maxWords    = 30
)

// readData finds the data in a prompt; a prompt without any gives none.
func readData(user string) (data, bool) {
	_, rest, opened := strings.Cut(user, "<data>")
	encoded, _, closed := strings.Cut(rest, "</data>")
	var d data
	if !opened || !closed || json.Unmarshal([]byte(encoded), &d) != nil {
		return data{}, false
	}
	return d, true
}

// honest writes about the sources in d that have to do with the ticket, or says that there is none.
func honest(d data) answer {
	d = judge(d)
	a := answerTo(d)
	if a.count() == 0 {
		a.NothingRelevant = true
	}
	return a
}

// prose is a in the lines that the rules ask of models that cannot write JSON.
func (a *answer) prose() string {
	if a.NothingRelevant {
		return "nothing_relevant"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "summary: %s\n", a.Summary)
	for _, section := range []struct {
		key   string
		items []item
	}{
		{"similar_tickets", a.SimilarTickets},
		{"documentation", a.Documentation},
		{"system_info", a.SystemInfo},
		{"recommendations", a.Recommendations},
	} {
		if len(section.items) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n", section.key)
		for _, i := range section.items {
			fmt.Fprintf(&b, "- %s [%s]\n", i.Text, strings.Join(i.Cites, ", "))
		}
	}
	return b.String()
}

// answerTo writes about the first sources in d.
func answerTo(d data) answer {
	a := answer{
		SimilarTickets: []item{}, Documentation: []item{}, SystemInfo: []item{}, Recommendations: []item{},
	}
	for _, t := range d.Tickets[:min(topTickets, len(d.Tickets))] {
		text := fmt.Sprintf("Like this ticket: %s.", strings.TrimRight(t.Subject, "."))
		if t.Resolution != "" {
			text += " It was solved: " + sentence(t.Resolution)
			a.Recommendations = append(a.Recommendations,
				item{"Try what helped before: " + sentence(t.Resolution), []string{t.Label}})
		}
		a.SimilarTickets = append(a.SimilarTickets, item{text, []string{t.Label}})
	}
	for _, article := range d.Articles[:min(topArticles, len(d.Articles))] {
		about := sentence(article.Summary)
		if about == "" {
			about = "It is about: " + article.Title + "."
		}
		a.Documentation = append(a.Documentation, item{about, []string{article.Label}})
		a.Recommendations = append(a.Recommendations,
			item{"Follow the article " + article.Title + ".", []string{article.Label}})
	}
	for _, s := range d.Systems {
		text := s.Hostname
		for _, fact := range []string{s.Role, s.Client, s.Location} {
			if fact != "" {
				text += ", " + fact //nolint:perfsprint // three short facts
			}
		}
		if s.Address != "" {
			text = s.Address + " is " + text
		}
		a.SystemInfo = append(a.SystemInfo, item{text + ".", []string{s.Label}})
	}
	a.Summary = summary(d)
	return a
}

func summary(d data) string {
	text := fmt.Sprintf("The ticket reports: %s.", strings.TrimRight(d.Ticket.Subject, "."))
	if len(d.Tickets) > 0 && d.Tickets[0].Resolution != "" {
		text += " A similar problem was solved before: " + sentence(d.Tickets[0].Resolution)
	}
	return text
}

// sentence is the first sentence of text, cut short.
func sentence(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if i == maxWords {
			return strings.Join(words[:i], " ") + "…"
		}
		if strings.HasSuffix(word, ".") && len(word) > len("no.") {
			return strings.Join(words[:i+1], " ")
		}
	}
	return strings.Join(words, " ")
}
