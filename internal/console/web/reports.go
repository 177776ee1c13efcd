package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/report"
)

// reportPage is a tenant's report of a week, beside the other weeks.
type reportPage struct {
	Report adminapi.WeekReport
	Weeks  []adminapi.ReportWeek
	// Targets are what is expected, with what came of it.
	Targets []target
}

// target is one of what the customer expects.
type target struct {
	Name, Expected, Found string
	Verdict               report.Verdict
	// Of is how much there is to tell it from.
	Of string
}

// currentWeek is how the API calls the week that is not over.
const currentWeek = "current"

func (*Site) currentReport(v *visit) error {
	return v.leadTo(tenantPath(v.tenantID()) + "/reports/" + currentWeek)
}

func (s *Site) showReport(v *visit) error {
	made, err := v.api.Report(v.ctx, v.tenantID(), mux.Vars(v.r)["week"])
	if err != nil {
		return fmt.Errorf("show a report: %w", err)
	}
	weeks, err := v.api.ReportWeeks(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("show a report: %w", err)
	}
	return s.show(v, "report", fmt.Sprintf("Report of %s, %s", v.tenantID(), made.Week), reportPage{Report: made, Weeks: weeks, Targets: targets(made)})
}

func targets(r report.Report) []target {
	research, satisfaction, success := "not known", "not known", "not known"
	if r.ResearchSaved != nil {
		research = percent(*r.ResearchSaved) + " less, estimated"
	}
	if r.Satisfaction != nil {
		satisfaction = strconv.FormatFloat(*r.Satisfaction, 'f', 1, 64)
	}
	if r.SuccessRate != nil {
		success = strconv.FormatFloat(100**r.SuccessRate, 'f', 1, 64) + " %"
	}
	return []target{
		{"Research time", "more than " + percent(report.TargetResearch) + " less", research, r.Research, fmt.Sprintf("%d notes", r.Notes)},
		{"Satisfaction", "more than 4 of 5", satisfaction, r.Satisfied, fmt.Sprintf("%d votes", r.Up+r.Down)},
		{"Success", "more than " + percent(report.TargetSuccess), success, r.Success, fmt.Sprintf("%d ended jobs", r.Completed+r.Failed)},
	}
}

// downloadReport gives the report as a file for spreadsheets.
func (*Site) downloadReport(v *visit) error {
	made, err := v.api.Report(v.ctx, v.tenantID(), mux.Vars(v.r)["week"])
	if err != nil {
		return fmt.Errorf("download a report: %w", err)
	}
	var file bytes.Buffer
	if err := report.WriteCSV(&file, made); err != nil {
		return fmt.Errorf("download a report: %w", err)
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "report-"+v.tenantID()+"-"+made.Week.String()+".csv"))
	h.Set("Content-Length", strconv.Itoa(file.Len()))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(file.Bytes()) // the reader has gone when this fails
	return nil
}
