package importfile

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/history"
)

// Tickets describes past tickets.
func Tickets() *Schema[history.PastTicket] {
	type row = history.PastTicket
	return &Schema[row]{
		Kind: "tickets",
		Columns: []Column[row]{
			{Name: "ticket_id", Aliases: []string{"id", "request id", "ticket number", "number"}, Text: func(t *row) *string { return &t.ID }},
			{Name: "subject", Aliases: []string{"title", "summary"}, Text: func(t *row) *string { return &t.Subject }},
			{Name: "description", Aliases: []string{"details"}, HTML: true, Text: func(t *row) *string { return &t.Description }},
			{Name: "resolution", Aliases: []string{"solution"}, HTML: true, Text: func(t *row) *string { return &t.Resolution }},
			{Name: "created_at", Aliases: []string{"created time", "created date", "created"}, Time: func(t *row) *time.Time { return &t.CreatedAt }},
			{
				Name: "resolved_at", Aliases: []string{"resolved time", "resolved date", "completed time", "closed time", "resolved"},
				Time: func(t *row) *time.Time { return &t.ResolvedAt },
			},
			{
				Name: "updated_at", Aliases: []string{"last updated time", "updated time", "modified time", "updated"},
				Time: func(t *row) *time.Time { return &t.UpdatedAt },
			},
			{Name: "requester", Aliases: []string{"requester name", "requested by", "caller"}, Text: func(t *row) *string { return &t.Requester }},
			{Name: "technician", Aliases: []string{"technician name", "assigned to", "assignee", "owner"}, Text: func(t *row) *string { return &t.Technician }},
			{Name: "url", Aliases: []string{"link"}, Text: func(t *row) *string { return &t.URL }},
		},
		Required: [][]string{{"ticket_id"}, {"subject", "description"}},
		Key:      func(t row) string { return t.ID },
		When:     func(t row) time.Time { return firstSet(t.UpdatedAt, t.ResolvedAt, t.CreatedAt) },
	}
}

// firstSet is the first of times that is not zero.
func firstSet(times ...time.Time) time.Time {
	for _, at := range times {
		if !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}
