package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 8 << 20

// Accepted is the gateway's answer to a webhook it takes.
type Accepted struct {
	JobID  string `json:"job_id"`
	Status string `json:"status"`
}

// Opened is a ticket that ServiceDesk Plus has opened, and what its webhook led to.
type Opened struct {
	TicketID string
	PageURL  string
	Status   int    // the gateway's, 0 when no webhook was sent
	Body     string // the gateway's
	Accepted Accepted
}

// OpenTicket opens a ticket in the tenant's simulated ServiceDesk Plus, which sends its webhook.
func (p *Platform) OpenTicket(ctx context.Context, tenantID string, t simulator.NewTicket, emit simulator.Emit) (Opened, error) {
	in := struct {
		simulator.NewTicket

		Emit simulator.Emit `json:"emit"`
	}{t, emit}
	var out simulator.Emission
	if err := p.call(ctx, http.MethodPost, "/api/tenants/"+tenantID+"/tickets", in, &out); err != nil {
		return Opened{}, fmt.Errorf("open a ticket for %s: %w", tenantID, err)
	}
	return opened(out)
}

// EmitAgain sends the webhook of a ticket once more: "created" or "updated".
func (p *Platform) EmitAgain(ctx context.Context, tenantID, ticketID, event string) (Opened, error) {
	var out simulator.Emission
	err := p.call(ctx, http.MethodPost, "/api/tenants/"+tenantID+"/tickets/"+ticketID+"/webhook", map[string]string{"event": event}, &out)
	if err != nil {
		return Opened{}, fmt.Errorf("send the webhook of ticket %s again: %w", ticketID, err)
	}
	return opened(out)
}

// ChangeTicket edits a ticket's description, which sends an "updated" webhook.
func (p *Platform) ChangeTicket(ctx context.Context, tenantID, ticketID, description string) (Opened, error) {
	var out simulator.Emission
	in := map[string]any{"description": description, "emit": simulator.EmitHex}
	if err := p.call(ctx, http.MethodPatch, "/api/tenants/"+tenantID+"/tickets/"+ticketID, in, &out); err != nil {
		return Opened{}, fmt.Errorf("change ticket %s: %w", ticketID, err)
	}
	return opened(out)
}

// ResolveTicket resolves a ticket, which sends no webhook.
func (p *Platform) ResolveTicket(ctx context.Context, tenantID, ticketID, resolution string) error {
	in := map[string]any{"resolution": resolution}
	if err := p.call(ctx, http.MethodPatch, "/api/tenants/"+tenantID+"/tickets/"+ticketID, in, nil); err != nil {
		return fmt.Errorf("resolve ticket %s: %w", ticketID, err)
	}
	return nil
}

