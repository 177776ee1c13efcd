// Package sender owns what is put into a tenant's ServiceDesk Plus so that it tells the gateway of tickets: the script, the function or
// the webhook with this tenant's values, and the steps to enter it. docs/webhooks.md shows the same texts with an example's values.
package sender

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Route is where the gateway takes webhooks, below its address.
const Route = "/webhook/servicedesk"

// Placeholder stands where the signing secret belongs: who makes the texts for others does not know it.
const Placeholder = "PUT-THE-SIGNING-SECRET-HERE"

// Way is how a ServiceDesk Plus proves its webhooks.
type Way string

// The ways.
const (
	// WayScript is a script on the server, which signs.
	WayScript Way = "script"
	// WayFunction is a custom function in the cloud, which signs.
	WayFunction Way = "function"
	// WayHeader is a webhook with the secret in a header.
	WayHeader Way = "static_header"
)

// Form is what a text is written in.
type Form string

// The forms.
const (
	FormPython Form = "python"
	FormJSON   Form = "json"
	FormDeluge Form = "deluge"
	FormText   Form = "text"
)

// Params are a tenant's values.
type Params struct {
	// GatewayURL is how ServiceDesk Plus reaches the gateway.
	GatewayURL string
	TenantID   string
	Profile    tenant.Profile
	Auth       tenant.WebhookAuth
}

// Setup is what one enters in a ServiceDesk Plus, and how.
type Setup struct {
	Way   Way
	Steps []string
	Files []File
}

// File is one text to copy.
type File struct {
	// Name is its name as a file, or what it is pasted into.
	Name string
	Form Form
	Text string
}

// HoldsSecret tells whether the text needs the signing secret.
func (f File) HoldsSecret() bool { return strings.Contains(f.Text, Placeholder) }

// ErrGatewayURL says that an address cannot be the gateway's.
var ErrGatewayURL = errors.New("the gateway's address: give its scheme and host, such as https://gateway.example.com, without path, query or user")

// ParseGateway gives the address without a slash at its end.
func ParseGateway(address string) (string, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", ErrGatewayURL
	}
	return u.String(), nil
}

var (
	//go:embed enhance_ticket.py
	script string
	// function is all of the cloud's function but its values.
	//go:embed function.deluge
	function string
)

// New makes the setup of a tenant, with Placeholder for its secret.
func New(p Params) (Setup, error) {
	gateway, err := ParseGateway(p.GatewayURL)
	if err != nil {
		return Setup{}, err
	}
	if !tenant.ValidID(p.TenantID) {
		return Setup{}, fmt.Errorf("%q is no id of a tenant", p.TenantID)
	}
	p.GatewayURL = gateway
	switch {
	case p.Auth == tenant.AuthStatic:
		return header(p), nil
	case p.Profile == tenant.ProfileCloud:
		return cloud(p), nil
	default:
		return onPremises(p), nil
	}
}

func onPremises(p Params) Setup {
	var settings strings.Builder
	fmt.Fprintf(&settings, "{\n  \"gateway_url\": %s,\n  \"tenant_id\": %s,\n  \"signing_secret\": %s\n}\n",
		quoted(p.GatewayURL), quoted(p.TenantID), quoted(Placeholder))
	return Setup{
		Way: WayScript,
		Steps: []string{
			`On the server of ServiceDesk Plus, install Python 3.8 or newer, and make a folder for the script, such as C:\ai-agents.`,
			"Save enhance_ticket.py and ai_agents.json there. Let only the account that runs ServiceDesk Plus read ai_agents.json: it holds the signing secret.",
			`Save enhance-ticket.txt in [SDP_HOME]/integration/custom_scripts/executor_files. Change the path in it if the folder is another one.`,
			`Add a custom trigger for created requests with the action "Execute Script", and enter enhance-ticket.txt as its script.`,
			"If updates shall refresh the note, do the same for edited requests, with a second file whose command ends in updated.",
			"Allow the server to reach " + p.GatewayURL + ", and keep its clock right: webhooks older than five minutes are refused.",
		},
		Files: []File{
			{Name: "enhance_ticket.py", Form: FormPython, Text: script},
			{Name: "ai_agents.json", Form: FormJSON, Text: settings.String()},
			{Name: "enhance-ticket.txt", Form: FormText, Text: `py C:\ai-agents\enhance_ticket.py $COMPLETE_V3_JSON_FILE created` + "\n"},
		},
	}
}

func cloud(p Params) Setup {
	text := func(event string) string {
		return fmt.Sprintf("gatewayUrl = %s;\ntenantId = %s;\nsigningSecret = %s;\nevent = %s;\n\n%s",
			quoted(p.GatewayURL), quoted(p.TenantID), quoted(Placeholder), quoted(event), function)
	}
	return Setup{
		Way: WayFunction,
		Steps: []string{
			`In Setup, Developer Space, Custom Functions, add a function of the kind "Requests - Trigger (or) Life Cycle Actions", and paste the text created.`,
			"Add a trigger for created requests that calls the function.",
			"If updates shall refresh the note, add a second function with the text updated, and a trigger for edited requests.",
			"Let only those edit custom functions who may know the signing secret: it stands in them.",
		},
		Files: []File{
			{Name: "created", Form: FormDeluge, Text: text("created")},
			{Name: "updated", Form: FormDeluge, Text: text("updated")},
		},
	}
}

func header(p Params) Setup {
	body := func(event string) string {
		return fmt.Sprintf(`{"tenant_id": %s, "ticket_id": "<the variable for the request's id>", "event": %s}`+"\n", quoted(p.TenantID), quoted(event))
	}
	return Setup{
		Way: WayHeader,
		Steps: []string{
			"Sign instead if you can: here the secret is in every request, and all who may edit webhooks see it.",
			"Make a webhook: method POST, URL " + p.GatewayURL + Route + ", the two headers below.",
			"Paste the text created as its body. Put the variable for the request's id, from the list that the editor offers, where the text says so; in the cloud the long id.",
			"Call it by a trigger for created requests. For updates, make a second webhook with the text updated.",
		},
		Files: []File{
			{Name: "headers", Form: FormText, Text: "Content-Type: application/json\nX-ServiceDesk-Secret: " + Placeholder + "\n"},
			{Name: "created", Form: FormJSON, Text: body("created")},
			{Name: "updated", Form: FormJSON, Text: body("updated")},
		},
	}
}

// Fill puts the signing secret into a text, as its form writes it.
func Fill(text string, form Form, secret tenant.Secret) string {
	value := secret.Reveal()
	if form == FormJSON || form == FormDeluge { // both write it in quotation marks, with the same escapes
		value = inner(quoted(value))
	}
	return strings.ReplaceAll(text, Placeholder, value)
}

func inner(literal string) string { return literal[1 : len(literal)-1] }

// quoted is text in quotation marks, as JSON and Deluge write it.
func quoted(text string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can always be encoded
	return strings.TrimSpace(out.String())
}
