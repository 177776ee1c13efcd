package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	pathPauses = "/pauses"
	pathScope  = pathPauses + "/{scope}"
)

func (s *Server) pauseRoutes() {
	const detail = "Intake: webhooks are answered 503 with Retry-After, and the poll for missed ones waits. Processing: webhooks are accepted, and " +
		"their jobs wait; what runs goes on to its end. A pause that stands keeps its beginning and gets the new reason and end."
	register(s, operation{
		id: "list-pauses", method: http.MethodGet, path: pathPauses, needs: permission(access.JobsRead), tenantInQuery: true,
		summary: "List what is paused",
		detail:  "All pauses, or those that one tenant is under: its own, and those of all. A token that is restricted to tenants has to name one of them.",
		errors:  []int{http.StatusNotFound},
	}, s.listPauses)
	register(s, operation{
		id: "pause-all", method: http.MethodPut, path: pathScope, needs: permission(access.OperationsWrite),
		summary: "Pause intake or processing of all tenants", detail: detail, errors: bodyErrors(),
	}, s.pauseAll)
	register(s, operation{
		id: "resume-all", method: http.MethodDelete, path: pathScope, needs: permission(access.OperationsWrite),
		summary: "End the pause of all tenants", detail: "Pauses of single tenants go on.", errors: []int{http.StatusConflict},
	}, s.resumeAll)
	register(s, operation{
		id: "pause-tenant", method: http.MethodPut, path: pathTenant + pathScope, needs: permission(access.OperationsWrite),
		summary: "Pause intake or processing of a tenant", detail: detail, errors: bodyErrors(http.StatusNotFound),
	}, s.pauseTenant)
	register(s, operation{
		id: "resume-tenant", method: http.MethodDelete, path: pathTenant + pathScope, needs: permission(access.OperationsWrite),
		summary: "End a tenant's pause", detail: "What waits goes on within a second, unless a pause of all tenants stands.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.resumeTenant)
}

type listPauses struct {
	TenantID string `query:"tenant_id" doc:"Only those that this tenant is under." maxLength:"63"`
}

type pausesAnswer struct {
	Body adminapi.Page[adminapi.Pause]
}

func (s *Server) listPauses(ctx context.Context, in *listPauses) (*pausesAnswer, error) {
	pauses, err := s.standingPauses(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	answer := &pausesAnswer{}
	answer.Body.Items = make([]adminapi.Pause, len(pauses))
	everything := visiting(ctx).principal.May(access.JobsRead, "")
	for i, p := range pauses {
		shown := showPause(p)
		if p.TenantID == suspension.Everybody && !everything { // it may name others
			shown.Reason, shown.By = "", ""
		}
		answer.Body.Items[i] = shown
	}
	return answer, nil
}

func (s *Server) standingPauses(ctx context.Context, tenantID string) ([]suspension.Pause, error) {
	if tenantID == "" {
		return s.pauses.All(ctx)
	}
	if _, err := s.tenants.Read(ctx, tenantID); err != nil {
		return nil, err
	}
	return s.pauses.Of(ctx, tenantID)
}

// ScopePath is what paths of pauses end with.
type ScopePath struct {
	Scope suspension.Scope `path:"scope" doc:"What is paused." enum:"intake,processing"`
}

type pauseAll struct {
	ScopePath

	Body adminapi.BeginPause
}

type pauseTenant struct {
	TenantPath
	ScopePath

	Body adminapi.BeginPause
}

type begunPause struct {
	Body adminapi.BegunPause
}

type endedPause struct {
	Body adminapi.EndedPause
}

func (s *Server) pauseAll(ctx context.Context, in *pauseAll) (*begunPause, error) {
	return s.beginPause(ctx, suspension.Everybody, in.Scope, in.Body)
}

func (s *Server) pauseTenant(ctx context.Context, in *pauseTenant) (*begunPause, error) {
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	return s.beginPause(ctx, in.TenantID, in.Scope, in.Body)
}

func (s *Server) beginPause(ctx context.Context, tenantID string, scope suspension.Scope, in adminapi.BeginPause) (*begunPause, error) {
	reason := strings.TrimSpace(in.Reason)
	if reason == "" {
		return nil, invalid(FieldProblem{Location: "body.reason", Message: "is blank: say why, others will wonder"})
	}
	r := suspension.Request{
		TenantID: tenantID, Scope: scope, Reason: reason, By: visiting(ctx).actor(), For: time.Duration(in.Seconds) * time.Second,
	}
	p, err := s.pauses.Pause(ctx, r, func(ctx context.Context, tx postgres.Tx, p suspension.Pause) error {
		detail := map[string]string{"reason": whyOf(p.Reason)}
		if !p.Until.IsZero() {
			detail["until"] = p.Until.UTC().Format(time.RFC3339)
		}
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationPauseBegin, audit.StatusOK, tenantID, string(scope), detail))
	})
	if err != nil {
		return nil, err
	}
	s.logger.InfoContext(ctx, "paused", telemetry.KeyTenant, tenantID, "scope", scope, "reason", reason, "seconds", in.Seconds)
	return &begunPause{Body: adminapi.BegunPause{Pause: showPause(p), Notes: notesOf(scope)}}, nil
}

// notesOf is what to know of a pause before it is too late.
func notesOf(scope suspension.Scope) []string {
	if scope == suspension.Processing {
		return []string{
			"nothing is lost: webhooks are accepted, and their jobs wait in the ledger; what runs now goes on to its end",
			"jobs that are held for a dead server grow older meanwhile: QUEUE_HOLD_LIMIT (72 h unless set) goes on counting",
		}
	}
	return []string{
		"tickets that are created meanwhile are enhanced after the pause, as long as it may be: by their sender's retry, or by the poll for " +
			"missed webhooks, which goes on from where it stopped, unless RECONCILE_INTERVAL is 0; not those that are closed by then",
		"updates are caught up only where the sender tries again: ServiceDesk Plus itself sends a webhook once. Where no update may be missed, pause processing instead",
	}
}

func (s *Server) resumeAll(ctx context.Context, in *ScopePath) (*endedPause, error) {
	return s.endPause(ctx, suspension.Everybody, in.Scope)
}

type resumeTenant struct {
	TenantPath
	ScopePath
}

func (s *Server) resumeTenant(ctx context.Context, in *resumeTenant) (*endedPause, error) {
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	answer, err := s.endPause(ctx, in.TenantID, in.Scope)
	if err != nil {
		return nil, err
	}
	left, err := s.pauses.Of(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	for _, p := range left {
		answer.Body.StillPaused = answer.Body.StillPaused || p.Scope == in.Scope
	}
	return answer, nil
}

func (s *Server) endPause(ctx context.Context, tenantID string, scope suspension.Scope) (*endedPause, error) {
	p, err := s.pauses.Resume(ctx, tenantID, scope, func(ctx context.Context, tx postgres.Tx, p suspension.Pause) error {
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationPauseEnd, audit.StatusOK, tenantID, string(scope),
			map[string]string{"seconds": strconv.Itoa(int(s.now().Sub(p.Since).Seconds()))}))
	})
	if err != nil {
		return nil, err
	}
	return &endedPause{Body: adminapi.EndedPause{Pause: showPause(p)}}, nil
}

func showPause(p suspension.Pause) adminapi.Pause {
	return adminapi.Pause{
		TenantID: p.TenantID, Scope: p.Scope, Reason: p.Reason, By: p.By, Since: p.Since, Until: orNil(p.Until),
	}
}
