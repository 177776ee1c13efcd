package ticket_test

import (
	"testing"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestText(t *testing.T) {
	if got := (ticket.Ticket{Subject: "s", Description: "d"}).Text(); got != "s\nd" {
		t.Errorf("got %q", got)
	}
	if got := (ticket.Ticket{}).Text(); got != "" {
		t.Errorf("an empty ticket has text %q", got)
	}
}
