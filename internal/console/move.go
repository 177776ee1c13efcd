package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func (s *Server) moveRoutes() {
	register(s, operation{
		id: "move-tenant", method: http.MethodPost, path: pathTenant + "/move", needs: permission(access.OperationsWrite),
		summary: "Have another enhancer work for a tenant",
		detail: "The one that tenants share, or the tenant's own. What waits is begun there from then on; what runs is ended by who has begun it. " +
			"Refused when no worker of that enhancer takes work, unless that is said to be meant.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed),
	}, s.moveTenant)
}

type moveTenant struct {
	TenantPath

	IfMatch string `header:"If-Match" doc:"ETag of the tenant that is to be moved; any when there is none."`
	Body    adminapi.MoveTenant
}

type movedAnswer struct {
	ETag string `header:"ETag"`
	Body adminapi.MovedTenant
}

func (s *Server) moveTenant(ctx context.Context, in *moveTenant) (*movedAnswer, error) {
	before, err := s.matching(ctx, in.TenantID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	to, err := tenant.EnhancerOf(in.TenantID, in.Body.To)
	if err != nil {
		return nil, invalid(FieldProblem{Location: "body.to", Message: err.Error()})
	}
	var (
		spread ledger.Spread
		taken  int
	)
	record, err := s.tenants.Assign(ctx, in.TenantID, to, pinned(in.IfMatch, before), func(ctx context.Context, tx postgres.Tx) (err error) {
		// First, so that what is counted stays so until the move is committed.
		if err := ledger.HoldAdmissions(ctx, tx, in.TenantID); err != nil {
			return err
		}
		if taken, err = s.settle(ctx, tx, in.TenantID, to, in.Body); err != nil {
			return err
		}
		if spread, err = ledger.SpreadIn(ctx, tx, in.TenantID, to); err != nil {
			return err
		}
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationTenantMove, audit.StatusOK, in.TenantID, "", map[string]string{
			"from": string(tenant.IsolationOf(before.Enhancer)), "to": string(in.Body.To),
			"waiting": strconv.Itoa(spread.Waiting), "elsewhere": strconv.Itoa(spread.Elsewhere), "taken_over": strconv.Itoa(taken),
		}))
	})
	if err != nil {
		return nil, stale(err)
	}
	s.changed(ctx, record.ID, record.Version)
	return &movedAnswer{ETag: etag(record.Version), Body: adminapi.MovedTenant{
		Tenant: showTenant(record), From: tenant.IsolationOf(before.Enhancer),
		Waiting: spread.Waiting, Held: spread.Held, Running: spread.Here, Elsewhere: spread.Elsewhere, TakenOver: taken,
	}}, nil
}

// settle refuses a move that would leave jobs to nobody, or to two, and takes over what is to be.
func (s *Server) settle(ctx context.Context, tx postgres.Tx, tenantID, to string, in adminapi.MoveTenant) (taken int, err error) {
	if !in.EvenWithoutWorkers {
		if err := crew.TakesWork(ctx, tx, to); err != nil {
			return 0, err
		}
	}
	if !in.TakeOver {
		return 0, nil
	}
	other := tenant.SharedEnhancer
	if to == other {
		other = tenantID
	}
	if err := crew.Gone(ctx, tx, other); err != nil {
		return 0, err
	}
	return ledger.TakeOverIn(ctx, tx, tenantID, to)
}
