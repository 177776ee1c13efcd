package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const (
	webhookPath = "/webhook/servicedesk"
	maxAnswer   = 64 << 10 // of the gateway, in bytes
)

// Delivery is what the gateway said to a webhook.
type Delivery struct {
	// Sent is how often it was sent: 0 when it was dropped, 2 when it was duplicated.
	Sent int `json:"sent"`
	// Status and Body are the last answer's.
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	// Error says why there was no answer.
	Error string `json:"error,omitempty"`
}

// payload is the contract of package webhook, as a sender's script writes it.
type payload struct {
	TenantID    string `json:"tenant_id"`
	TicketID    string `json:"ticket_id"`
	Event       string `json:"event"`
	Subject     string `json:"subject"`
	Description string `json:"description"`
	Priority    string `json:"priority"`
	Timestamp   string `json:"timestamp"`
	Requester   string `json:"requester,omitempty"`
	Technician  string `json:"technician,omitempty"`
}

// emit sends the webhook of r as the tenant's server does, faults included. The result is nil when build
// is: nothing was to be sent.
func (w *World) emit(ctx context.Context, d *desk, r servicedesktest.Request, event string, build makeRequest) (*Delivery, error) {
	if build == nil {
		return nil, nil //nolint:nilnil // as documented
	}
	faults := d.webhookFaults()
	delivery := &Delivery{}
	if err := faults.wait(ctx); err != nil {
		delivery.Error = "not sent, the caller went away first: " + err.Error()
		return delivery, nil //nolint:nilerr // it is in the delivery: the ticket itself is there
	}
	body, err := d.payload(r, event, w.opts.Clock(), faults.Unescaped)
	if err != nil {
		return nil, err
	}
	for range faults.copies(d.sdp) {
		w.deliver(ctx, body, build, delivery)
	}
	w.opts.Logger.InfoContext(ctx, "simulator emitted a webhook", "tenant_id", d.id, "ticket_id", r.ID, "event", event,
		"sent", delivery.Sent, "status", delivery.Status, "error", delivery.Error)
	return delivery, nil
}

// payload dates the webhook now, each edition in its own way.
func (d *desk) payload(r servicedesktest.Request, event string, now time.Time, unescaped bool) ([]byte, error) {
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	if d.profile == servicedesk.ProfileCloud {
		stamp = now.UTC().Format(time.RFC3339Nano)
	}
	r.Description = textFrom(r.Description)
	if unescaped {
		const template = `{"tenant_id":%q,"ticket_id":"$RequestId","event":%q,"subject":"$Subject",` +
			`"description":"$Description","priority":"$Priority","requester":"$RequesterName","technician":"$Technician","timestamp":%q}`
		return servicedesktest.TemplatePayload(fmt.Sprintf(template, d.id, event, stamp), r), nil
	}
	body, err := json.Marshal(payload{d.id, r.ID, event, r.Subject, r.Description, r.Priority, stamp, r.Requester.Name, r.Technician})
	if err != nil {
		return nil, fmt.Errorf("encode the webhook of ticket %s: %w", r.ID, err)
	}
	return body, nil
}

// deliver sends once, without retry, as ServiceDesk Plus does.
func (w *World) deliver(ctx context.Context, body []byte, build makeRequest, result *Delivery) {
	result.Sent++
	status, answer, err := w.post(ctx, body, build)
	result.Status, result.Body, result.Error = status, answer, ""
	if err != nil {
		result.Error = fmt.Sprintf("the gateway at %s gave no answer (is it running?): %v", w.opts.GatewayURL, err)
	}
}

func (w *World) post(ctx context.Context, body []byte, build makeRequest) (int, string, error) {
	req, err := build(ctx, w.opts.GatewayURL+webhookPath, body)
	if err != nil {
		return 0, "", err
	}
	resp, err := w.opts.HTTPClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("send: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, "", fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, string(answer), nil
}
