package console

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/console/reach"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

func (s *Server) importRoutes() {
	register(s, operation{
		id: "import", method: http.MethodPost, path: pathTenant + "/imports", needs: permission(access.ContentWrite),
		summary: "Import from a tenant's ServiceDesk Plus",
		detail: "It lasts as long as the request, with a line at least every five seconds, and stops at the end of a page when the " +
			"client goes. The next one goes on from there. The last line has a summary, or an error, or both.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
		line:   reflect.TypeFor[adminapi.ImportEvent](),
	}, s.startImport)
}

type startImport struct {
	TenantPath

	Body adminapi.StartImport
}

func (s *Server) startImport(ctx context.Context, in *startImport) (*huma.StreamResponse, error) {
	if in.Body.Feed == mirror.FeedAssets && in.Body.Since != nil {
		return nil, invalid(FieldProblem{Location: "body.since", Message: "assets have no time of change: leave it out"})
	}
	if err := s.isEnabled(ctx, in.TenantID); err != nil {
		return nil, err
	}
	entry := s.event(ctx, audit.OperationImportStart, audit.StatusOK, in.TenantID, string(in.Body.Feed), map[string]string{
		"phase": "begin", "limit": strconv.Itoa(in.Body.Limit), "dry_run": strconv.FormatBool(in.Body.DryRun), "restart": strconv.FormatBool(in.Body.Restart),
	})
	release, err := s.begin(ctx, entry, s.streams, ofTenant(in.TenantID, tenantStreams), ofClient(ctx, clientStreams))
	if err != nil {
		return nil, err
	}
	return s.stream(ctx, release, func(ctx context.Context, out *lines) { s.runImport(ctx, out, in, entry) }), nil
}

// isEnabled fails unless the tenant is: nothing is done for others in its systems.
func (s *Server) isEnabled(ctx context.Context, tenantID string) error {
	record, err := s.tenants.Read(ctx, tenantID)
	if err != nil {
		return err
	}
	if record.Status != tenantstore.StatusEnabled {
		return problem(http.StatusConflict, "the tenant is "+string(record.Status)+": enable it first")
	}
	return nil
}

func (s *Server) runImport(ctx context.Context, out *lines, in *startImport, entry audit.Event) {
	options := mirror.Options{Limit: in.Body.Limit, DryRun: in.Body.DryRun, Restart: in.Body.Restart}
	if in.Body.Since != nil {
		options.Since = *in.Body.Since
	}
	summary, err := alongside(ctx, out, mirror.Progress{},
		func(p mirror.Progress) any { return adminapi.ImportEvent{Progress: showProgress(p)} },
		func(ctx context.Context, report func(mirror.Progress)) (mirror.Summary, error) {
			options.Report = report
			return s.importer.Import(ctx, in.TenantID, in.Body.Feed, options)
		})
	last := adminapi.ImportEvent{Summary: showSummary(summary)}
	entry.Detail = importCounts(summary)
	entry.Detail["phase"] = "end"
	if err != nil {
		last.Error = s.tellWorkEnded(ctx, err, "the import stopped; start it again, and it goes on from there")
		entry.Status = audit.StatusFailed
	}
	s.conclude(ctx, entry)
	// The client has gone when this fails.
	_ = out.write(last)
}

const detailInWork = "the console's log tells more under this request's correlation id"

// tellWorkEnded gives the words for work in a stream that did not get to its end, and logs why.
func (s *Server) tellWorkEnded(ctx context.Context, err error, advice string) string {
	if fault, ok := errors.AsType[*panicError](err); ok {
		s.logger.ErrorContext(ctx, "work in a stream panicked", "error", err, "stack", string(fault.stack))
		return advice + ": " + detailInWork
	}
	if errors.Is(context.Cause(ctx), errStopping) {
		return errStopping.Error() + ": " + advice
	}
	if ctx.Err() != nil {
		return advice
	}
	s.logger.WarnContext(ctx, "work in a stream failed", "error", err)
	return advice + ": " + reach.Advice(err, detailInWork)
}

func showProgress(p mirror.Progress) *adminapi.ImportProgress {
	return &adminapi.ImportProgress{Done: p.Done, Total: p.Total, WaitingMS: p.Waiting.Milliseconds(), Reason: p.Reason}
}

func showSummary(sum mirror.Summary) *adminapi.ImportSummary {
	shown := &adminapi.ImportSummary{
		Change: adminapi.Change(sum.Change), Read: sum.Read, Skipped: sum.Skipped, Removed: sum.Removed,
		Rejected: sum.Rejected, Resumed: sum.Resumed, Limited: sum.Limited,
	}
	for _, r := range sum.Rejections {
		shown.Rejections = append(shown.Rejections, adminapi.Rejection{ID: r.ID, Reason: r.Reason})
	}
	return shown
}

func importCounts(sum mirror.Summary) map[string]string {
	detail := map[string]string{}
	for name, n := range map[string]int{
		"added": sum.Added, "changed": sum.Changed, "unchanged": sum.Unchanged, "removed": sum.Removed, "rejected": sum.Rejected,
	} {
		detail[name] = strconv.Itoa(n)
	}
	return detail
}
