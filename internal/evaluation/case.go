package evaluation

import (
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Case is a ticket, what was gathered about it, and what a good note on it is like.
type Case struct {
	Name     string       `yaml:"name"`
	Language string       `yaml:"language"`
	Ticket   TicketText   `yaml:"ticket"`
	Tickets  []PastTicket `yaml:"tickets"`
	Articles []Article    `yaml:"articles"`
	Systems  []System     `yaml:"systems"`
	// Relevant are the ids of the sources that a good note cites.
	Relevant []string `yaml:"relevant"`
	// Facts are expressions, each of which matches a good note, and Forbidden those that match a bad one.
	Facts     []Expression `yaml:"facts"`
	Forbidden []Expression `yaml:"forbidden"`
	// Private is what no model may see, Secrets what no note may show either.
	Private []string `yaml:"private"`
	Secrets []string `yaml:"secrets"`
	// Unanswerable says why nothing that was gathered helps; empty where something does.
	Unanswerable string `yaml:"unanswerable"`
}

// TicketText is the ticket that a note is on.
type TicketText struct {
	ID          string   `yaml:"id"`
	Subject     string   `yaml:"subject"`
	Description string   `yaml:"description"`
	People      []string `yaml:"people"`
}

// PastTicket is a past ticket that was gathered.
type PastTicket struct {
	ID          string   `yaml:"id"`
	Subject     string   `yaml:"subject"`
	Description string   `yaml:"description"`
	Resolution  string   `yaml:"resolution"`
	Resolved    string   `yaml:"resolved"` // a day
	Relevance   float64  `yaml:"relevance"`
	Similar     int      `yaml:"similar"`
	People      []string `yaml:"people"`
}

// Article is an article that was gathered.
type Article struct {
	ID        string  `yaml:"id"`
	Title     string  `yaml:"title"`
	Text      string  `yaml:"text"`
	Relevance float64 `yaml:"relevance"`
}

// System is a system that was gathered; its name is its id.
type System struct {
	Name     string `yaml:"name"`
	Address  string `yaml:"address"`
	Role     string `yaml:"role"`
	Client   string `yaml:"client"`
	Location string `yaml:"location"`
	Why      string `yaml:"why"`
}

// The tenants of an evaluation. The other one's data must not be found with the first one's.
const (
	tenantID      = "example-alpha"
	otherTenantID = "example-beta"
)

const jobID = "0f3c7a52-0000-5000-8000-example"

// request is what a note on c is drafted from.
func (c Case) request() drafting.Request {
	r := drafting.Request{
		TenantID: tenantID, JobID: jobID, Reference: enhancement.NoteReference(tenantID, c.Ticket.ID),
		Ticket: ticket.Ticket{ID: c.Ticket.ID, Subject: c.Ticket.Subject, Description: c.Ticket.Description, People: c.Ticket.People},
	}
	for _, t := range c.Tickets {
		resolved, err := time.Parse(time.DateOnly, t.Resolved)
		if err != nil {
			resolved = time.Time{} // the loader has refused what is no day
		}
		r.Tickets.Items = append(r.Tickets.Items, gather.Item{
			Kind: gather.KindTicket, ID: t.ID, Title: t.Subject, Text: t.Description, Resolution: t.Resolution, ResolvedAt: resolved,
			Relevance: t.Relevance, Similar: t.Similar, People: t.People, URL: "https://sdp.example.com/requests/" + t.ID,
		})
	}
	for _, a := range c.Articles {
		r.Articles.Items = append(r.Articles.Items, gather.Item{
			Kind: gather.KindArticle, ID: a.ID, Title: a.Title, Text: a.Text, Relevance: a.Relevance, URL: "https://kb.example.com/articles/" + a.ID,
		})
	}
	for _, s := range c.Systems {
		r.Systems.Items = append(r.Systems.Items, gather.Item{
			Kind: gather.KindSystem, ID: s.Name, Title: s.Name, Address: s.Address, Role: s.Role, Client: s.Client, Location: s.Location, Text: s.Why,
			Relevance: 1,
		})
	}
	return r
}

// evidence is what each source says, by its id.
func (c Case) evidence() map[string]string {
	says := map[string]string{}
	for _, t := range c.Tickets {
		says[t.ID] = strings.Join([]string{t.ID, "#" + t.ID, t.Subject, t.Description, t.Resolution, t.Resolved, numeral(t.Similar)}, "\n")
	}
	for _, a := range c.Articles {
		says[a.ID] = strings.Join([]string{a.ID, a.Title, a.Text}, "\n")
	}
	for _, s := range c.Systems {
		says[s.Name] = strings.Join([]string{s.Name, s.Address, s.Role, s.Client, s.Location, s.Why}, "\n")
	}
	return says
}

func numeral(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
