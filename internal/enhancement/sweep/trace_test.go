package sweep_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

// queuedAt is where the jobs of these tests are traced.
const queuedAt = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// The steps of a run whose workflow is given up hang on a span that no step will emit any more.
func TestARunThatIsGivenUpIsTold(t *testing.T) {
	w := newWorld(t)
	j := w.run("alpha", "1")
	w.later(config.StuckAfter + time.Second)
	if w.job(j).Run != 2 {
		t.Fatal("the run was not given up")
	}
	run := w.spans.One(tracing.SpanEnhance)
	if "00-"+run.SpanContext.TraceID().String()+"-"+run.SpanContext.SpanID().String()+"-01" != tracing.Run(queuedAt, j.ID, 1).Parent() {
		t.Errorf("it is %+v, and nothing hangs on that", run.SpanContext)
	}
	if run.Status.Code != codes.Error || tracingtest.Attr(run, tracing.KeyStatus).AsString() != "given_up" || !tracingtest.Attr(run, tracing.KeySlow).AsBool() ||
		run.EndTime.Sub(run.StartTime) < config.StuckAfter {
		t.Errorf("it is %+v", run)
	}
}

func TestAJobThatIsGivenUpIsTold(t *testing.T) {
	w := newWorld(t)
	w.engine.forgetful = true
	j := w.run("alpha", "1")
	for range config.Attempts + 1 {
		w.later(time.Hour)
	}
	run := w.spans.One(tracing.SpanEnhance)
	if got := w.job(j); run.Status.Code != codes.Error || run.Status.Description != "given_up" || tracingtest.Attr(run, tracing.KeyStatus).AsString() != string(got.Status) {
		t.Errorf("the job is %+v, its span %+v", got, run)
	}
}