// AwaitMirrored waits until the platform has the ticket from the tenant's ServiceDesk Plus.
func (p *Platform) AwaitMirrored(ctx context.Context, tenantID, ticketID string) error {
	store := history.NewStore(p.db)
	for {
		has, err := store.Versions(ctx, tenantID, []string{ticketID})
		if err != nil {
			return fmt.Errorf("look for ticket %s in the history: %w", ticketID, err)
		}
		if _, ok := has[ticketID]; ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ticket %s was not mirrored: %w", ticketID, context.Cause(ctx))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func opened(out simulator.Emission) (Opened, error) {
	o := Opened{TicketID: out.TicketID, PageURL: out.PageURL}
	if out.Webhook == nil {
		return o, nil
	}
	if out.Webhook.Error != "" {
		return o, fmt.Errorf("ticket %s was opened, but its webhook got no answer: %s", o.TicketID, out.Webhook.Error)
	}
	o.Status, o.Body = out.Webhook.Status, out.Webhook.Body
	if o.Status != http.StatusAccepted {
		return o, nil
	}
	if err := json.Unmarshal([]byte(o.Body), &o.Accepted); err != nil {
		return o, fmt.Errorf("the gateway's answer %q cannot be read: %w", o.Body, err)
	}
	return o, nil
}

// Ticket is a ticket as a technician sees it, with its notes.
func (p *Platform) Ticket(ctx context.Context, tenantID, ticketID string) (simulator.Ticket, error) {
	var t simulator.Ticket
	if err := p.call(ctx, http.MethodGet, "/api/tenants/"+tenantID+"/tickets/"+ticketID, nil, &t); err != nil {
		return simulator.Ticket{}, fmt.Errorf("look at ticket %s of %s: %w", ticketID, tenantID, err)
	}
	return t, nil
}

// EditNote changes a note's text, in HTML, as a technician does.
func (p *Platform) EditNote(ctx context.Context, tenantID, ticketID, noteID, description string) error {
	path := "/api/tenants/" + tenantID + "/tickets/" + ticketID + "/notes/" + noteID
	if err := p.call(ctx, http.MethodPatch, path, map[string]any{"description": description}, nil); err != nil {
		return fmt.Errorf("edit note %s of ticket %s: %w", noteID, ticketID, err)
	}
	return nil
}

// DeleteNote deletes a note as a technician does.
func (p *Platform) DeleteNote(ctx context.Context, tenantID, ticketID, noteID string) error {
	path := "/api/tenants/" + tenantID + "/tickets/" + ticketID + "/notes/" + noteID
	if err := p.call(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return fmt.Errorf("delete note %s of ticket %s: %w", noteID, ticketID, err)
	}
	return nil
}

// SetFaults replaces the faults of a simulated system: "servicedesk", "knowledge" or "webhook" of a tenant,
// or, with an empty tenantID, "llm". An empty struct clears them.
func (p *Platform) SetFaults(ctx context.Context, tenantID, system string, faults any) error {
	path := "/api/faults/" + system
	if tenantID != "" {
		path = "/api/tenants/" + tenantID + "/faults/" + system
	}
	if err := p.call(ctx, http.MethodPut, path, faults, nil); err != nil {
		return fmt.Errorf("set the faults of %s: %w", system, err)
	}
	return nil
}

// SendWebhook posts fields to the gateway, signed with the secret of signer; an empty one signs nothing.
// It returns the HTTP status and body.
func (p *Platform) SendWebhook(ctx context.Context, signer string, fields map[string]any) (int, []byte, error) {
	return p.SendWebhookTo(ctx, p.gatewayURL, signer, fields)
}

// SendWebhookTo is SendWebhook to one replica of the gateway.
func (p *Platform) SendWebhookTo(ctx context.Context, gatewayURL, signer string, fields map[string]any) (int, []byte, error) {
	if _, ok := fields["timestamp"]; !ok {
		fields["timestamp"] = time.Now().UTC().Format(time.RFC3339Nano)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return 0, nil, fmt.Errorf("encode the webhook: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, gatewayURL+"/webhook/servicedesk", bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("make the webhook: %w", err)
	}
	if signer != "" {
		req.Header.Set(webhook.SignatureHeader, webhook.Sign(p.keys.SigningSecret(signer), body))
	}
	return p.send(req)
}

func (p *Platform) call(ctx context.Context, method, path string, in, out any) error {
	body := []byte(nil)
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, p.simulatorURL+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	status, answer, err := p.send(req)
	if err != nil {
		return err
	}
	if status >= http.StatusMultipleChoices {
		return fmt.Errorf("the simulator answered %d: %s", status, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode the simulator's answer: %w", err)
	}
	return nil
}

func (p *Platform) send(req *http.Request) (status int, answer []byte, err error) {
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer: %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}

// Article is an article of a simulated knowledge base.
type Article struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	URL     string `json:"url"`
}

// AddArticle puts an article into the tenant's simulated knowledge base.
func (p *Platform) AddArticle(ctx context.Context, tenantID string, a Article) error {
	if err := p.call(ctx, http.MethodPost, "/api/tenants/"+tenantID+"/articles", a, nil); err != nil {
		return fmt.Errorf("add article %s of %s: %w", a.ID, tenantID, err)
	}
	return nil
}

// NoteCall is a call about notes that the tenant's simulated ServiceDesk Plus was sent, whether or not it did what it was asked.
type NoteCall struct {
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Time   time.Time `json:"time"`
}

// NoteCalls gives the latest ones, oldest first.
func (p *Platform) NoteCalls(ctx context.Context, tenantID string) ([]NoteCall, error) {
	var calls struct {
		ServiceDesk []NoteCall `json:"servicedesk"`
	}
	if err := p.call(ctx, http.MethodGet, "/api/tenants/"+tenantID+"/calls", nil, &calls); err != nil {
		return nil, fmt.Errorf("list the calls of %s: %w", tenantID, err)
	}
	return slices.DeleteFunc(calls.ServiceDesk, func(c NoteCall) bool { return !strings.Contains(c.Path, "/notes") }), nil
}

// NoteWrites counts the notes that it was sent.
func (p *Platform) NoteWrites(ctx context.Context, tenantID string) (int, error) {
	calls, err := p.NoteCalls(ctx, tenantID)
	if err != nil {
		return 0, err
	}
	writes := 0
	for _, c := range calls {
		if c.Method == http.MethodPost && strings.HasSuffix(c.Path, "/notes") {
			writes++
		}
	}
	return writes, nil
}

// Tickets lists all tickets of a tenant, newest first, without their texts and notes.
func (p *Platform) Tickets(ctx context.Context, tenantID string) ([]simulator.Ticket, error) {
	var list struct {
		Tickets []simulator.Ticket `json:"tickets"`
	}
	if err := p.call(ctx, http.MethodGet, "/api/tenants/"+tenantID+"/tickets", nil, &list); err != nil {
		return nil, fmt.Errorf("list the tickets of %s: %w", tenantID, err)
	}
	return list.Tickets, nil
}
