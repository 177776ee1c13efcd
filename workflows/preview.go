package workflows

import (
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// PreviewLimits are those of a job's steps, so that a preview says what a job would.
func PreviewLimits() preview.Limits {
	return preview.Limits{
		Read: fetchPolicy.attempt, Search: gatherPolicy.attempt, Patience: searchPatience(), Draft: synthesizePolicy.attempt,
	}
}

// TicketOf brings a request of ServiceDesk Plus into the form that jobs have of it.
func TicketOf(id string, r servicedesk.Request) ticket.Ticket { return asTicket(id, r) }
