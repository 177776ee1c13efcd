package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// preferenceGroups says in which order preferences are shown. All that the schema has are in it.
func preferenceGroups() []struct {
	legend string
	keys   []string
} {
	return []struct {
		legend string
		keys   []string
	}{
		{"Notes", []string{"mode", "format", "language", "tone", "sections_off"}},
		{"Language model", []string{"instructions", "pinned_facts", "model", "temperature", "mask"}},
		{"Sources", []string{"min_relevance", "ticket_url", "article_url"}},
		{"Budget", []string{"budget.soft_usd", "budget.hard_usd"}},
		{"Webhooks", []string{"webhook_auth", "webhooks_per_minute", "long_descriptions"}},
	}
}

// preference is what the schema says of a preference, as far as a form needs it.
type preference struct {
	Type        string                 `json:"type"`
	Description string                 `json:"description"`
	Enum        []string               `json:"enum"`
	Default     json.RawMessage        `json:"default"`
	Form        string                 `json:"x-form"`
	Minimum     *float64               `json:"minimum"`
	Maximum     *float64               `json:"maximum"`
	MaxLength   int                    `json:"maxLength"`
	Items       *preference            `json:"items"`
	Properties  map[string]*preference `json:"properties"`
}

// preferences are those of the schema, by their keys: of one within another both, with a dot between.
func preferences() map[string]*preference {
	var whole preference
	if err := json.Unmarshal(tenant.PreferencesSchema(), &whole); err != nil {
		panic("the schema of preferences: " + err.Error()) // it is part of the program
	}
	return whole.flat("", map[string]*preference{})
}

func (p *preference) flat(prefix string, into map[string]*preference) map[string]*preference {
	for key, own := range p.Properties {
		if len(own.Properties) > 0 {
			own.flat(prefix+key+".", into)
			continue
		}
		into[prefix+key] = own
	}
	return into
}

// longText is from how many characters on a text has more than a line to be typed in.
const longText = 200

func (p *preference) field(key string) field {
	f := field{Name: key, Label: words(strings.ReplaceAll(key, ".", ": ")), Kind: kindText, Hint: p.Description, MaxLength: p.MaxLength}
	f.Label = strings.ToUpper(f.Label[:1]) + f.Label[1:]
	if p.Form != "" {
		f.Hint += " Write " + p.Form + "."
	}
	switch {
	case len(p.Enum) > 0:
		f.Kind, f.Options = kindSelect, options(p.Enum)
	case p.Type == "array" && len(p.Items.Enum) > 0:
		f.Kind, f.Options = kindChoices, options(p.Items.Enum)
	case p.Type == "array":
		f.Kind, f.MaxLength = kindArea, 0
		f.Hint += " One a line."
	case p.Type == "number" || p.Type == "integer":
		f.Kind, f.Step = kindNumber, "any"
		if p.Type == "integer" {
			f.Step = "1"
		}
		f.Min, f.Max = bound(p.Minimum), bound(p.Maximum)
	case p.MaxLength > longText && !strings.HasSuffix(key, "_url"):
		f.Kind = kindArea
	}
	return f
}

