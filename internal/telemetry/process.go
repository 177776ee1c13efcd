package telemetry

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// The names of the metrics of the process itself.
const (
	MetricBuild        = "build_info"
	MetricSpansDropped = "trace_spans_dropped_total"
	MetricTenants      = "metrics_tenants"
)

type processMetrics struct{ spansDropped single }

func newProcessMetrics(c *catalogue) processMetrics {
	c.theme = "The process"
	c.gauge(Family{
		Name: MetricBuild, Help: "1, with what the process was built from.",
		Use: "Which release runs where, and when it changed.",
		Labels: []Label{
			{Name: "version", Of: "of our module; `(devel)` when built from a working copy"},
			{Name: "revision", Of: "of the source, or empty"},
			{Name: "go_version", Of: "of the compiler"},
		},
		Apps: everyApp(),
	}).WithLabelValues(build()).Set(1)
	tenants := c.computed(Family{
		Name: MetricTenants, Help: "Tenants that this process has metrics of, by whether they have a label of their own.",
		Use:    "`other` above 0: raise METRICS_TENANTS if all tenants are to be told apart, and Prometheus can take it.",
		Labels: []Label{oneOf("labelled", "own", OtherTenants)}, Apps: []App{AppGateway, AppEnhancer, AppConsole},
	}, KindGauge)
	tenants.from(func(tell func(v float64, values ...string)) {
		named, rest := c.guard.standing()
		tell(float64(named), "own")
		tell(float64(rest), OtherTenants)
	})
	return processMetrics{
		spansDropped: c.single(Family{
			Name: MetricSpansDropped, Help: "Spans of traces that could not be exported.",
			Use: "The collector is down or too slow: traces have holes, and work goes on.", Apps: []App{AppGateway, AppEnhancer},
		}),
	}
}

// SpansDropped counts spans that could not be exported.
func (m *Metrics) SpansDropped(n int) { m.process.spansDropped.Add(float64(max(0, n))) }

// Version names what the process was built from: the release, or the revision of the source.
func Version() string {
	version, revision, _ := build()
	const short = 12
	if version == "" || version == "(devel)" {
		return cmp.Or(revision[:min(len(revision), short)], "(devel)")
	}
	return version
}

// What the linker says of a build whose source had no repository around it, as that of an image (Dockerfile):
//
//	-X github.com/ai-agents/ai-agents/internal/telemetry.linkedVersion=v1.2.3
//	-X github.com/ai-agents/ai-agents/internal/telemetry.linkedRevision=<commit>
//
//nolint:gochecknoglobals // the linker sets nothing else, and nothing sets them later
var linkedVersion, linkedRevision string

// build is what the process was built from.
func build() (version, revision, goVersion string) {
	info, known := debug.ReadBuildInfo()
	if !known {
		return linkedVersion, linkedRevision, runtime.Version()
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return cmp.Or(linkedVersion, info.Main.Version), cmp.Or(linkedRevision, revision), cmp.Or(info.GoVersion, runtime.Version())
}
