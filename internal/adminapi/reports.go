package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/report"
)

// WeekReport is what a tenant's enhancements were worth in a week.
type WeekReport = report.Report

// ReportWeek is a week of which there is a report.
type ReportWeek struct {
	Week    report.Week `json:"week"`
	Running bool        `json:"running" doc:"It is not over."`
}

// ReportSettings are what a tenant's reports are reckoned with. What is absent has its default.
type ReportSettings struct {
	ResearchMinutes *float64 `json:"research_minutes,omitempty" doc:"How long a technician looks for context on a ticket that has no note; 15 when absent, which is an assumption." maximum:"480" minimum:"0.1"`
	TicketMinutes   *float64 `json:"ticket_minutes,omitempty"   doc:"What a note saves that names a past ticket; 5 when absent." maximum:"120" minimum:"0"`
	ArticleMinutes  *float64 `json:"article_minutes,omitempty"  doc:"The same for an article; 3 when absent."                    maximum:"120" minimum:"0"`
	SystemMinutes   *float64 `json:"system_minutes,omitempty"   doc:"The same for a system; 2 when absent."                      maximum:"120" minimum:"0"`
	// Baseline is nil when there is none.
	Baseline *BaselineWindow `json:"baseline,omitempty" doc:"The days with which resolutions are compared: before there were notes, or while the mode is off or shadow. Absent: none."`
}

// BaselineWindow is when what was before is looked at.
type BaselineWindow struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until" doc:"At most 90 days after from; 7 are usual."`
}

// LongestBaseline is how long a baseline's window is at most, and UsualBaselineDays how many days it has when nobody says.
const (
	LongestBaseline   = 90 * 24 * time.Hour
	UsualBaselineDays = 7
)

// ReportWeeks lists the weeks of which there are reports of the tenant, the latest first.
func (c *Client) ReportWeeks(ctx context.Context, tenantID string) ([]ReportWeek, error) {
	var out Page[ReportWeek]
	err := c.do(ctx, get(tenantPath(tenantID, "reports"), nil), &out)
	return out.Items, err
}

// Report is a tenant's report of a week: 2026-W47, or current.
func (c *Client) Report(ctx context.Context, tenantID, week string) (WeekReport, error) {
	var out WeekReport
	err := c.do(ctx, get(tenantPath(tenantID, "reports", week), nil), &out)
	return out, err
}

// ReportSettings tells what a tenant's reports are reckoned with.
func (c *Client) ReportSettings(ctx context.Context, tenantID string) (ReportSettings, error) {
	var out ReportSettings
	err := c.do(ctx, get(tenantPath(tenantID, "report-settings"), nil), &out)
	return out, err
}

// SetReportSettings replaces all of them.
func (c *Client) SetReportSettings(ctx context.Context, tenantID string, in ReportSettings) (ReportSettings, error) {
	var out ReportSettings
	err := c.do(ctx, call{method: http.MethodPut, path: tenantPath(tenantID, "report-settings"), in: in, again: true}, &out)
	return out, err
}
