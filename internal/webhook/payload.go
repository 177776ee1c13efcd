package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/htmltext"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Payload is a valid webhook.
type Payload struct {
	TenantID string
	Event    enhancement.Event
	Ticket   ticket.Ticket
	// Believed says that the sender vouches for all of it. If not, Ticket has an id and nothing else.
	Believed bool
	// Timestamp is when it was sent; zero in one that is not believed and says nothing about it.
	Timestamp time.Time
}

// Job is the job that the webhook asks for.
func (p Payload) Job(correlationID string) enhancement.Job {
	if !p.Believed {
		return enhancement.NewRefetch(p.TenantID, p.Event, p.Ticket.ID, correlationID)
	}
	return enhancement.New(p.TenantID, p.Event, p.Ticket, correlationID)
}

// What a sender whom we do not know yet can make us repeat.
const (
	maxUnknown = 10 // fields
	maxKey     = 40 // characters of a field's name
)

// FieldError says what is wrong with one field of the payload.
type FieldError struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
}

// InvalidError lists everything that is wrong with a payload, by field.
type InvalidError struct {
	Fields []FieldError
}

// Error implements error.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		texts[i] = f.Field + ": " + f.Problem
	}
	return "the payload is not valid: " + strings.Join(texts, "; ")
}

// fields are the keys of the payload, spelled as JSON has them.
type fields struct {
	TenantID    *string `json:"tenant_id"   validate:"required,tenant_id"`
	TicketID    *string `json:"ticket_id"   validate:"required,ticket_id"`
	Event       *string `json:"event"       validate:"omitnil,oneof=created updated"`
	Subject     *string `json:"subject"     validate:"omitnil,max=250"`
	Description *string `json:"description" validate:"required,max=10000"`
	Priority    *string `json:"priority"    validate:"omitnil,max=50"`
	Timestamp   *string `json:"timestamp"   validate:"required,timestamp"`
	Requester   *string `json:"requester"   validate:"omitnil,max=200"`
	Technician  *string `json:"technician"  validate:"omitnil,max=200"`
}

// Message is a webhook whose JSON could be read, but whose fields are not checked yet: whose it claims
// to be is needed before its signature can be, and nothing more is looked at until then.
type Message struct {
	fields   fields
	problems []FieldError
}

// claims are the fields that are looked at when the body is not believed.
type claims struct {
	TicketID  *string `json:"ticket_id" validate:"required,ticket_id"`
	Event     *string `json:"event"     validate:"omitnil,oneof=created updated"`
	Timestamp *string `json:"timestamp" validate:"omitnil,timestamp"`
}