func bound(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// preferencesPage is the form for a tenant's preferences, beside what they would make of a ticket.
type preferencesPage struct {
	formPage

	TenantID string
	Preview  *adminapi.Preview
	// Ticket is the one that a preview is made of.
	Ticket []field
}

// preferencesForm shows the document, which is preferences in JSON.
func preferencesForm(t adminapi.Tenant, document map[string]any) preferencesPage {
	known := preferences()
	page := preferencesPage{TenantID: t.TenantID, formPage: formPage{
		Action: tenantPath(t.TenantID) + "/preferences", Back: tenantPath(t.TenantID), Button: "Save", Hidden: map[string]string{"etag": t.ETag()},
	}}
	for _, g := range preferenceGroups() {
		shown := group{Legend: g.legend}
		for _, key := range g.keys {
			shown.Fields = append(shown.Fields, known[key].fill(known[key].field(key), valueOf(document, key)))
		}
		page.Groups = append(page.Groups, shown)
	}
	page.Ticket = []field{
		{Name: "ticket_id", Label: "Ticket id", Kind: kindText, MaxLength: maxTicket, Hint: "One of the tenant's; or leave it out and write a text."},
		{Name: "ticket.subject", Label: "Subject", Kind: kindText, MaxLength: maxSubject},
		{Name: "ticket.description", Label: "Description", Kind: kindArea, MaxLength: maxDescription},
	}
	return page
}

// valueOf finds the value of a key, which may have a dot.
func valueOf(document map[string]any, key string) any {
	outer, inner, nested := strings.Cut(key, ".")
	if !nested {
		return document[key]
	}
	within, _ := document[outer].(map[string]any)
	return within[inner]
}

// fill puts a value into the field, or the default where there is none.
func (p *preference) fill(f field, value any) field {
	if value == nil && (f.Kind == kindSelect || f.Kind == kindChoices) {
		_ = json.Unmarshal(p.Default, &value) // none is left at nil
	}
	switch v := value.(type) {
	case string:
		f.Value = v
		choose(f.Options, v)
	case float64:
		f.Value = strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var lines []string
		for _, item := range v {
			text, _ := item.(string)
			lines = append(lines, text)
		}
		f.Value = strings.Join(lines, "\n")
		choose(f.Options, lines...)
	}
	return f
}

func choose(options []option, values ...string) {
	for i := range options {
		options[i].Chosen = slices.Contains(values, options[i].Value)
	}
}

// typedPreferences makes the document of what was typed. What is empty is left out, so that it has its default.
func typedPreferences(values url.Values) map[string]any {
	document := map[string]any{}
	for key, p := range preferences() {
		value := p.read(values, key)
		if value == nil {
			continue
		}
		outer, inner, nested := strings.Cut(key, ".")
		if !nested {
			document[key] = value
			continue
		}
		within, _ := document[outer].(map[string]any)
		if within == nil {
			within = map[string]any{}
		}
		within[inner] = value
		document[outer] = within
	}
	return document
}

// read gives what was typed for the preference; nil for nothing. A number that is none stays a text, about which the schema says it all.
func (p *preference) read(values url.Values, key string) any {
	text := strings.TrimSpace(strings.ReplaceAll(values.Get(key), "\r\n", "\n"))
	switch {
	case p.Type == "array" && len(p.Items.Enum) > 0:
		chosen := values[key]
		if chosen == nil {
			chosen = []string{}
		}
		var usual []string
		_ = json.Unmarshal(p.Default, &usual)
		if slices.Equal(chosen, usual) {
			return nil
		}
		return chosen
	case p.Type == "array":
		var lines []string
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		if lines == nil {
			return nil
		}
		return lines
	case text == "":
		return nil
	case p.Type == "number" || p.Type == "integer":
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n
		}
		return text
	default:
		return text
	}
}

// document is preferences as JSON has them.
func document(p tenant.Preferences) (map[string]any, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write preferences: %w", err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	return d, nil
}

func (s *Site) showPreferences(v *visit) error {
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("show preferences: %w", err)
	}
	d, err := document(t.Preferences)
	if err != nil {
		return err
	}
	return s.show(v, "preferences", "Preferences of "+t.TenantID, preferencesForm(t, d))
}

// setPreferences saves them, or shows what they would make of a ticket.
func (s *Site) setPreferences(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("show preferences: %w", err)
	}
	page := preferencesForm(t, typedPreferences(values))
	page.Hidden["etag"] = values.Get("etag")
	page.typed(values)
	for i := range page.Ticket {
		page.Ticket[i].Value = values.Get(page.Ticket[i].Name)
	}
	again := func(err error) error {
		page.Groups = append(page.Groups, group{Fields: page.Ticket}) // what is wrong may be about these
		blamed := page.blame(err, "body.preferences.", "body.enhancement_prefs.", "body.")
		last := len(page.Groups) - 1
		page.Ticket, page.Groups = page.Groups[last].Fields, page.Groups[:last]
		if !blamed {
			return err
		}
		s.views.write(s.cfg.Logger, v.w, adminapi.StatusOf(err), "preferences", v.frame("Preferences of "+t.TenantID, page))
		return nil
	}
	text, err := json.Marshal(typedPreferences(values))
	if err != nil {
		return fmt.Errorf("write preferences: %w", err)
	}
	wanted, err := tenant.ParsePreferences(text)
	if err != nil {
		return again(unsuitable(err))
	}
	if !values.Has("preview") {
		if _, err := v.api.SetPreferences(v.ctx, t.TenantID, values.Get("etag"), wanted); err != nil {
			return again(fmt.Errorf("set preferences: %w", err))
		}
		return v.leadTo(tenantPath(t.TenantID))
	}
	ask := adminapi.PreviewRequest{TicketID: strings.TrimSpace(values.Get("ticket_id")), Preferences: &wanted}
	if texts := (adminapi.PreviewTicket{Subject: values.Get("ticket.subject"), Description: values.Get("ticket.description")}); ask.TicketID == "" {
		ask.Ticket = &texts
	}
	made, err := v.api.Preview(v.ctx, t.TenantID, ask)
	if err != nil {
		return again(fmt.Errorf("preview: %w", err))
	}
	page.Preview = &made
	return s.show(v, "preferences", "Preferences of "+t.TenantID, page)
}

// unsuitable is what is wrong with preferences, as the API would say it.
func unsuitable(err error) error {
	problem := &adminapi.Problem{Status: http.StatusUnprocessableEntity, Title: "Not suitable", Detail: "The preferences are not suitable."}
	for line := range strings.Lines(err.Error()) {
		key, message, _ := strings.Cut(strings.TrimSpace(line), ": ")
		problem.Errors = append(problem.Errors, adminapi.FieldProblem{Location: "body." + key, Message: message})
	}
	return problem
}
