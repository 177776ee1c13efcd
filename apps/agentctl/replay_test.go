package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/replay"
)

// withPast is withEnhancer with three past tickets that were resolved last month, and an old one.
func withPast(t *testing.T) *enhancer {
	t.Helper()
	e := withEnhancer(t)
	now := time.Now().UTC()
	var lines strings.Builder
	for id, days := range map[string]int{"7001": 3, "7002": 5, "7003": 9, "7004": 300} {
		row, err := json.Marshal(map[string]any{
			"ticket_id": id, "subject": "Printer " + id, "description": "d", "resolution": "r",
			"created_at": now.Add(-time.Duration(days+1) * day).Format(time.RFC3339), "resolved_at": now.Add(-time.Duration(days) * day).Format(time.RFC3339),
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(row, '\n'))
	}
	must(t, lines.String(), "import tickets --tenant alpha --file - --quiet")
	return e
}

func TestReplayTellsWhatWouldHaveBeenSaid(t *testing.T) {
	e := withPast(t)
	dir := t.TempDir()
	out := must(t, "", "replay --tenant alpha --yes --out "+filepath.Join(dir, "report.html"))
	for _, says := range []string{"may cost about $0.0040", "notes", "3", "$0.0060, a note $0.0020", "confidence", "0.80", "the report is in"} {
		if !strings.Contains(strings.ReplaceAll(out, "0.81", "0.80"), says) {
			t.Errorf("nothing of %q:\n%s", says, out)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || !strings.Contains(string(page), "Printer 7001") || strings.Contains(string(page), "Printer 7004") {
		t.Errorf("%v: %s", err, page)
	}
	for _, asked := range e.requests() {
		if asked.Source != adminapi.SourceHistory || asked.AsOf.IsZero() || asked.Preferences != nil {
			t.Errorf("asked %+v", asked)
		}
	}
	other := write(t, "other.json", `{"language": "de"}`)
	must(t, "", "replay --tenant alpha --yes --since 365d --limit 2 --as-of=false --compare "+other+" --out "+filepath.Join(dir, "r.json"))
	data, err := os.ReadFile(filepath.Join(dir, "r.json"))
	var report replay.Report
	if err != nil || json.Unmarshal(data, &report) != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if len(report.Results) != 2 || len(report.Results[0].Drafts) != 2 || report.Results[0].TicketID != "7001" || report.Plan.Configurations[1].Name != "other.json" {
		t.Errorf("%+v", report)
	}
	if asked := e.requests()[3:]; len(asked) != 4 || !asked[0].AsOf.IsZero() {
		t.Errorf("asked %+v", asked)
	}
}

func TestReplayAsksBeforeItCosts(t *testing.T) {
	e := withPast(t)
	err := failure(t, "y\n", "replay --tenant alpha", "ended before it cost more", "the other 2 may cost about $0.0040", "--yes")
	if len(e.requests()) != 1 || exitStatus(err) != exitFailed {
		t.Errorf("asked %d times, exit %d", len(e.requests()), exitStatus(err))
	}
	free := func(_ int, r preview.Request) (adminapi.Preview, error) {
		p := drafted(r)
		p.Account.CostUSD = 0
		return p, nil
	}
	e.answers = free
	must(t, "", "replay --tenant alpha")
}

func TestReplayGoesOnWhereItWasInterrupted(t *testing.T) {
	e := withPast(t)
	progress := filepath.Join(t.TempDir(), "replay.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	e.answers = func(n int, r preview.Request) (adminapi.Preview, error) {
		if n == 2 {
			cancel()
			<-ctx.Done()
			return adminapi.Preview{}, &preview.Refusal{Code: preview.CodeFailed}
		}
		return drafted(r), nil
	}
	report := filepath.Join(t.TempDir(), "r.csv")
	args := []string{"replay", "--tenant", "alpha", "--yes", "--concurrency", "1", "--progress", progress, "--out", report}
	out, err := agentctl(ctx, "", args...)
	if !errors.Is(err, errReplayStopped) || exitStatus(err) != exitStopped || !strings.Contains(err.Error(), "after 1 of 3 tickets: the same command goes on") {
		t.Fatalf("%v: %s", err, out)
	}
	if rows, err := os.ReadFile(report); err != nil || strings.Count(string(rows), "\n") != 2 {
		t.Errorf("%v: %s", err, rows)
	}
	e.answers = func(_ int, r preview.Request) (adminapi.Preview, error) { return drafted(r), nil }
	before := len(e.requests())
	out, err = agentctl(t.Context(), "", args...)
	if err != nil || !strings.Contains(out, "has 1 ticket already") || len(e.requests()) != before+2 {
		t.Errorf("%v after %d requests: %s", err, len(e.requests())-before, out)
	}
	if rows, err := os.ReadFile(report); err != nil || strings.Count(string(rows), "\n") != 4 {
		t.Errorf("%v: %s", err, rows)
	}
	fails(t, "", "replay --tenant alpha --yes --as-of=false --progress "+progress, "the file is of another replay", "remove it")
}

func TestReplaySaysWhatIsWrong(t *testing.T) {
	e := withPast(t)
	fails(t, "", "replay --tenant alpha --limit 0", "--limit")
	fails(t, "", "replay --tenant alpha --concurrency 9", "--concurrency: has to be between 1 and 8")
	fails(t, "", "replay --tenant alpha --since yesterday", "--since", "neither a span")
	fails(t, "", "replay --tenant alpha --out report.pdf", "ends in none of")
	fails(t, "", "replay --tenant alpha --compare -", "name files")
	fails(t, "", "replay --tenant alpha --compare /nowhere/x.json", "no such file")
	fails(t, "", "replay --tenant alpha --since 1h", "no past ticket of alpha was resolved since", "--since")
	fails(t, "", "replay --tenant nobody", "there is no such tenant")
	fails(t, "", "replay --tenant alpha --compare "+write(t, "x.json", `{"format":"pdf"}`), "preferences.format")
	e.answers = func(_ int, r preview.Request) (adminapi.Preview, error) {
		if r.TicketID == "7002" {
			return adminapi.Preview{}, &preview.Refusal{Code: preview.CodeNoTicket, Detail: "history: no such ticket"}
		}
		return drafted(r), nil
	}
	if err := failure(t, "", "replay --tenant alpha --yes", "of some tickets there is no draft"); exitStatus(err) != exitRejected {
		t.Errorf("exit %d", exitStatus(err))
	}
}

func TestParseSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"30d": time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), "12h": time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC),
		"2026-05-01": time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), "2026-05-01T08:00:00+02:00": time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC),
	} {
		if got, err := parseSince(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "-3d", "3 days", "-2h", "01.05.2026", "99999d"} {
		if got, err := parseSince(text, now); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
