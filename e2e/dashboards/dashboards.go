// Package dashboards owns what operators look at: the Grafana dashboards, written in Go with the types that Grafana
// publishes of its own schema. The files below deploy/grafana/dashboards are made from it, and a test compares them.
package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// The uids are part of addresses that people keep, of links between dashboards, and of alerts: they never change.
const (
	UIDOverview   = "ai-agents-overview"
	UIDTenant     = "ai-agents-tenant"
	UIDLLM        = "ai-agents-llm"
	UIDPlatform   = "ai-agents-platform"
	UIDSLO        = "ai-agents-slo"
	UIDOperations = "ai-agents-operations"
)

// Dir is where the files are, below the repository.
const Dir = "deploy/grafana/dashboards"

// The uids of the data sources in deploy/grafana/provisioning/datasources.
const (
	SourcePrometheus   = "prometheus"
	SourceTraces       = "jaeger"
	SourceAlertmanager = "alertmanager"
)

const (
	tag      = "ai-agents"
	refresh  = "30s"
	timezone = "browser"
)

// ranges are the time ranges of the picker, the shortest first. The first one is shown when a dashboard is opened.
var ranges = [...]struct{ span, name string }{ //nolint:gochecknoglobals // a table, never written
	{"1h", "Last hour"}, {"6h", "Last 6 hours"}, {"24h", "Last 24 hours"}, {"7d", "Last 7 days"},
}

// board is a dashboard as it is written down in this package.
type board struct {
	file, uid, title, about string
	byTenant                tenants
	rows                    []row
}

// row is a heading with panels below it, which fill lines of 24 columns from the left.
type row struct {
	title  string
	panels []panel
}

// File is a dashboard as Grafana reads it.
type File struct {
	// Name is the file's below deploy/grafana/dashboards.
	Name string
	// JSON ends with a line break, and is the same each time.
	JSON []byte
}

// Files are all dashboards, in the order in which an operator needs them.
func Files() ([]File, error) {
	var files []File
	for _, b := range []board{overview(), operations(), tenantBoard(), slo(), llmCost(), infrastructure()} {
		built, err := b.build()
		if err != nil {
			return nil, fmt.Errorf("build the dashboard %s: %w", b.uid, err)
		}
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false) // queries are to be readable in a diff
		enc.SetIndent("", "  ")
		if err := enc.Encode(built); err != nil {
			return nil, fmt.Errorf("write the dashboard %s as JSON: %w", b.uid, err)
		}
		files = append(files, File{Name: b.file + ".json", JSON: buf.Bytes()})
	}
	return files, nil
}

func (b board) build() (dashboard.Dashboard, error) {
	out := dashboard.NewDashboardBuilder(b.title).Uid(b.uid).Description(b.about).Tags([]string{tag}).
		Readonly().Refresh(refresh).Timezone(timezone).Time("now-"+ranges[0].span, "now").Timepicker(picker()).
		Tooltip(dashboard.DashboardCursorSyncCrosshair).Variables(b.byTenant.variables()).
		Annotation(dashboard.NewAnnotationQueryBuilder().Name("Alerts").Datasource(source()).Enable(true).IconColor("red").
			Expr(`max by (alertname, severity, tenant_id) (ALERTS{alertstate="firing"})`)).
		Link(dashboard.NewDashboardLinkBuilder("Dashboards").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{tag}).KeepTime(true).IncludeVars(true).AsDropdown(true)).
		Link(dashboard.NewDashboardLinkBuilder("Runbooks").Type(dashboard.DashboardLinkTypeLink).Icon("doc").
			Url(documentation("docs/runbooks")).TargetBlank(true))
	for _, r := range b.rows {
		out.WithRow(dashboard.NewRowBuilder(r.title).Id(panelID(r.title)))
		for _, p := range r.panels {
			out.WithPanel(p)
		}
	}
	built, err := out.Build()
	for i := range built.Links {
		built.Links[i].Placement = nil // above the panels, where they are seen
	}
	return built, err
}

func picker() *dashboard.TimePickerBuilder {
	var options []cog.Builder[dashboard.TimeOption]
	for _, r := range ranges {
		options = append(options, dashboard.NewTimeOptionBuilder().Display(r.name).From("now-"+r.span).To("now"))
	}
	return dashboard.NewTimePickerBuilder().RefreshIntervals([]string{"15s", refresh, "1m", "5m", "15m"}).QuickRanges(options)
}

// target is a query as a panel asks it.
func (q query) target(ref string, of kind) *prometheus.DataqueryBuilder {
	t := prometheus.NewDataqueryBuilder().RefId(ref).Expr(q.expr).LegendFormat(q.legend).Datasource(source()).
		EditorMode(prometheus.QueryEditorModeCode)
	switch of {
	case kindGraph:
		return t.Range().Exemplar(q.exemplars)
	case kindTable:
		return t.Instant().Format(prometheus.PromQueryFormatTable)
	case kindStat, kindGauge, kindText:
	}
	return t.Instant()
}
