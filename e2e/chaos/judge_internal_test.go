package chaos

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// answered are attempts with these statuses, the accepted ones as job-1.
func answered(statuses ...int) []Attempt {
	var all []Attempt
	for _, status := range statuses {
		a := Attempt{At: noon, Status: status}
		if a.accepted() {
			a.JobID = "job-1"
		}
		all = append(all, a)
	}
	return all
}

func noteOf(id, tenantID, ticketID string) servicedesktest.Note {
	return servicedesktest.Note{ID: id, Description: "<p>" + enhancement.NoteReference(tenantID, ticketID) + "</p>", AddedTime: after(1)}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const accepted, refused = http.StatusAccepted, http.StatusServiceUnavailable
	note := noteOf("n-1", "alpha", "1")
	completed := row{jobID: "job-1", status: enhancement.StatusCompleted, noteID: "n-1"}
	other := completed
	other.jobID = "job-2"
	again := func(status int) *Attempt { return &answered(status)[0] }
	for name, c := range map[string]struct {
		attempts []Attempt
		again    *Attempt
		rows     []row
		notes    []servicedesktest.Note
		want     verdict
		why      string
	}{
		"as promised":             {answered(accepted), nil, []row{completed}, []servicedesktest.Note{note}, verdictNoted, ""},
		"accepted at last":        {answered(refused, 0, accepted), nil, []row{completed}, []servicedesktest.Note{note}, verdictNoted, ""},
		"accepted twice":          {answered(accepted, accepted), nil, []row{completed}, []servicedesktest.Note{note}, verdictNoted, ""},
		"failed and says why":     {answered(accepted), nil, []row{{jobID: "job-1", status: enhancement.StatusFailed, reason: "gone"}}, nil, verdictFailed, "gone"},
		"failed and does not say": {answered(accepted), nil, []row{{jobID: "job-1", status: enhancement.StatusFailed}}, nil, verdictLost, "without a reason"},
		"accepted, no row":        {answered(accepted), nil, nil, nil, verdictLost, "does not have"},
		"another job's row":       {answered(accepted), nil, []row{other}, []servicedesktest.Note{note}, verdictLost, "does not have"},
		"accepted, no note":       {answered(accepted), nil, []row{completed}, nil, verdictLost, "no note"},
		"another note":            {answered(accepted), nil, []row{completed}, []servicedesktest.Note{noteOf("n-2", "alpha", "1")}, verdictLost, "names note"},
		"never begun":             {answered(accepted), nil, []row{{jobID: "job-1", status: enhancement.StatusPending}}, nil, verdictLost, "still pending"},
		"under way for ever":      {answered(accepted), nil, []row{{jobID: "job-1", status: enhancement.StatusRunning}}, nil, verdictLost, "still running"},
		"two notes":               {answered(accepted), nil, []row{completed}, []servicedesktest.Note{note, noteOf("n-2", "alpha", "1")}, verdictDoubled, "2 notes"},
		"two jobs":                {answered(accepted), nil, []row{completed, other}, []servicedesktest.Note{note}, verdictDoubled, "2 jobs"},
		"a neighbour's note":      {answered(accepted), nil, []row{completed}, []servicedesktest.Note{noteOf("n-1", "beta", "1")}, verdictDoubled, "not this ticket's"},
		"another ticket's note":   {answered(accepted), nil, []row{completed}, []servicedesktest.Note{noteOf("n-1", "alpha", "2")}, verdictDoubled, "not this ticket's"},
		"refused, and nothing":    {answered(refused), nil, nil, nil, verdictNone, ""},
		"refused, taken later":    {answered(refused), again(accepted), []row{completed}, []servicedesktest.Note{note}, verdictNoted, ""},
		"refused for ever":        {answered(refused), again(refused), nil, nil, verdictLost, "refused, and again"},
		"refused and swallowed":   {answered(refused), again(accepted), []row{{jobID: "job-1", status: enhancement.StatusPending}}, nil, verdictLost, "still pending"},
		"unheard, and nothing":    {answered(0), nil, nil, nil, verdictNone, ""},
		"unheard, and done":       {answered(0), nil, []row{completed}, []servicedesktest.Note{note}, verdictNoted, ""},
		"unheard, and left lying": {answered(0), nil, []row{{jobID: "job-1", status: enhancement.StatusPending}}, nil, verdictLost, "still pending"},
		"a note without a job":    {answered(0), nil, nil, []servicedesktest.Note{note}, verdictDoubled, "without a job"},
	} {
		a := account{Sent: &Sent{TenantID: "alpha", TicketID: "1", Attempts: c.attempts, Again: c.again}, rows: c.rows, notes: c.notes}
		got, why := a.judge()
		if got != c.want || !strings.Contains(why, c.why) || (c.why == "" && why != "") {
			t.Errorf("%s: %s (%s), want %s (%s)", name, got, why, c.want, c.why)
		}
	}
}

