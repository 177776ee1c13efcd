package dashboards_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	prometheusapi "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// The queries' variables, with as much time as the test takes. The tenant is the one to which most happens.
func (w *world) filling() filled {
	return filled{span: "600s", rate: "10s", tenant: w.unlucky}
}

// patience is for the last figure to arrive: gauges are set every 10 s, and rates need two scrapes.
const patience = time.Minute

// Every panel shows something on a stack on which everything has happened that panels are there for.
func TestEveryPanelHasAnAnswer(t *testing.T) {
	w := begin(t)
	w.everythingHappens()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, a := range everyQuery(t, w.filling()) {
		if why := w.await(ctx, func() string { return w.ask(ctx, a) }); why != "" {
			t.Errorf("%v: %s: %s", a, why, a.expr)
		}
	}
	w.checkSelectors(ctx)
	w.checkVariables(ctx)
	w.checkExemplars(ctx)
	w.checkAnnotations(ctx)
}

// await tries until there is nothing to complain about, or time is up.
func (w *world) await(ctx context.Context, try func() string) string {
	for {
		why := try()
		if why == "" {
			return ""
		}
		select {
		case <-ctx.Done():
			return why
		case <-time.After(time.Second):
		}
	}
}

// ask gives what is wrong with the answer to a query, put as Grafana puts it.
func (w *world) ask(ctx context.Context, a asked) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	var value model.Value
	var warnings prometheusapi.Warnings
	var err error
	now := time.Now()
	if a.graph {
		value, warnings, _, err = w.watched.API().QueryRange(ctx, a.expr, prometheusapi.Range{Start: w.began, End: now, Step: 5 * time.Second})
	} else {
		value, warnings, _, err = w.watched.API().Query(ctx, a.expr, now)
	}
	switch {
	case err != nil:
		return err.Error()
	case len(warnings) > 0:
		return strings.Join(warnings, "; ")
	case !tells(value):
		return "no data"
	default:
		return ""
	}
}

// tells says whether a value has a number in it that can be drawn.
func tells(value model.Value) bool {
	number := func(v model.SampleValue) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
	switch v := value.(type) {
	case model.Vector:
		for _, s := range v {
			if number(s.Value) {
				return true
			}
		}
	case model.Matrix:
		for _, s := range v {
			for _, p := range s.Values {
				if number(p.Value) {
					return true
				}
			}
		}
	}
	return false
}

// checkSelectors looks behind `… or 0`, which would hide a slip in a name: what a query selects has to have been there, too.
func (w *world) checkSelectors(ctx context.Context) {
	w.t.Helper()
	seen := map[string]bool{}
	for _, a := range everyQuery(w.t, w.filling()) {
		parser.Inspect(parsed(w.t, a), func(node parser.Node, _ []parser.Node) error {
			s, is := node.(*parser.VectorSelector)
			if !is {
				return nil
			}
			plain := *s
			plain.OriginalOffset, plain.Offset, plain.Timestamp, plain.StartOrEnd = 0, 0, nil, 0
			selector := plain.String()
			if seen[selector] || neverHere[selector] != "" {
				return nil
			}
			seen[selector] = true
			expr := fmt.Sprintf("count(last_over_time(%s[600s]))", selector)
			if why := w.await(ctx, func() string { return w.ask(ctx, asked{expr: expr}) }); why != "" {
				w.t.Errorf("%v selects %s, which never was: %s", a, selector, why)
			}
			return nil
		})
	}
	for selector, why := range neverHere {
		if tells := w.ask(ctx, asked{expr: fmt.Sprintf("count(last_over_time(%s[600s]))", selector)}); tells == "" {
			w.t.Errorf("%s is there, and need not be left out (%s)", selector, why)
		}
	}
}

func (w *world) checkVariables(ctx context.Context) {
	w.t.Helper()
	checked := 0
	for _, b := range boards(w.t) {
		for _, v := range b.Templating.List {
			checked++
			selector, is := strings.CutPrefix(v.Query.Query, "label_values(")
			selector, label, two := strings.Cut(strings.TrimSuffix(selector, ")"), "}, ")
			if !is || !two {
				w.t.Fatalf("%s, %s: %s is no label_values(…)", b.file, v.Name, v.Query.Query)
			}
			values, _, _, err := w.watched.API().LabelValues(ctx, label, []string{selector + "}"}, w.began, time.Now())
			if err != nil || len(values) < 2 {
				w.t.Errorf("%s: the choice of %s is %v, %v", b.file, v.Name, values, err)
			}
		}
	}
	if checked == 0 {
		w.t.Error("no dashboard has a choice")
	}
}

// checkExemplars asks for the points on graphs, which lead to traces.
func (w *world) checkExemplars(ctx context.Context) {
	w.t.Helper()
	checked := 0
	for _, a := range everyQuery(w.t, w.filling()) {
		if !a.exemplars {
			continue
		}
		checked++
		why := w.await(ctx, func() string {
			found, err := w.watched.API().QueryExemplars(ctx, a.expr, w.began, time.Now())
			if err != nil {
				return err.Error()
			}
			for _, series := range found {
				for _, e := range series.Exemplars {
					if len(e.Labels["trace_id"]) == 32 {
						return ""
					}
				}
			}
			return fmt.Sprintf("%d series with exemplars, none of which names a trace", len(found))
		})
		if why != "" {
			w.t.Errorf("%v: %s", a, why)
		}
	}
	if checked == 0 {
		w.t.Error("no graph has points that lead to traces")
	}
}

func (w *world) checkAnnotations(ctx context.Context) {
	w.t.Helper()
	for _, b := range boards(w.t) {
		for _, a := range b.Annotations.List {
			if why := w.ask(ctx, asked{expr: a.Expr, graph: true}); why != "" && why != "no data" {
				w.t.Errorf("%s: the marks on graphs: %s", b.file, why)
			}
		}
	}
}
