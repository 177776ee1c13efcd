package dashboards_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/ai-agents/ai-agents/e2e/dashboards"
)

func TestEveryDashboardIsWhatOperatorsExpect(t *testing.T) {
	uids := map[string]string{}
	newest := int(dashboard.NewDashboard().SchemaVersion)
	for _, b := range boards(t) {
		if other, taken := uids[b.UID]; taken || b.UID == "" {
			t.Errorf("%s: its uid %q is that of %s", b.file, b.UID, other)
		}
		uids[b.UID] = b.file
		if b.Title == "" || b.Description == "" || !slices.Equal(b.Tags, []string{"ai-agents"}) {
			t.Errorf("%s: title %q, description %q, tags %q", b.file, b.Title, b.Description, b.Tags)
		}
		if b.Refresh != "30s" || b.SchemaVersion != newest || b.Time.From != "now-1h" || b.Time.To != "now" {
			t.Errorf("%s: refresh %q, schema %d, time %+v", b.file, b.Refresh, b.SchemaVersion, b.Time)
		}
		var quick []string
		for _, r := range b.Timepicker.QuickRanges {
			quick = append(quick, r.From)
		}
		if !slices.Equal(quick, []string{"now-1h", "now-6h", "now-24h", "now-7d"}) {
			t.Errorf("%s: ranges %q", b.file, quick)
		}
	}
}

func TestEveryPanelSaysWhatItShows(t *testing.T) {
	for _, b := range boards(t) {
		ids := map[int]string{}
		for _, p := range b.Panels {
			if other, taken := ids[p.ID]; taken || p.ID == 0 {
				t.Errorf("%s: the panels %q and %q have the same id, or none: rename one", b.file, p.Title, other)
			}
			ids[p.ID] = p.Title
		}
		for _, p := range b.pictures() {
			if p.Title == "" || len(p.Description) < 20 || !strings.HasSuffix(p.Description, ".") && !strings.HasSuffix(p.Description, "?") {
				t.Errorf("%s, %q: a panel says in a sentence what it shows: %q", b.file, p.Title, p.Description)
			}
			if p.Type == "text" {
				if p.Options.Content == "" {
					t.Errorf("%s, %q is empty", b.file, p.Title)
				}
				continue
			}
			if p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != dashboards.SourcePrometheus || len(p.Targets) == 0 {
				t.Errorf("%s, %q: unit %q, data source %+v, %d queries", b.file, p.Title, p.FieldConfig.Defaults.Unit, p.Datasource, len(p.Targets))
			}
			for _, q := range p.Targets {
				if q.Datasource.UID != dashboards.SourcePrometheus || q.Instant == q.Range || q.Range != (p.Type == "timeseries") {
					t.Errorf("%s, %q, query %s: %+v", b.file, p.Title, q.RefID, q)
				}
			}
		}
	}
}

func TestPanelsDoNotOverlap(t *testing.T) {
	for _, b := range boards(t) {
		type cell struct{ x, y int }
		taken := map[cell]string{}
		for _, p := range b.Panels {
			at := p.GridPos
			if at.W == 0 || at.H == 0 || at.X+at.W > 24 {
				t.Errorf("%s, %q is at %+v, and a line has 24 columns", b.file, p.Title, at)
			}
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					if other := taken[cell{x, y}]; other != "" {
						t.Fatalf("%s: %q covers %q", b.file, p.Title, other)
					}
					taken[cell{x, y}] = p.Title
				}
			}
		}
	}
}

// What the requirements ask for by name.
func TestTheOverviewHasWhatWasAskedFor(t *testing.T) {
	for _, b := range boards(t) {
		if b.UID != dashboards.UIDOverview {
			continue
		}
		for title, kind := range map[string]string{
			"Success rate": "gauge", "Queue depth": "timeseries", "Time from webhook to note": "timeseries",
			"Errors by tenant": "table", "Active workers": "stat",
		} {
			if !slices.ContainsFunc(b.Panels, func(p panel) bool { return p.Title == title && p.Type == kind }) {
				t.Errorf("the overview has no %s %q", kind, title)
			}
		}
		return
	}
	t.Error("there is no overview")
}
