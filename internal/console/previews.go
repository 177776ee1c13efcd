package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Previewer drafts notes that are not posted; what it refuses is a *preview.Refusal.
type Previewer interface {
	Preview(ctx context.Context, r preview.Request) (adminapi.Preview, error)
}

const (
	// previewPatience is longer than a preview takes (workflows.PreviewLimits), the way there and back included.
	previewPatience = 75 * time.Second
	// mostPreviews wait for the enhancer at once, which has limits of its own; so many of one client.
	mostPreviews, clientPreviews = 32, 8
)

func (s *Server) previewRoutes() {
	register(s, operation{
		id: "preview-note", method: http.MethodPost, path: pathTenant + "/preview", needs: permission(access.NotesPreview),
		patience: previewPatience,
		summary:  "Draft the note that a ticket would get",
		detail: "With the tenant's settings of now, or with others. Nothing is posted, and no job is made; what the language model costs is " +
			"the tenant's. The ticket itself is not among its similar tickets. It takes up to a minute; as many as the enhancer's settings " +
			"say are under way at once (429). The tenant has to be enabled.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict, http.StatusBadGateway),
	}, s.previewNote)
	register(s, operation{
		id: "list-past-tickets", method: http.MethodGet, path: pathTenant + "/past-tickets", needs: permission(access.NotesRead),
		summary: "List a tenant's resolved tickets", detail: "Those that were mirrored or imported, by what similar tickets are found; the one resolved last first.",
		errors: []int{http.StatusNotFound},
	}, s.listPastTickets)
}

type previewNote struct {
	TenantPath

	Body adminapi.PreviewRequest
}

type previewAnswer struct {
	Body adminapi.Preview
}

