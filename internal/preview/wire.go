package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Route is where the enhancer takes previews, from the sidecar and for the app Caller alone. App is the id of the enhancer that tenants share;
// see AppOf.
const (
	Route  = "/previews"
	App    = "enhancer"
	Caller = "console"
)

// AppOf is the id of the enhancer of that name, which is valid.
func AppOf(enhancer string) string {
	if enhancer == tenant.SharedEnhancer {
		return App
	}
	return App + "-" + enhancer
}

// maxRequest bounds a request in bytes: a ticket's texts and preferences, escaped, and what makes it Vouched.
const maxRequest = 384 << 10

// Request asks for a preview. It is valid: the console has checked it.
type Request struct {
	TenantID      string                  `json:"tenant_id"`
	CorrelationID string                  `json:"correlation_id"`
	TicketID      string                  `json:"ticket_id,omitempty"`
	Ticket        *adminapi.PreviewTicket `json:"ticket,omitempty"`
	Source        adminapi.PreviewSource  `json:"source,omitempty"`
	AsOf          time.Time               `json:"as_of,omitzero"`
	Preferences   *tenant.Preferences     `json:"preferences,omitempty"`
	// Enhancer is the one to ask. It is not part of what is asked.
	Enhancer string `json:"-"`
}

// Code says why there is no preview.
type Code string

// The codes.
const (
	CodeNoTenant Code = "no_tenant" // it is not enabled
	CodeNoTicket Code = "no_ticket" // nobody knows the ticket
	CodeNoText   Code = "no_text"   // there is nothing to search by
	CodeUnread   Code = "unread"    // who may know the ticket could not be asked
	CodeBusy     Code = "busy"      // too many are under way
	CodeInvalid  Code = "invalid"   // the request cannot be read
	CodeFailed   Code = "failed"    // the enhancer's log says why
)

// counted is the code as the metrics name it.
func (c Code) counted() telemetry.Previewed {
	switch c {
	case CodeNoTenant, CodeNoTicket:
		return telemetry.PreviewNotFound
	case CodeNoText, CodeInvalid:
		return telemetry.PreviewInvalid
	case CodeBusy:
		return telemetry.PreviewRefused
	case CodeUnread, CodeFailed:
	}
	return telemetry.PreviewFailed
}

// Refusal is why there is no preview. Detail is for the one who asked.
type Refusal struct { //nolint:errname // it is told, and not only returned
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}

func (r *Refusal) Error() string { return r.Detail }

func refuse(code Code, detail string) error { return &Refusal{Code: code, Detail: detail} }

// Answer is a preview, or why there is none.
type Answer struct {
	Preview *adminapi.Preview `json:"preview,omitempty"`
	Refusal *Refusal          `json:"refusal,omitempty"`
}

// Handler serves Route. The answer is 200, whatever it says: other statuses are those of who did not get here, or does not come from
// the console.
func (s *Service) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var vouched Vouched
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&vouched)
		conn := http.NewResponseController(w)
		// It may take longer than the listener's own limits say. Where there is no connection, there is none.
		_ = conn.SetReadDeadline(time.Time{})
		_ = conn.SetWriteDeadline(time.Now().Add(s.deps.Limits.Total() + answerTime))
		if _, is := errors.AsType[*http.MaxBytesError](err); is {
			s.deps.Count(telemetry.PreviewInvalid)
			write(w, Answer{Refusal: &Refusal{Code: CodeInvalid, Detail: "the request is too large"}})
			return
		}
		request, err := vouched.open(s.deps.Sealer, s.deps.Now())
		if err != nil {
			s.deps.Count(telemetry.PreviewInvalid)
			s.deps.Logger.WarnContext(r.Context(), "a preview was refused", "error", err)
			http.Error(w, errUnproved.Error()+": the enhancer's log says more", http.StatusForbidden)
			return
		}
		ctx := telemetry.With(r.Context(), slog.String(telemetry.KeyOperation, "preview"), slog.String(telemetry.KeyTenant, request.TenantID),
			slog.String(telemetry.KeyTicket, request.TicketID), slog.String(telemetry.KeyCorrelation, request.CorrelationID))
		if request.TenantID == "" {
			s.deps.Count(telemetry.PreviewInvalid)
			write(w, Answer{Refusal: &Refusal{Code: CodeInvalid, Detail: "the request names no tenant"}})
			return
		}
		write(w, s.answer(ctx, request))
	})
}

func write(w http.ResponseWriter, a Answer) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // who asked has gone when this fails
}

// answerTime is how long an answer may take to be written.
const answerTime = 5 * time.Second

func (s *Service) answer(ctx context.Context, request Request) Answer {
	shown, err := s.Preview(ctx, request)
	if refusal, is := errors.AsType[*Refusal](err); is {
		s.deps.Count(refusal.Code.counted())
		return Answer{Refusal: refusal}
	}
	if err != nil {
		s.deps.Count(telemetry.PreviewFailed)
		s.deps.Logger.ErrorContext(ctx, "a preview failed", "error", err)
		return Answer{Refusal: &Refusal{Code: CodeFailed, Detail: "the preview failed: the enhancer's log says why"}}
	}
	s.deps.Count(telemetry.PreviewDrafted)
	return Answer{Preview: &shown}
}

// Invoker asks other apps; see sidecar.Sidecar.
type Invoker interface {
	Invoke(ctx context.Context, appID, route string, in, out any) error
}

// Remote has the enhancer make previews.
type Remote struct {
	Invoker Invoker
	// Sealer has the enhancer's keyset: what is asked is vouched for with it.
	Sealer *tenant.Sealer
	Now    func() time.Time
	// NamespacePrefix, before a tenant's id, is the Kubernetes namespace of the tenant's own enhancer. Empty: it is where the console is.
	NamespacePrefix string
}

// address is by what Dapr finds the enhancer of that name: in another namespace as app.namespace.
func (r Remote) address(enhancer string) string {
	if enhancer == tenant.SharedEnhancer || r.NamespacePrefix == "" {
		return AppOf(enhancer)
	}
	return AppOf(enhancer) + "." + r.NamespacePrefix + enhancer
}

// Preview asks the enhancer. What it refuses is a *Refusal.
func (r Remote) Preview(ctx context.Context, request Request) (adminapi.Preview, error) {
	vouched, err := vouch(r.Sealer, request, r.Now())
	if err != nil {
		return adminapi.Preview{}, err
	}
	var answer Answer
	if err := r.Invoker.Invoke(ctx, r.address(request.Enhancer), Route, vouched, &answer); err != nil {
		return adminapi.Preview{}, fmt.Errorf("ask the enhancer for a preview: %w", err)
	}
	if answer.Refusal != nil {
		return adminapi.Preview{}, answer.Refusal
	}
	if answer.Preview == nil {
		return adminapi.Preview{}, errEmpty
	}
	return *answer.Preview, nil
}

// errEmpty is an answer of another release.
var errEmpty = errors.New("the enhancer's answer has neither a preview nor a reason why there is none")
