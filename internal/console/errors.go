package console

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	// longestBack is how far back errors are looked for.
	longestBack = 31 * 24 * time.Hour
	// usualBack is how far when nobody says.
	usualBack = time.Hour
	// mostErrors are told, and mostRefusals and mostLetters looked at.
	mostErrors, mostRefusals, mostLetters = 500, 500, 500
	// longestReason is how much of a reason is told.
	longestReason = 500
)

func (s *Server) errorRoutes() {
	register(s, operation{
		id: "list-errors", method: http.MethodGet, path: "/errors", needs: permission(access.JobsRead), tenantInQuery: true,
		summary: "List what went wrong lately",
		detail: "By reason, with how often and when, and what to do. The latest first, 500 at most. A token that is restricted to tenants has to name one of " +
			"them. Jobs that operators cancelled are none.",
		errors: []int{http.StatusNotFound},
	}, s.listErrors)
}

type listErrors struct {
	TenantID string    `query:"tenant_id" doc:"Only of this tenant." maxLength:"63"`
	Since    time.Time `query:"since"     doc:"From then on; the last hour when absent, 31 days at most."`
}

type errorsAnswer struct {
	Body adminapi.Page[adminapi.Error]
}

func (s *Server) listErrors(ctx context.Context, in *listErrors) (*errorsAnswer, error) {
	now := s.now()
	since := in.Since
	switch {
	case since.IsZero():
		since = now.Add(-usualBack)
	case now.Sub(since) > longestBack:
		return nil, invalid(FieldProblem{Location: "query.since", Message: "is more than 31 days ago: the list of jobs goes further back"})
	}
	all, err := s.amiss(ctx, in.TenantID, since)
	if err != nil {
		return nil, err
	}
	refusals, err := s.refusals(ctx, in.TenantID, since)
	if err != nil {
		return nil, err
	}
	answer := &errorsAnswer{}
	answer.Body.Items = together(append(all, refusals...))
	return answer, nil
}

// amiss is what the ledger knows, and of all tenants together what belongs to none.
func (s *Server) amiss(ctx context.Context, tenantID string, since time.Time) ([]adminapi.Error, error) {
	var all []adminapi.Error
	read := func() error {
		if tenantID == "" {
			found, err := s.jobs.AllAmiss(ctx, since)
			for _, a := range found {
				all = append(all, adminapi.Error{
					TenantID: a.TenantID, Kind: a.Kind, Place: a.Place, Reason: a.Reason, Times: a.Times, FirstAt: a.First, LastAt: a.Last, JobID: a.JobID,
				})
			}
			return err
		}
		if _, err := s.tenants.Read(ctx, tenantID); err != nil {
			return err
		}
		found, err := s.jobs.Amiss(ctx, tenantID, since)
		for _, a := range found {
			all = append(all, adminapi.Error{
				TenantID: a.TenantID, Kind: a.Kind, Place: a.Place, Reason: a.Reason, Times: a.Times, FirstAt: a.First, LastAt: a.Last, JobID: a.JobID,
			})
		}
		return err
	}
	if err := read(); err != nil || tenantID != "" {
		return all, err
	}
	letters, err := s.letters.Recent(ctx, mostLetters)
	for _, l := range letters {
		if !l.LastAt.Before(since) {
			all = append(all, adminapi.Error{Kind: kindLetter, Reason: l.Reason, Times: l.Times, FirstAt: l.FirstAt, LastAt: l.LastAt})
		}
	}
	return all, err
}

// refusals are webhooks that were refused, as far as the audit log has them, for those who may read that.
func (s *Server) refusals(ctx context.Context, tenantID string, since time.Time) ([]adminapi.Error, error) {
	if !visiting(ctx).principal.May(access.AuditRead, tenantID) {
		return nil, nil
	}
	entries, err := s.audit.List(ctx, audit.Query{Operation: audit.OperationWebhookRefuse, TenantID: tenantID, Since: since, Limit: mostRefusals})
	var all []adminapi.Error
	for _, e := range entries {
		all = append(all, adminapi.Error{TenantID: e.TenantID, Kind: kindWebhook, Reason: cmp.Or(e.Detail["reason"], "no reason given"), Times: 1, FirstAt: e.At, LastAt: e.At})
	}
	return all, err
}

const (
	kindLetter  = "dead_letter"
	kindWebhook = "webhook"
)

// varies is what differs from one time to the next.
var varies = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+`)

// together makes one of those that differ in numbers and ids alone, and cleans what others have said.
func together(all []adminapi.Error) []adminapi.Error {
	type group struct{ tenantID, kind, place, reason string }
	groups := map[group]*adminapi.Error{}
	for i := range all {
		e := all[i]
		e.Reason = cmp.Or(strings.TrimSpace(ticket.Truncate(telemetry.Redact(ticket.Normalize(e.Reason)), longestReason)), "no reason given")
		key := group{e.TenantID, e.Kind, e.Place, varies.ReplaceAllString(e.Reason, "#")}
		known, ok := groups[key]
		if !ok {
			e.Runbook = runbook(e)
			groups[key] = &e
			continue
		}
		known.Times += e.Times
		if e.FirstAt.Before(known.FirstAt) {
			known.FirstAt = e.FirstAt
		}
		if e.LastAt.After(known.LastAt) {
			known.LastAt, known.Reason, known.JobID = e.LastAt, e.Reason, e.JobID
		}
	}
	told := make([]adminapi.Error, 0, len(groups))
	for _, e := range groups {
		told = append(told, *e)
	}
	slices.SortFunc(told, func(a, b adminapi.Error) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Reason, b.Reason))
	})
	return told[:min(len(told), mostErrors)]
}

// numbers are those that stand alone: no part of a longer one, or of a name.
var numbers = regexp.MustCompile(`\b[0-9]+\b`)

// runbook is the file that says what to do. The first that fits is meant.
func runbook(e adminapi.Error) string {
	says := func(parts ...string) bool {
		reason := strings.ToLower(e.Reason)
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(reason, part) })
	}
	answered := func(codes ...string) bool {
		return slices.ContainsFunc(numbers.FindAllString(e.Reason, -1), func(n string) bool { return slices.Contains(codes, n) })
	}
	switch {
	case e.Kind == kindLetter:
		return "dead-letters.md"
	case e.Kind == kindWebhook:
		return "missed-webhooks.md"
	case e.Kind == "model", e.Place == "synthesize", says("synthesize:"):
		return "llm-outage-or-budget.md"
	case answered("429") || says("throttl", "rate limit"):
		return "servicedesk-throttling.md"
	case says("its workflow was started"):
		return "worker-failures.md"
	case says("database", "tenant transaction"):
		return "database-connections.md"
	case answered("401", "403") || says("unauthorized", "credentials"):
		return "expiring-credentials.md"
	case e.Kind == "job":
		return "low-success-rate.md"
	}
	return "api-timeouts.md" // steps and servers
}