func (s *Server) previewNote(ctx context.Context, in *previewNote) (*previewAnswer, error) {
	record, err := s.tenants.Read(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	if record.Status != tenantstore.StatusEnabled {
		return nil, problem(http.StatusConflict, "the tenant is "+string(record.Status)+
			": enable it first; with enhancement_prefs.mode shadow no note of it is posted")
	}
	if refused := s.mayTry(ctx, in); refused != nil {
		return nil, refused
	}
	if wrong := faultsOfPreview(in.Body, record.Tenant); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	entry := s.event(ctx, audit.OperationNotePreview, audit.StatusOK, in.TenantID, in.Body.TicketID, previewDetail(in.Body, record.Preferences))
	release, err := s.begin(ctx, entry, s.previews, ofClient(ctx, clientPreviews))
	if err != nil {
		return nil, err
	}
	defer release()
	request := preview.Request{
		TenantID: in.TenantID, CorrelationID: visiting(ctx).correlation, TicketID: in.Body.TicketID, Ticket: in.Body.Ticket,
		Source: in.Body.Source, Preferences: in.Body.Preferences, Enhancer: record.Enhancer,
	}
	if in.Body.AsOf != nil {
		request.AsOf = *in.Body.AsOf
	}
	shown, err := s.previewer.Preview(ctx, request)
	if err != nil {
		entry.Status = audit.StatusFailed
		s.conclude(context.WithoutCancel(ctx), entry)
		return nil, s.unpreviewed(ctx, err)
	}
	return &previewAnswer{Body: shown}, nil
}

// mayTry refuses preferences of one who may not set any: they say, too, what a language model gets to see.
func (s *Server) mayTry(ctx context.Context, in *previewNote) *Problem {
	needs, principal := permission(access.TenantsWrite), visiting(ctx).principal
	if in.Body.Preferences == nil || principal.May(access.TenantsWrite, in.TenantID) {
		return nil
	}
	s.deny(ctx, reasonPermission, in.TenantID, map[string]string{"permission": string(needs)})
	return forbidden(needs, principal, in.TenantID)
}

// faultsOfPreview are those that the document does not describe.
func faultsOfPreview(in adminapi.PreviewRequest, t tenant.Tenant) []FieldProblem {
	var wrong []FieldProblem
	switch {
	case in.Ticket == nil && in.TicketID == "":
		wrong = append(wrong, FieldProblem{Location: "body.ticket_id", Message: "is missing: name a ticket, or give its texts as ticket"})
	case in.Ticket != nil && ticket.Normalize(in.Ticket.Subject+in.Ticket.Description) == "":
		wrong = append(wrong, FieldProblem{Location: "body.ticket", Message: "has neither a subject nor a description"})
	}
	if in.TicketID != ticket.Normalize(in.TicketID) || strings.ContainsAny(in.TicketID, "\n\t") {
		wrong = append(wrong, FieldProblem{Location: "body.ticket_id", Message: "has characters that no id has"})
	}
	if in.Preferences == nil {
		return wrong
	}
	*in.Preferences = in.Preferences.Normalized()
	t.Preferences = *in.Preferences
	for _, fault := range faults("body", t.Validate()) {
		fault.Location = strings.Replace(fault.Location, "body.enhancement_prefs", "body.preferences", 1)
		wrong = append(wrong, fault)
	}
	return wrong
}

// previewDetail is what the entry about a preview says besides: of other preferences which they are, and what they hide from the
// model.
func previewDetail(in adminapi.PreviewRequest, own tenant.Preferences) map[string]string {
	detail := map[string]string{"source": string(in.Source)}
	if in.Ticket != nil {
		detail["source"] = string(adminapi.SourceGiven)
	}
	if in.Preferences == nil {
		return detail
	}
	detail["preferences"] = "others"
	detail["changed"] = strings.Join(tenant.ChangedKeys(own, *in.Preferences), ", ")
	var kinds []string
	for _, kind := range drafting.Masked(*in.Preferences) {
		kinds = append(kinds, string(kind))
	}
	detail["masked"] = strings.Join(kinds, ", ")
	return detail
}

// unpreviewed says why there is no preview.
func (s *Server) unpreviewed(ctx context.Context, err error) error {
	refusal, is := errors.AsType[*preview.Refusal](err)
	switch {
	case !is && errors.Is(err, sidecar.ErrNotInvoked) && ctx.Err() == nil:
		s.logger.WarnContext(ctx, "the enhancer could not be asked for a preview", "error", err)
		return problem(http.StatusServiceUnavailable, "the enhancer, which drafts the notes, does not answer: try again when it runs").later(soon)
	case !is:
		return err
	}
	switch refusal.Code {
	case preview.CodeNoTicket:
		return problem(http.StatusNotFound, "nobody knows the ticket: "+refusal.Detail)
	case preview.CodeNoTenant:
		return problem(http.StatusConflict, "the enhancer does not know the tenant as enabled: try again in a moment if it was enabled just now").later(soon)
	case preview.CodeNoText:
		return problem(http.StatusUnprocessableEntity, refusal.Detail)
	case preview.CodeUnread:
		return problem(http.StatusBadGateway, "the ticket could not be read: "+refusal.Detail)
	case preview.CodeBusy:
		return problem(http.StatusTooManyRequests, refusal.Detail).later(soon)
	case preview.CodeInvalid, preview.CodeFailed:
	}
	return fmt.Errorf("preview: %w", err)
}

type listPastTickets struct {
	TenantPath
	Paging

	Since time.Time `query:"since" doc:"Only those that were resolved from then on."`
}

type pastTicketPage struct {
	Body adminapi.Page[adminapi.ResolvedTicket]
}

const listOfPast = "past-tickets"

func (s *Server) listPastTickets(ctx context.Context, in *listPastTickets) (*pastTicketPage, error) {
	after, err := decodeCursor[history.PastPosition](listOfPast+"/"+in.TenantID, in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	past, err := s.tickets.Past(ctx, in.TenantID, history.PastList{Since: in.Since, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	if err := s.announceRead(ctx, audit.OperationPastTicketsRead, in.TenantID, ""); err != nil {
		return nil, err
	}
	past, more := cut(past, in.Limit)
	page := &pastTicketPage{}
	page.Body.Items = make([]adminapi.ResolvedTicket, len(past))
	for i, p := range past {
		page.Body.Items[i] = adminapi.ResolvedTicket{TicketID: p.ID, Subject: p.Subject, CreatedAt: orNil(p.CreatedAt), ResolvedAt: p.ResolvedAt}
	}
	if more {
		last := past[len(past)-1]
		page.Body.Next = encodeCursor(listOfPast+"/"+in.TenantID, history.PastPosition{ResolvedAt: last.ResolvedAt, TicketID: last.ID})
	}
	return page, nil
}

// decodeStep reads what a step of a job left in the ledger.
func decodeStep(what string, data json.RawMessage, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	return nil
}
