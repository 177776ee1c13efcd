package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/report"
)

func TestReportsOfATenant(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	w.queued("alpha", "1", enhancement.QueueFailed, 15*24*time.Hour)
	weeks := read[adminapi.Page[adminapi.ReportWeek]](t, w.call(http.MethodGet, "/tenants/alpha/reports", nil), http.StatusOK).Items
	if len(weeks) != 3 && len(weeks) != 4 || !weeks[0].Running || weeks[1].Running || weeks[0].Week != report.WeekOf(w.clock.now()) {
		t.Fatalf("%+v", weeks)
	}
	if none := read[adminapi.Page[adminapi.ReportWeek]](t, w.call(http.MethodGet, "/tenants/beta/reports", nil), http.StatusOK).Items; len(none) != 1 {
		t.Errorf("without a job: %+v", none)
	}
	then := report.WeekOf(w.clock.now().Add(-15 * 24 * time.Hour))
	got := read[adminapi.WeekReport](t, w.call(http.MethodGet, "/tenants/alpha/reports/"+then.String(), nil), http.StatusOK)
	if got.Week != then || got.Failed != 1 || got.Success != report.TooLittle || got.Inputs != report.Defaults() || got.Running {
		t.Errorf("%+v", got)
	}
	if now := read[adminapi.WeekReport](t, w.call(http.MethodGet, "/tenants/alpha/reports/current", nil), http.StatusOK); now.Received != 0 || !now.Running {
		t.Errorf("%+v", now)
	}
	for path, status := range map[string]int{
		"/tenants/alpha/reports/2026-47": http.StatusUnprocessableEntity, "/tenants/alpha/reports/2999-W01": http.StatusUnprocessableEntity,
		"/tenants/none/reports": http.StatusNotFound, "/tenants/none/reports/current": http.StatusNotFound, "/tenants/none/report-settings": http.StatusNotFound,
	} {
		read[adminapi.Problem](t, w.call(http.MethodGet, path, nil), status)
	}
}

func TestReportSettings(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	const path = "/tenants/alpha/report-settings"
	if none := read[adminapi.ReportSettings](t, w.call(http.MethodGet, path, nil), http.StatusOK); none != (adminapi.ReportSettings{}) {
		t.Errorf("%+v", none)
	}
	from := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	set := read[adminapi.ReportSettings](t, w.call(http.MethodPut, path, map[string]any{
		"research_minutes": 20, "baseline": map[string]any{"from": from, "until": from.AddDate(0, 0, adminapi.UsualBaselineDays)},
	}), http.StatusOK)
	if set.ResearchMinutes == nil || *set.ResearchMinutes != 20 || set.TicketMinutes != nil || set.Baseline == nil || !set.Baseline.From.Equal(from) {
		t.Errorf("%+v", set)
	}
	if entries := w.entries(audit.Query{Operation: audit.OperationReportSettings}); len(entries) != 1 || entries[0].TenantID != "alpha" {
		t.Errorf("%+v", entries)
	}
	got := read[adminapi.WeekReport](t, w.call(http.MethodGet, "/tenants/alpha/reports/current", nil), http.StatusOK)
	if got.Inputs.ResearchMinutes != 20 || got.Baseline == nil || !got.Baseline.Final {
		t.Errorf("%+v", got)
	}
	for name, body := range map[string]map[string]any{
		"backwards": {"baseline": map[string]any{"from": from, "until": from}}, "too long": {"baseline": map[string]any{"from": from, "until": from.AddDate(1, 0, 0)}},
		"negative": {"ticket_minutes": -1}, "no research": {"research_minutes": 0}, "half": {"baseline": map[string]any{"from": from}},
	} {
		if got := w.call(http.MethodPut, path, body); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := w.callAs(w.token(access.RoleViewer.Permissions()), http.MethodPut, path, map[string]any{}); got.Code != http.StatusForbidden {
		t.Errorf("a viewer: %d", got.Code)
	}
}
