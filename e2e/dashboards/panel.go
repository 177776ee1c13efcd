package dashboards

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

type kind int

const (
	kindGraph kind = iota // how something went, over the time range
	kindStat              // how it is now, in one figure or one for each label
	kindGauge             // a share, as a dial
	kindTable             // how it is now, with a line for each label
	kindText              // what to do
)

// A line of a dashboard is 24 columns wide; a panel is as wide as its name here says.
const (
	full    = 24
	half    = 12
	third   = 8
	quarter = 6
	sixth   = 4
)

const (
	low  = 5 // the height of a figure
	high = 8 // of a graph
)

// panel is one picture: what it asks, how the answer is drawn, and where to go from there.
type panel struct {
	kind  kind
	title string
	// about says what is seen, what is usual, and what to make of anything else.
	about string
	// unit is Grafana's id of it, as in its list of standard units.
	unit    string
	width   uint32
	height  uint32
	queries []query
	// steps are the colours, each from a value on; the first from below all values.
	steps []step
	words map[string]word
	links []link
	// columns of a table, in this order.
	columns []column
	text    string
	stacked bool
	share   bool // the values go from 0 to 1
}

type query struct {
	expr, legend string
	// exemplars asks for the traces of single observations, too; for queries of a histogram's buckets.
	exemplars bool
}

// step is the colour from a value on.
type step struct {
	from  float64
	color string
}

// word is what is shown in place of a value.
type word struct{ text, color string }

// column is one of a table's: a label, or the value of a query.
type column struct {
	// name is the label, or `Value #` and the query's letter; of a table with one query `Value` alone.
	name, title string
	unit        string
	words       map[string]word
	steps       []step
	// link leads from each cell on; `${__value.raw}` in it is the cell's value.
	link string
}

const (
	green  = "green"
	yellow = "yellow"
	orange = "orange"
	red    = "red"
	blue   = "blue"
)

// Build makes the panel as Grafana knows it. Its id comes from its title, so that a link to a panel outlives others that come
// and go.
func (p panel) Build() (dashboard.Panel, error) {
	built, err := p.visualization()
	if err != nil {
		return built, err
	}
	built.Title, built.Description = &p.title, &p.about
	built.Id = new(panelID(p.title))
	built.GridPos = &dashboard.GridPos{W: p.width, H: p.height}
	for _, l := range p.links {
		link, err := l.build()
		if err != nil {
			return built, err
		}
		built.Links = append(built.Links, link)
	}
	if p.kind == kindText {
		return built, nil
	}
	built.Datasource = new(source())
	for i, q := range p.queries {
		target, err := q.target(refID(i), p.kind).Build()
		if err != nil {
			return built, err
		}
		built.Targets = append(built.Targets, target)
	}
	return built, nil
}

// refID is the letter of a query.
func refID(i int) string { return "ABCDEFGH"[i : i+1] }

// maxPanelID keeps ids short enough to be read in an address.
const maxPanelID = 1_000_000

func panelID(title string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(title)) // a hash takes everything
	return 1 + h.Sum32()%maxPanelID
}

func source() common.DataSourceRef {
	return common.DataSourceRef{Type: new("prometheus"), Uid: new(SourcePrometheus)}
}

func thresholds(steps []step) *dashboard.ThresholdsConfigBuilder {
	var out []dashboard.Threshold
	for i, s := range steps {
		t := dashboard.Threshold{Color: s.color}
		if i > 0 {
			t.Value = new(s.from)
		}
		out = append(out, t)
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(out)
}

func mappings(words map[string]word) []dashboard.ValueMapping {
	if len(words) == 0 {
		return nil
	}
	options := map[string]dashboard.ValueMappingResult{}
	for value, w := range words {
		options[value] = dashboard.ValueMappingResult{Text: new(w.text), Color: new(w.color)}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}
}

// lines joins the lines of a text panel.
func lines(text ...string) string { return strings.Join(slices.Concat(text), "\n") }
