package dashboards

// q is a query with the legend of its series; `{{label}}` in it is a label's value.
func q(legend, expr string) query { return query{expr: expr, legend: legend} }

// traced is a query of a histogram that also shows the traces of single observations, as points on the graph.
func traced(legend, expr string) query { return query{expr: expr, legend: legend, exemplars: true} }

func graph(title, about, unit string, queries ...query) panel {
	return panel{kind: kindGraph, title: title, about: about, unit: unit, width: half, height: high, queries: queries}
}

func figure(title, about, unit string, queries ...query) panel {
	return panel{kind: kindStat, title: title, about: about, unit: unit, width: sixth, height: low, queries: queries}
}

func dial(title, about string, steps []step, queries ...query) panel {
	return panel{
		kind: kindGauge, title: title, about: about, unit: "percentunit", width: sixth, height: low, queries: queries, steps: steps,
	}
}

func tableOf(title, about string, columns []column, queries ...query) panel {
	return panel{
		kind: kindTable, title: title, about: about, unit: "short", width: half, height: high, queries: queries, columns: columns,
	}
}

func note(title, about string, text ...string) panel {
	return panel{kind: kindText, title: title, about: about, width: half, height: high, text: lines(text...)}
}

func (p panel) wide(columns uint32) panel   { p.width = columns; return p }
func (p panel) tall() panel                 { p.height = high; return p }
func (p panel) stack() panel                { p.stacked = true; return p }
func (p panel) ofOne() panel                { p.share = true; return p }
func (p panel) linked(links ...link) panel  { p.links = links; return p }
func (p panel) colored(steps ...step) panel { p.steps = steps; return p }

func (p panel) saying(words map[string]word) panel { p.words = words; return p }

// from colours figures that are good while small.
func from(warning, critical float64) []step {
	return []step{{color: green}, {warning, yellow}, {critical, red}}
}

// upFrom colours figures that are good while big.
func upFrom(warning, good float64) []step {
	return []step{{color: red}, {warning, yellow}, {good, green}}
}

// never colours what should not happen at all.
func never(color string) []step { return []step{{color: green}, {1, color}} }

func upOrDown() map[string]word { return map[string]word{"1": {"up", green}, "0": {"down", red}} }
