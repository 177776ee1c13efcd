package ticket_test

import (
	"strings"
	"testing"
	"unicode/utf8"

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

func TestValidID(t *testing.T) {
	for _, id := range []string{"1", "20501", "132000000000501501", strings.Repeat("9", 25)} {
		if !ticket.ValidID(id) {
			t.Errorf("%s is refused", id)
		}
	}
	for _, id := range []string{"", "0", "007", "-1", "1.5", "12a", " 1", "1\n", "٣", "../1", strings.Repeat("9", 26)} {
		if ticket.ValidID(id) {
			t.Errorf("%q is taken", id)
		}
	}
}

func TestPeople(t *testing.T) {
	got := ticket.People("", " Jane\u200b  Example\n", "Jane Example", "\u200b", strings.Repeat("x", 300), "Front\nDesk")
	if len(got) != 3 || got[0] != "Jane Example" || got[2] != "Front Desk" || utf8.RuneCountInString(got[1]) > ticket.MaxPerson {
		t.Errorf("got %q", got)
	}
	if got := ticket.People(); got != nil {
		t.Errorf("nobody is %q", got)
	}
}
