package replay_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/replay"
)

func results(t *testing.T, plan replay.Plan, n int) []replay.Result {
	t.Helper()
	all, err := runner(newConsole()).Run(t.Context(), plan, tickets(n), nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestProgressGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "replay.jsonl")
	first, none, err := replay.OpenProgress(path, both())
	if err != nil || len(none) != 0 {
		t.Fatal(none, err)
	}
	want := results(t, both(), 3)
	failed := replay.Result{TicketID: "9", Drafts: []replay.Draft{{Error: "x"}, {Error: "x"}}}
	for _, r := range append(want, failed) {
		if err := first.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString(`{"ticket_id":"4","dra`); err != nil {
		t.Fatal(err)
	}
	_ = torn.Close()

	second, got, err := replay.OpenProgress(path, both())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(second.Add(failed), second.Close()); err != nil {
		t.Fatal(err)
	}
	if _, got, err := replay.OpenProgress(path, both()); err != nil || len(got) != 3 {
		t.Errorf("after a line that was cut off: %d results, %v", len(got), err)
	}
	if _, _, err := replay.OpenProgress(path, own()); !errors.Is(err, replay.ErrOtherPlan) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("of another plan: %v", err)
	}
	other := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(other, []byte("not mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := replay.OpenProgress(other, own()); !errors.Is(err, replay.ErrOtherPlan) {
		t.Errorf("a file of somebody else: %v", err)
	}
	if content, _ := os.ReadFile(other); string(content) != "not mine" {
		t.Errorf("it was changed: %q", content)
	}
}

func TestSummarizeAddsUp(t *testing.T) {
	t.Parallel()
	var all []replay.Result
	add := func(change func(*adminapi.Preview)) {
		p := note(adminapi.PreviewRequest{TicketID: "1"}, 0)
		change(&p)
		all = append(all, replay.Result{Drafts: []replay.Draft{{Preview: &p}}})
	}
	add(func(p *adminapi.Preview) {
		p.Account.CostUSD, p.TookMS, p.Account.Confidence, p.Account.Words = 0.01, 100, 1, 20
	})
	add(func(p *adminapi.Preview) {
		p.Account.CostUSD, p.TookMS, p.Account.Confidence, p.Account.Words = 0.03, 300, 0.2, 40
		p.Account.Dropped, p.Account.Masked, p.Account.TenantVersion = map[string]int{"uncited": 2}, map[string]int{"email": 1}, 4
	})
	add(func(p *adminapi.Preview) {
		p.Account = adminapi.NoteAccount{FallbackReason: "no_sources", TenantVersion: 3, Words: 30, Cached: true}
		p.Note.Cited, p.TookMS, p.LLMCalls = nil, 20, nil
	})
	all = append(all, replay.Result{Drafts: []replay.Draft{{Error: "x"}}})
	got := replay.Summarize(all, 0)
	got.MeanSources = math.Round(got.MeanSources*100) / 100
	got.MeanCitations = math.Round(got.MeanCitations*100) / 100
	got.MeanCostUSD = math.Round(got.MeanCostUSD*1e6) / 1e6
	want := replay.Summary{
		Tickets: 4, Failed: 1, Generated: 2, Abstained: 1, Cached: 1, Fallbacks: map[string]int{"no_sources": 1},
		Confidence: [4]int{1, 0, 0, 1}, MeanConfidence: 0.6, MeanWords: 30, MostWords: 40, MeanSources: 1.33, MeanCitations: 0.67,
		Dropped: map[string]int{"uncited": 2}, Masked: map[string]int{"email": 1}, Calls: 2, PromptTokens: 200, OutputTokens: 20,
		CostUSD: 0.04, MeanCostUSD: 0.013333, P95CostUSD: 0.03, P50MS: 100, P95MS: 300, Versions: []int64{3, 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if empty := replay.Summarize(nil, 0); empty.Tickets != 0 || empty.MeanWords != 0 || empty.P95MS != 0 {
		t.Errorf("of nothing: %+v", empty)
	}
}

const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>"'`

// TestTheReportIsInert puts what may be hostile everywhere, and looks for what a browser would do with it.
func TestTheReportIsInert(t *testing.T) {
	t.Parallel()
	all := results(t, both(), 2)
	for i := range all {
		all[i].Subject, all[i].TicketID = hostile, hostile
		p := all[i].Drafts[1].Preview
		p.Note.Text += hostile
		p.Note.Cited = []adminapi.Citation{{Kind: "ticket", Text: hostile, URL: "javascript:alert(1)"}, {Kind: "ticket", Text: "x", URL: `https://example.com/"onmouseover=alert(1)`}}
		p.Account.FallbackReason, p.Account.Generated, p.Account.Model, p.Account.Dropped = hostile, false, hostile, map[string]int{hostile: 1}
	}
	all[1].Drafts[1] = replay.Draft{Error: hostile}
	plan := both()
	plan.TenantID, plan.Configurations[1].Name = hostile, hostile
	var page bytes.Buffer
	if err := replay.NewReport(plan, 3, all, at(1)).HTML(&page); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(page.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "img", "iframe", "link", "form", "object", "base", "svg":
			t.Errorf("the report has a %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
			if a.Key == "href" {
				links++
				if !strings.HasPrefix(a.Val, "https://") && a.Val != "#ZgotmplZ" {
					t.Errorf("a link to %q", a.Val)
				}
			}
		}
	}
	if links == 0 || !strings.Contains(page.String(), "default-src 'none'") || !strings.Contains(page.String(), "alert(1)") {
		t.Errorf("%d links: the test proves nothing, or there is no policy", links)
	}
}

func TestTheReportComparesSideBySide(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	if err := replay.NewReport(both(), 2, results(t, both(), 2), at(1)).HTML(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, has := range []string{
		"2 of 2 past tickets", "other.yaml", `<p class="only">In de.</p>`, "<p>Try the cable.</p>", "Named here only: Guide &lt;b&gt;",
		`Named here only: <a href="https://sdp.example.com/17" rel="noopener noreferrer">#17</a>`, "$0.0200", "Each ticket as of its creation",
		"article could not be asked",
	} {
		if !strings.Contains(text, has) {
			t.Errorf("the report has no %q", has)
		}
	}
	if strings.Contains(text, `class="only">Try the cable.`) {
		t.Error("what both say counts as different")
	}
	page.Reset()
	if err := replay.NewReport(own(), 2, results(t, own(), 2), at(1)).HTML(&page); err != nil || strings.Contains(page.String(), "Named here only") {
		t.Errorf("of one configuration: %v", err)
	}
}

func TestTheReportAsJSONAndCSV(t *testing.T) {
	t.Parallel()
	all := results(t, both(), 2)
	all[0].Subject = "=HYPERLINK(1)"
	all[1].Drafts[1] = replay.Draft{Error: "failed, \"so\""}
	report := replay.NewReport(both(), 2, all, at(1))
	var out bytes.Buffer
	if err := report.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var back replay.Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report, back); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := report.CSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll() // fails where rows are of different lengths
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[1][1] != "'=HYPERLINK(1)" || rows[1][8] != "10" || rows[2][4] != "other.yaml" || rows[4][15] != "failed, \"so\"" {
		t.Errorf("%v", rows)
	}
}