// Parse reads body as one JSON object. The error, if any, is an *InvalidError.
//
// A body that is no UTF-8 is read all the same, for whose it is, and refused by Payload: encoding/json would replace every
// umlaut of a sender that writes Windows-1252, and nobody would notice. A lone half of a surrogate pair, written as an
// escape, is a sender's slip in one character (it cut a text in the middle of an emoji) and becomes U+FFFD.
func Parse(body []byte) (*Message, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	var raw map[string]json.RawMessage
	if err := dec.Decode(&raw); err != nil || raw == nil {
		return nil, invalidBody("expected one JSON object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, invalidBody("there is something after the JSON object")
	}
	m := &Message{}
	if !utf8.Valid(body) {
		m.add(wholeBody, "is not valid UTF-8: encode it as UTF-8 before it is signed")
	}
	for key, to := range map[string]**string{
		"tenant_id": &m.fields.TenantID, "ticket_id": &m.fields.TicketID, "event": &m.fields.Event,
		"subject": &m.fields.Subject, "description": &m.fields.Description,
		"priority": &m.fields.Priority, "timestamp": &m.fields.Timestamp,
		"requester": &m.fields.Requester, "technician": &m.fields.Technician,
	} {
		value, present := raw[key]
		delete(raw, key)
		if !present {
			continue
		}
		if err := json.Unmarshal(value, to); err != nil {
			m.add(key, "expected a string, in quotation marks")
		}
	}
	for i, key := range slices.Sorted(maps.Keys(raw)) {
		if i == maxUnknown {
			m.add(wholeBody, fmt.Sprintf("has %d more unknown fields", len(raw)-maxUnknown))
			break
		}
		m.add(shortened(key), "is not a field of this webhook")
	}
	return m, nil
}

// shortened makes a key fit to be repeated.
func shortened(key string) string {
	characters := []rune(ticket.Normalize(key))
	if len(characters) > maxKey {
		return string(characters[:maxKey]) + "…"
	}
	return string(characters)
}

// TenantID is the tenant that the message claims to come from. The error, if any, is an *InvalidError.
func (m *Message) TenantID() (string, error) {
	if m.fields.TenantID == nil || !tenant.ValidID(*m.fields.TenantID) {
		return "", m.invalid(tenant.Preferences{})
	}
	return *m.fields.TenantID, nil
}

// Payload checks all fields, as far as the tenant that sent the message has them believed. The error, if any, is an
// *InvalidError that names each wrong one.
func (m *Message) Payload(prefs tenant.Preferences) (Payload, error) {
	if prefs.Auth() == tenant.AuthStatic {
		return m.claimed()
	}
	if err := m.invalid(prefs); err != nil {
		return Payload{}, err
	}
	timestamp, err := parseTimestamp(*m.fields.Timestamp)
	if err != nil {
		return Payload{}, fmt.Errorf("timestamp: %w", err)
	}
	description := m.description()
	if prefs.Truncates() {
		description = ticket.Truncate(ticket.Normalize(description), ticket.MaxDescription)
	}
	return Payload{
		TenantID: *m.fields.TenantID, Event: m.event(), Believed: true,
		Ticket: ticket.Ticket{
			ID: *m.fields.TicketID, Subject: orElse(m.fields.Subject, ""),
			Description: description, Priority: orElse(m.fields.Priority, ""),
			People: ticket.People(orElse(m.fields.Requester, ""), orElse(m.fields.Technician, "")),
		},
		Timestamp: timestamp,
	}, nil
}

// claimed is the payload of a body that nobody vouches for.
func (m *Message) claimed() (Payload, error) {
	told := slices.DeleteFunc(slices.Clone(m.problems), func(p FieldError) bool {
		return slices.Contains([]string{wholeBody, "subject", "description", "priority", "requester", "technician"}, p.Field)
	})
	if err := joined(told, claims{m.fields.TicketID, m.fields.Event, m.fields.Timestamp}); err != nil {
		return Payload{}, err
	}
	p := Payload{TenantID: *m.fields.TenantID, Event: m.event(), Ticket: ticket.Ticket{ID: *m.fields.TicketID}}
	if m.fields.Timestamp != nil {
		var err error
		if p.Timestamp, err = parseTimestamp(*m.fields.Timestamp); err != nil {
			return Payload{}, fmt.Errorf("timestamp: %w", err)
		}
	}
	return p, nil
}

// Fresh says whether the payload is at most maxSkew old, or that far ahead of our clock. The timestamp
// lies inside of the signed body, so a recorded request cannot be made young again. One that is not believed need not
// have a timestamp, for whoever could repeat it could change it.
func (p Payload) Fresh(now time.Time, maxSkew time.Duration) bool {
	if !p.Believed && p.Timestamp.IsZero() {
		return true
	}
	return now.Sub(p.Timestamp).Abs() <= maxSkew
}

func (m *Message) add(field, problem string) {
	m.problems = append(m.problems, FieldError{field, problem})
}

// invalid joins what Parse saw with what the rules say; nil when nothing is wrong.
func (m *Message) invalid(prefs tenant.Preferences) error {
	checked := m.fields
	if prefs.Truncates() && checked.Description != nil {
		checked.Description = new(string) // any length will do
	}
	err := joined(m.problems, checked)
	if err == nil && m.empty() {
		err = &InvalidError{[]FieldError{{"description", "is empty, and so is the subject: there is nothing to search by"}}}
	}
	return err
}

// joined are the problems that were seen and those of fields or claims by the rules.
func joined(seen []FieldError, checked any) error {
	problems := slices.Clone(seen)
	for _, p := range validate(checked) {
		// A field of the wrong type is also reported missing; the first says more.
		if !slices.ContainsFunc(problems, func(have FieldError) bool { return have.Field == p.Field }) {
			problems = append(problems, p)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortFunc(problems, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return &InvalidError{problems}
}

func (m *Message) empty() bool {
	return ticket.Normalize(m.description()) == "" && ticket.Normalize(orElse(m.fields.Subject, "")) == ""
}

// closedTag is what markup has and prose that mentions a tag hardly ever: a closing tag or a line break.
var closedTag = regexp.MustCompile(`(?i)</[a-z][a-z0-9]*\s*>|<br\s*/?>`)

// description is the ticket's as text: ServiceDesk Plus has it as HTML, and not every sender makes text of it.
func (m *Message) description() string {
	if !closedTag.MatchString(*m.fields.Description) {
		return *m.fields.Description
	}
	return htmltext.FromHTML(*m.fields.Description)
}

// parseTimestamp reads RFC 3339, or ServiceDesk Plus's own form: milliseconds since 1970 as a string.
func parseTimestamp(s string) (time.Time, error) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("neither RFC 3339 nor milliseconds since 1970: %w", err)
	}
	return t, nil
}

// wholeBody stands where a field's name would.
const wholeBody = "(body)"

func invalidBody(problem string) error {
	return &InvalidError{[]FieldError{{wholeBody, problem}}}
}

func (m *Message) event() enhancement.Event {
	return enhancement.Event(orElse(m.fields.Event, string(enhancement.EventCreated)))
}

func orElse(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}
