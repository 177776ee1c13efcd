package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// The report of a validation is told by what happened: its times are the ledger's, its faults were real ones, and its alert was in
// Alertmanager.
func TestAValidationTellsWhatHappened(t *testing.T) {
	t.Parallel()
	const id, other = "e2e-validated", "e2e-validated-other"
	onboard(t, id, servicedesk.ProfileOnPrem)
	onboard(t, other, servicedesk.ProfileOnPrem)
	past := `{"ticket_id": "97001", "subject": "Scanner shows E-42 elsewhere", "description": "E-42", "resolution": "Cleaned.", "resolved_at": "2026-01-02T10:30:00Z"}`
	operate(t, past, "import", "tickets", "--tenant", other, "--file", "-", "--quiet")
	open(t, other)
	var tickets []string
	for range 10 {
		o, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitNone)
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, o.TicketID)
	}
	file := filepath.Join(t.TempDir(), "report.md")
	out, messages, status := attempt(t, "validate", "--tenant", id, "--other-tenant", other, "--ticket", strings.Join(tickets, ","),
		"--simulator", running.SimulatorURL(), "--alertmanager", watched.AlertmanagerURL(), "--out", file, "--json")
	var report struct {
		Passed  bool `json:"passed"`
		NotRun  int  `json:"not_run"`
		Figures struct {
			Enhanced int     `json:"enhanced"`
			P50      int64   `json:"p50_ms"`
			P99      int64   `json:"p99_ms"`
			Rate     float64 `json:"success_rate"`
		} `json:"figures"`
		Tickets []struct {
			JobID  string `json:"job_id"`
			TookMS int64  `json:"took_ms"`
			NoteID string `json:"note_id"`
		} `json:"tickets"`
		Checks []json.RawMessage `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("status %d, %v: %s%s", status, err, messages, out)
	}
	if status != 0 || !report.Passed || report.NotRun != 0 || len(report.Checks) != 6 {
		t.Errorf("status %d, %d of %d checks not run:\n%s", status, report.NotRun, len(report.Checks), out)
	}
	if report.Figures.Enhanced != 10 || report.Figures.Rate != 1 || report.Figures.P50 > report.Figures.P99 || len(report.Tickets) != 10 {
		t.Fatalf("%+v", report.Figures)
	}
	var longest int64
	for _, r := range report.Tickets {
		job, err := users.Job(t.Context(), id, r.JobID)
		if err != nil {
			t.Fatal(err)
		}
		// As the ledger has it: when the job was received until it was finished.
		took := job.FinishedAt.Sub(job.ReceivedAt).Milliseconds()
		if job.Status != enhancement.StatusCompleted || r.NoteID != job.NoteID || r.TookMS != took {
			t.Errorf("the report has %+v, the ledger %s, note %s, after %d ms", r, job.Status, job.NoteID, took)
		}
		longest = max(longest, took)
	}
	if report.Figures.P99 != longest {
		t.Errorf("p99 of ten is %d ms, the longest took %d ms", report.Figures.P99, longest)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), "**Passed.**") || !strings.Contains(string(data), "10 of 10 (100.0 %)") {
		t.Errorf("%v: %s", err, data)
	}
}
