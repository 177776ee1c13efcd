package dashboards

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/gauge"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/text"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// smallestStep keeps graphs from asking for more points than there are scrapes (every 15 s), and rates from being made of
// two of them.
const smallestStep = "1m"

func (p panel) visualization() (dashboard.Panel, error) {
	switch p.kind {
	case kindGraph:
		return p.graph()
	case kindStat:
		return p.stat()
	case kindGauge:
		return p.gauge()
	case kindTable:
		return p.table()
	case kindText:
		return text.NewPanelBuilder().Mode(text.TextModeMarkdown).Content(p.text).Build()
	default:
		return dashboard.Panel{}, fmt.Errorf("panel %q is of no kind", p.title)
	}
}

func (p panel) graph() (dashboard.Panel, error) {
	const faint = 10
	g := timeseries.NewPanelBuilder().Unit(p.unit).Min(0).Interval(smallestStep).FillOpacity(faint).LineWidth(1).
		ShowPoints(common.VisibilityModeNever).SpanNulls(common.BoolOrFloat64{Bool: new(false)}).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeTable).
			Placement(common.LegendPlacementBottom).ShowLegend(true).Calcs([]string{"lastNotNull", "max"})).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if p.stacked {
		g.Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
	}
	if p.share {
		g.Max(1)
	}
	if len(p.steps) > 0 {
		g.Thresholds(thresholds(p.steps)).
			ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeLine))
	}
	return g.Build()
}

func (p panel) stat() (dashboard.Panel, error) {
	s := stat.NewPanelBuilder().Unit(p.unit).Thresholds(thresholds(p.colors())).ReduceOptions(last()).
		ColorMode(common.BigValueColorModeBackground).GraphMode(common.BigValueGraphModeNone).
		TextMode(common.BigValueTextModeAuto).Mappings(mappings(p.words))
	if p.share {
		s.Max(1)
	}
	return s.Build()
}

func (p panel) gauge() (dashboard.Panel, error) {
	return gauge.NewPanelBuilder().Unit(p.unit).Min(0).Max(1).Thresholds(thresholds(p.colors())).
		ReduceOptions(last()).ShowThresholdMarkers(true).Build()
}

// colors of a figure that has none of its own are neutral: green would say that it was judged.
func (p panel) colors() []step {
	if len(p.steps) == 0 {
		return []step{{color: blue}}
	}
	return p.steps
}

func last() *common.ReduceDataOptionsBuilder {
	return common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Values(false)
}

// table joins the answers of all queries by their labels, a column for each.
func (p panel) table() (dashboard.Panel, error) {
	order, titles := map[string]int{}, map[string]string{}
	for i, c := range p.columns {
		order[c.name], titles[c.name] = i, c.title
	}
	t := table.NewPanelBuilder().Unit(p.unit).Filterable(true).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
			"excludeByName": map[string]bool{"Time": true}, "indexByName": order, "renameByName": titles,
		}})
	for _, c := range p.columns {
		if properties, err := c.properties(); err != nil {
			return dashboard.Panel{}, err
		} else if len(properties) > 0 {
			t.OverrideByName(c.title, properties)
		}
	}
	return t.Build()
}

func (c column) properties() ([]dashboard.DynamicConfigValue, error) {
	var out []dashboard.DynamicConfigValue
	add := func(id string, value any) { out = append(out, dashboard.DynamicConfigValue{Id: id, Value: value}) }
	if c.unit != "" {
		add("unit", c.unit)
	}
	if len(c.words) > 0 {
		add("mappings", mappings(c.words))
	}
	if len(c.steps) > 0 {
		built, err := thresholds(c.steps).Build()
		if err != nil {
			return nil, fmt.Errorf("the colours of column %s: %w", c.title, err)
		}
		add("thresholds", built)
	}
	if len(c.words) > 0 || len(c.steps) > 0 {
		add("custom.cellOptions", map[string]any{"type": "color-background", "mode": "basic"})
	}
	if c.link != "" {
		add("links", []map[string]any{{"title": "Look at it", "url": c.link}})
	}
	return out, nil
}