// Nobody was told of a ticket whose webhook never arrived, and it is to have its note all the same.
func TestATicketWhoseWebhookNeverArrivedIsToBeFound(t *testing.T) {
	t.Parallel()
	note := noteOf("n-1", "alpha", "1")
	a := account{Sent: &Sent{TenantID: "alpha", TicketID: "1", Habit: HabitNever, Sought: true}}
	if got, why := a.judge(); got != verdictLost || !strings.Contains(why, "no poll") || a.told() != ToldNobody {
		t.Errorf("not found: %s (%s)", got, why)
	}
	a.rows = []row{{jobID: "job-1", status: enhancement.StatusCompleted, noteID: "n-1"}}
	a.notes = []servicedesktest.Note{note}
	if got, why := a.judge(); got != verdictNoted || why != "" {
		t.Errorf("found: %s (%s)", got, why)
	}
	r := newReport(Options{}, []Window{{Fault: quiet}}, books{accounts: []account{a}}, "/run/of/example", nil)
	if row := r.Rows[0]; row.Missed != 1 || row.Noted != 1 || row.Accepted != 0 || row.Refused != 0 {
		t.Errorf("reported as %+v", row)
	}
}

func TestWhatASenderBelieves(t *testing.T) {
	t.Parallel()
	for want, statuses := range map[Told][][]int{
		ToldAccepted: {{202}, {503, 202}, {0, 202}, {202, 0}},
		ToldRefused:  {{503}, {401}, {503, 503, 429}},
		ToldNothing:  {{0}, {503, 0}, {0, 503}},
	} {
		for _, s := range statuses {
			if got := (&Sent{Attempts: answered(s...)}).told(); got != want {
				t.Errorf("%v: %s, want %s", s, got, want)
			}
		}
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	windows := []Window{
		{Fault: "first", Began: after(0), Ended: after(20)},
		{Fault: "second", Began: after(40), Ended: after(50)},
		{Fault: "third", Began: after(70), Ended: after(90)},
	}
	for name, c := range map[string]struct{ accepted, noted, want int }{
		"before the end":              {1, 10, 0},
		"after the end":               {1, 30, 10},
		"accepted after the end":      {25, 30, 5},
		"in the middle of the second": {1, 45, 20},
		"behind the second":           {1, 60, 30},
		"behind the third":            {1, 100, 50},
		"accepted within the second":  {45, 60, 10},
	} {
		got := recovery(windows, after(c.accepted), after(c.noted))
		if want := time.Duration(c.want) * time.Second; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// reported is a report about tickets that were sent in the middle of a fault.
func reported(t *testing.T, change func(*account)) *Report {
	t.Helper()
	windows := []Window{{Fault: quiet, Began: noon, Ended: noon}, {Fault: "kill redis", Began: after(10), Ended: after(20)}}
	var found books
	for range 30 {
		note := noteOf("n-1", "alpha", "1")
		note.AddedTime = after(25)
		found.accounts = append(found.accounts, account{
			Sent: &Sent{TenantID: "alpha", TicketID: "1", At: after(15), Attempts: answered(http.StatusAccepted)},
			rows: []row{{jobID: "job-1", status: enhancement.StatusCompleted, noteID: "n-1"}}, notes: []servicedesktest.Note{note},
		})
	}
	for i := range found.accounts[:3] {
		change(&found.accounts[i])
	}
	return newReport(Options{Plan: Plan{Seed: 7, Duration: time.Minute}, Tenants: 1, Rate: 2}, windows, found, "/run/of/example", nil)
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*account)
		good   bool
		says   []string
	}{
		"all well":   {func(*account) {}, true, []string{"kill redis", "30", "5.0 s", "seed 7"}},
		"lost":       {func(a *account) { a.rows = nil; a.notes = nil }, false, []string{"LOST: kill redis: ticket 1 of alpha, sent 12:00:15.000 (202 as job job-1)"}},
		"duplicated": {func(a *account) { a.notes = append(a.notes, a.notes[0]) }, false, []string{"DUPLICATED: kill redis: ticket 1 of alpha"}},
		"late":       {func(a *account) { a.notes[0].AddedTime = after(81) }, false, []string{"recovery took 1m1s, at most 1m0s"}},
		"failed": {func(a *account) {
			a.rows[0] = row{jobID: "job-1", status: enhancement.StatusFailed, reason: "gone"}
			a.notes = nil
		}, false, []string{"Failed with a reason (3)", "FAILED: kill redis", "gone"}},
	} {
		report := reported(t, c.change)
		var out, table bytes.Buffer
		if err := report.Print(&out); err != nil {
			t.Fatal(err)
		}
		if err := report.Markdown(&table, "make chaos"); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, out.String())
			}
		}
		err := report.Err()
		if (err == nil) != c.good || err != nil && !strings.Contains(err.Error(), filepath.Join("/run/of/example", "logs")) {
			t.Errorf("%s: %v", name, err)
		}
		if lines := strings.Count(table.String(), "\n| "); lines != 4 || !strings.Contains(table.String(), "`make chaos`") {
			t.Errorf("%s: the table has %d lines:\n%s", name, lines, table.String())
		}
	}
	if r := reported(t, func(*account) {}); r.Sent() != 30 || r.Accepted() != 30 || r.Unaccepted != 0 {
		t.Errorf("%d sent, %d accepted, %d attempts not accepted", r.Sent(), r.Accepted(), r.Unaccepted)
	}
}

// A fault that could not be made has shown nothing, and work that does not end is a finding.
func TestAReportTellsOfTheRunItself(t *testing.T) {
	t.Parallel()
	windows := []Window{{Fault: "kill redis", Err: http.ErrHandlerTimeout}}
	report := newReport(Options{}, windows, books{unsettled: "2 jobs were not done", strays: []string{"a stray"}}, "", nil)
	if report.Err() == nil || len(report.Problems) != 4 || !strings.Contains(report.Problems[3], "no ticket was sent") {
		t.Errorf("problems: %q", report.Problems)
	}
}
