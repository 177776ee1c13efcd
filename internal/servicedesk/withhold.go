package servicedesk

import (
	"errors"
	"strings"
)

const withheld = "[withheld]"

// quoteLength is how many characters a message may share with a note by accident.
const quoteLength = 24

// withhold removes secrets from a server's message, and drops the message altogether when
// it quotes the private text. Servers like to repeat the input they reject.
func withhold(message, private string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			message = strings.ReplaceAll(message, secret, withheld)
		}
	}
	if quotes(message, private) || quotes(message, visibleText(private)) {
		return withheld
	}
	return message
}

func quotes(message, private string) bool {
	switch {
	case private == "" || message == "":
		return false
	case len(private) <= quoteLength:
		return strings.Contains(message, private)
	}
	for at := 0; at+quoteLength <= len(message); at++ {
		if strings.Contains(private, message[at:at+quoteLength]) {
			return true
		}
	}
	return false
}

// forTicket puts the ticket on whose behalf a shared operation failed onto a copy of its
// error: several callers may be holding the same one.
func forTicket(err error, ticketID string) error {
	var shared *Error
	if !errors.As(err, &shared) {
		return err
	}
	own := *shared
	own.TicketID = ticketID
	return &own
}
