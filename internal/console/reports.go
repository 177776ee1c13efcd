package console

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/report"
	"github.com/ai-agents/ai-agents/internal/report/reportstore"
)

const (
	pathReports        = pathTenant + "/reports"
	pathReportSettings = pathTenant + "/report-settings"
	// mostWeeks are listed.
	mostWeeks = 53
)

func (s *Server) reportRoutes() {
	register(s, operation{
		id: "list-reports", method: http.MethodGet, path: pathReports, needs: permission(access.JobsRead),
		summary: "List the weeks of which there are reports",
		detail:  "The present one first, back to the tenant's first job that is still kept, 53 at most.", errors: []int{http.StatusNotFound},
	}, s.listReports)
	register(s, operation{
		id: "get-report", method: http.MethodGet, path: pathReports + "/{week}", needs: permission(access.JobsRead),
		summary: "Tell what a tenant's enhancements were worth in a week",
		detail: "Figures, estimates with what they assume, and whether the targets are met. It is made when it is asked for: a vote that comes later " +
			"changes it, and so does the removal of old jobs.",
		errors: []int{http.StatusNotFound},
	}, s.getReport)
	register(s, operation{
		id: "get-report-settings", method: http.MethodGet, path: pathReportSettings, needs: permission(access.JobsRead),
		summary: "Read what a tenant's reports are reckoned with", errors: []int{http.StatusNotFound},
	}, s.getReportSettings)
	register(s, operation{
		id: "set-report-settings", method: http.MethodPut, path: pathReportSettings, needs: permission(access.TenantsWrite),
		summary: "Replace what a tenant's reports are reckoned with",
		detail:  "All of it: what is left out has its default. With another window, the baseline is found anew; one that is over stays as it was found.",
		errors:  bodyErrors(http.StatusNotFound),
	}, s.setReportSettings)
}

type weeksAnswer struct {
	Body adminapi.Page[adminapi.ReportWeek]
}

func (s *Server) listReports(ctx context.Context, in *TenantPath) (*weeksAnswer, error) {
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	first, err := s.reports.First(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if first.IsZero() {
		first = now
	}
	answer := &weeksAnswer{}
	for week := report.WeekOf(now); week.Ends().After(first) && len(answer.Body.Items) < mostWeeks; week = report.WeekOf(week.Begins().AddDate(0, 0, -1)) {
		answer.Body.Items = append(answer.Body.Items, adminapi.ReportWeek{Week: week, Running: now.Before(week.Ends())})
	}
	return answer, nil
}

type getReport struct {
	TenantPath

	Week string `path:"week" doc:"As 2026-W47, or current." maxLength:"8"`
}

type reportAnswer struct {
	Body adminapi.WeekReport
}

func (s *Server) getReport(ctx context.Context, in *getReport) (*reportAnswer, error) {
	now := s.now()
	week, err := report.ParseWeek(in.Week, now)
	if err != nil {
		return nil, invalid(FieldProblem{Location: "path.week", Message: err.Error()})
	}
	if week.Begins().After(now) {
		return nil, invalid(FieldProblem{Location: "path.week", Message: "has not begun yet"})
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	made, err := s.reports.Report(ctx, in.TenantID, week, now)
	if err != nil {
		return nil, err
	}
	return &reportAnswer{Body: made}, nil
}

type reportSettingsAnswer struct {
	Body adminapi.ReportSettings
}

func (s *Server) getReportSettings(ctx context.Context, in *TenantPath) (*reportSettingsAnswer, error) {
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	settings, err := s.reports.Settings(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	return &reportSettingsAnswer{Body: showReportSettings(settings)}, nil
}

func showReportSettings(s reportstore.Settings) adminapi.ReportSettings {
	shown := adminapi.ReportSettings{
		ResearchMinutes: s.ResearchMinutes, TicketMinutes: s.TicketMinutes, ArticleMinutes: s.ArticleMinutes, SystemMinutes: s.SystemMinutes,
	}
	if !s.BaselineFrom.IsZero() {
		shown.Baseline = &adminapi.BaselineWindow{From: s.BaselineFrom, Until: s.BaselineUntil}
	}
	return shown
}

type setReportSettings struct {
	TenantPath

	Body adminapi.ReportSettings
}

func (s *Server) setReportSettings(ctx context.Context, in *setReportSettings) (*reportSettingsAnswer, error) {
	settings := reportstore.Settings{
		ResearchMinutes: in.Body.ResearchMinutes, TicketMinutes: in.Body.TicketMinutes, ArticleMinutes: in.Body.ArticleMinutes, SystemMinutes: in.Body.SystemMinutes,
	}
	if b := in.Body.Baseline; b != nil {
		if length := b.Until.Sub(b.From); length <= 0 || length > adminapi.LongestBaseline {
			return nil, invalid(FieldProblem{Location: "body.baseline.until", Message: "has to be after from, by 90 days at most"})
		}
		settings.BaselineFrom, settings.BaselineUntil = b.From.UTC(), b.Until.UTC()
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	err := s.reports.Set(ctx, in.TenantID, settings, func(ctx2 context.Context, tx postgres.Tx) error {
		return s.audit.AppendIn(ctx2, tx, s.event(ctx, audit.OperationReportSettings, audit.StatusOK, in.TenantID, "", nil))
	})
	if err != nil {
		return nil, err
	}
	return s.getReportSettings(ctx, &in.TenantPath)
}
