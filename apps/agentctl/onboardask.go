package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// prompts asks an operator at a terminal.
type prompts struct {
	in  *bufio.Reader
	out io.Writer
	// secret asks for one without showing it.
	secret func(what string) (tenant.Secret, error)
}

// prompts is nil where nobody can be asked: scripts get an error that names what is missing instead.
func (o *onboarding) prompts() *prompts {
	if o.noPrompt || !onTerminal(o.cmd.InOrStdin()) || !onTerminal(o.cmd.ErrOrStderr()) {
		return nil
	}
	return &prompts{in: bufio.NewReader(o.cmd.InOrStdin()), out: o.cmd.ErrOrStderr(), secret: func(what string) (tenant.Secret, error) {
		return readSecret(o.cmd, "-", what)
	}}
}

// line asks for a value that is not given yet, and offers otherwise.
func (p *prompts) line(value *string, question, otherwise string, required bool) error {
	if *value != "" {
		return nil
	}
	for {
		hint := ""
		switch {
		case otherwise != "":
			hint = " [" + otherwise + "]"
		case !required:
			hint = " [none]"
		}
		if _, err := fmt.Fprintf(p.out, "%s%s: ", question, hint); err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		typed, err := p.in.ReadString('\n')
		*value = cmp.Or(strings.TrimSpace(typed), otherwise)
		switch {
		case *value != "" || err == nil && !required:
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", question, errors.Join(errNoAnswer, err))
		}
	}
}

var errNoAnswer = errors.New("there was no answer")

// askFor asks for what is needed and not given. Of a tenant that is there, that is only the ticket.
func (o *onboarding) askFor(p *prompts, there *adminapi.Tenant) error {
	if there == nil {
		for _, q := range []struct {
			value               *string
			question, otherwise string
			required            bool
		}{
			{&o.name, "The client's name", "", true},
			{&o.profile, "Edition of its ServiceDesk Plus: onprem or cloud", string(tenant.ProfileOnPrem), true},
			{&o.deskURL, "Base of its ServiceDesk Plus API, up to and including /api/v3", "", true},
			{&o.technician, "Id of the technician that the key belongs to", "", false},
			{&o.knowledgeURL, "Base of its knowledge base's API", "", false},
			{&o.gatewayURL, "How its ServiceDesk Plus reaches the gateway, such as https://gateway.example.com", "", true},
			{&o.mode, "What becomes of its notes: live, shadow (made and kept back) or off", "live", true},
		} {
			if err := p.line(q.value, q.question, q.otherwise, q.required); err != nil {
				return err
			}
		}
		if err := o.askForKeys(p); err != nil {
			return err
		}
	}
	if o.skipTest {
		return nil
	}
	if err := p.line(&o.webhook.TicketID, "Id of a ticket to test with, which gets a note; none for no test", "", false); err != nil {
		return err
	}
	o.skipTest = o.webhook.TicketID == ""
	return nil
}

func (o *onboarding) askForKeys(p *prompts) (err error) {
	if o.apiKeyFile == "" {
		what := "the technician's authtoken"
		if o.profile == string(tenant.ProfileCloud) {
			what = "the OAuth grant, as JSON on one line"
		}
		if o.apiKey, err = p.secret(what); err != nil {
			return err
		}
		o.apiKeyFile = "-" // it is there
	}
	if o.knowledgeURL != "" && o.knowledgeKeyFile == "" {
		o.knowledgeKey, err = p.secret("the key to the knowledge base")
	}
	return err
}
