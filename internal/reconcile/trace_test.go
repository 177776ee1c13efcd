package reconcile

import (
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

// A ticket whose webhook was missed has a trace, too: it begins where its job is queued.
func TestAMissedTicketIsTraced(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	id := b.open(1, 10*time.Minute)[0]
	b.poll()
	queued := b.spans.One(tracing.SpanQueued)
	job, err := b.books.Job(t.Context(), alpha, enhancement.NewRefetch(alpha, enhancement.EventCreated, id, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := "00-" + queued.SpanContext.TraceID().String() + "-" + queued.SpanContext.SpanID().String() + "-01"; job.TraceParent != want {
		t.Errorf("the job is traced at %q, want %q", job.TraceParent, want)
	}
	if queued.Parent.IsValid() || tracingtest.Attr(queued, tracing.KeyOrigin).AsString() != tracing.OriginReconciliation ||
		tracingtest.Attr(queued, tracing.KeyJob).AsString() != job.ID {
		t.Errorf("its span is %+v", queued)
	}
}
