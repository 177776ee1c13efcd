package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteCSV writes reports as comma-separated values, a line each after one of titles. Durations are in seconds, shares between 0 and 1; what is
// not known is empty. A cell that a spreadsheet would take for a formula begins with an apostrophe.
func WriteCSV(w io.Writer, reports ...Report) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{
		"tenant_id", "week", "running", "received", "completed", "failed", "cancelled", "unfinished", "withheld", "degraded", "success_rate", "p50_s", "p95_s", "p99_s",
		"votes_up", "votes_down", "satisfaction", "notes", "notes_with_tickets", "notes_with_articles", "notes_with_systems", "minutes_saved", "research_saved",
		"cost_usd", "unpriced", "resolved_with_note", "resolution_median_s", "baseline_tickets", "baseline_median_s", "resolution_change",
		"target_research", "target_satisfaction", "target_success",
	}); err != nil {
		return fmt.Errorf("write a report as CSV: %w", err)
	}
	for _, r := range reports {
		baselineTickets, baselineMedian := "", ""
		if r.Baseline != nil {
			baselineTickets, baselineMedian = strconv.Itoa(r.Baseline.Tickets), seconds(r.Baseline.MedianSeconds)
		}
		if err := out.Write([]string{
			harmless(r.TenantID), r.Week.String(), strconv.FormatBool(r.Running), strconv.Itoa(r.Received), strconv.Itoa(r.Completed), strconv.Itoa(r.Failed),
			strconv.Itoa(r.Cancelled), strconv.Itoa(r.Unfinished), strconv.Itoa(r.Withheld), strconv.Itoa(r.Degraded), known(r.SuccessRate), seconds(r.P50Seconds),
			seconds(r.P95Seconds), seconds(r.P99Seconds), strconv.Itoa(r.Up), strconv.Itoa(r.Down), known(r.Satisfaction), strconv.Itoa(r.Notes), strconv.Itoa(r.Named.Tickets),
			strconv.Itoa(r.Named.Articles), strconv.Itoa(r.Named.Systems), figure(r.MinutesSaved), known(r.ResearchSaved), figure(r.CostUSD), strconv.Itoa(r.Unpriced),
			strconv.Itoa(r.Enhanced.Tickets), seconds(r.Enhanced.MedianSeconds), baselineTickets, baselineMedian, known(r.ResolutionChange),
			string(r.Research), string(r.Satisfied), string(r.Success),
		}); err != nil {
			return fmt.Errorf("write a report as CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write a report as CSV: %w", err)
	}
	return nil
}

// harmless keeps a spreadsheet from taking the text for a formula.
func harmless(text string) string {
	if strings.IndexAny(text, "=+-@\t\r") == 0 {
		return "'" + text
	}
	return text
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func known(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', 4, 64)
}

func seconds(s float64) string {
	if s == 0 {
		return ""
	}
	return strconv.FormatFloat(s, 'f', 3, 64)
}
