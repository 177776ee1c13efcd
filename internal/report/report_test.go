package report_test

import (
	"encoding/csv"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/report"
)

func TestWeeksAreThoseOfISO8601(t *testing.T) {
	t.Parallel()
	for text, begins := range map[string]string{
		"2026-W47": "2026-11-16", "2026-W01": "2025-12-29", "2026-W53": "2026-12-28", "2020-W53": "2020-12-28", "2021-W01": "2021-01-04", "2024-W01": "2024-01-01",
	} {
		week, err := report.ParseWeek(text, time.Time{})
		if err != nil || week.Begins().Format(time.DateOnly) != begins || week.String() != text || week.Ends().Sub(week.Begins()) != 7*24*time.Hour {
			t.Errorf("%s begins %s, %v", text, week.Begins(), err)
		}
		for _, at := range []time.Time{week.Begins(), week.Ends().Add(-time.Nanosecond)} {
			if report.WeekOf(at) != week {
				t.Errorf("%s is in %s, not in %s", at, report.WeekOf(at), week)
			}
		}
	}
	for _, text := range []string{"", "2026-W54", "2025-W53", "2026-W00", "2026-47", "2026-W7", "26-W47", "W47", "2026-W47 ", "Current"} {
		if week, err := report.ParseWeek(text, time.Time{}); !errors.Is(err, report.ErrWeek) {
			t.Errorf("%q is %v, %v", text, week, err)
		}
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("", -11*3600))
	if week, err := report.ParseWeek("current", now); err != nil || week.String() != "2026-W48" {
		t.Errorf("%s, %v", week, err)
	}
}

// reckoned is the report of a week that is over.
func reckoned(f report.Facts, in report.Inputs, b *report.Baseline) report.Report {
	week := report.Week{Year: 2026, Number: 47}
	return report.New("alpha", week, week.Ends(), f, in, b)
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-9 {
		t.Errorf("%s is %v, not %g", what, got, want)
	}
}

func TestFiguresFollowTheirFormulas(t *testing.T) {
	t.Parallel()
	r := reckoned(report.Facts{
		Completed: 97, Failed: 3, Cancelled: 5, Up: 9, Down: 3, Notes: 90,
		Named: report.Named{Tickets: 80, Articles: 50, Systems: 20}, Helpful: report.Named{Tickets: 70, Articles: 40, Systems: 10},
		Enhanced: report.Resolution{Tickets: 40, MedianSeconds: 7200},
	}, report.Inputs{ResearchMinutes: 10, TicketMinutes: 4, ArticleMinutes: 2, SystemMinutes: 1}, &report.Baseline{
		Resolution: report.Resolution{Tickets: 30, MedianSeconds: 9000},
	})
	near(t, "success", r.SuccessRate, 0.97)
	near(t, "satisfaction", r.Satisfaction, 4)
	near(t, "minutes saved", &r.MinutesSaved, 70*4+40*2+10)
	near(t, "research saved", r.ResearchSaved, 370.0/900)
	near(t, "resolution", r.ResolutionChange, -0.2)
	if r.Success != report.Met || r.Research != report.Met || r.Satisfied != report.NotMet || r.Running { // 4 is not more than 4
		t.Errorf("%s, %s, %s", r.Success, r.Research, r.Satisfied)
	}
}

func TestNothingIsSaidOfTooLittle(t *testing.T) {
	t.Parallel()
	r := reckoned(report.Facts{}, report.Defaults(), nil)
	if r.SuccessRate != nil || r.Satisfaction != nil || r.ResearchSaved != nil || r.ResolutionChange != nil || r.MinutesSaved != 0 {
		t.Errorf("%+v", r)
	}
	r = reckoned(report.Facts{Completed: 4, Up: 4, Notes: 4, Helpful: report.Named{Tickets: 4}}, report.Defaults(), &report.Baseline{})
	if r.Success != report.TooLittle || r.Satisfied != report.TooLittle || r.Research != report.TooLittle || r.ResolutionChange != nil || *r.SuccessRate != 1 {
		t.Errorf("%+v", r)
	}
	// What is saved is never more than there was.
	r = reckoned(report.Facts{Notes: 5, Helpful: report.Named{Tickets: 5}}, report.Inputs{ResearchMinutes: 1, TicketMinutes: 60}, nil)
	near(t, "research saved", r.ResearchSaved, 1)
	if r = reckoned(report.Facts{Completed: 95, Failed: 5}, report.Defaults(), nil); r.Success != report.NotMet {
		t.Errorf("95 %% is not more than 95 %%: %s", r.Success)
	}
	week := report.Week{Year: 2026, Number: 47}
	if r = report.New("alpha", week, week.Ends().Add(-time.Second), report.Facts{}, report.Defaults(), nil); !r.Running {
		t.Error("it is over before its end")
	}
}

func TestCSVIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	r := reckoned(report.Facts{Received: 3, Completed: 2, Failed: 1, P50Seconds: 1.5}, report.Defaults(), nil)
	r.TenantID = `=cmd|' /C calc'!A0`
	var out strings.Builder
	if err := report.WriteCSV(&out, r, r); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	cells := map[string]string{}
	for i, title := range rows[0] {
		cells[title] = rows[1][i]
	}
	for title, want := range map[string]string{
		"tenant_id": `'=cmd|' /C calc'!A0`, "week": "2026-W47", "received": "3", "success_rate": "0.6667", "p50_s": "1.500", "satisfaction": "", "baseline_tickets": "",
		"target_success": "not_enough_data", "minutes_saved": "0",
	} {
		if cells[title] != want {
			t.Errorf("%s is %q, not %q", title, cells[title], want)
		}
	}
	if err := report.WriteCSV(failing{}, r); err == nil {
		t.Error("nobody is told that it was not written")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }
