package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Enclosing is a span around what several processes do for a run of a job. None of them has it in memory: its id follows from what it
// encloses, so that each can name it as the parent, and it is emitted when it is over.
type Enclosing struct {
	// Below is the traceparent of its own parent. Where that is none, the span is none either.
	Below string
	Name  string
	JobID string
	Run   int
	// Anew makes it the root of a trace of its own, with a link to Below.
	Anew bool
}

// Late is how long after its job was received a run may begin to be in the trace of the webhook. A later one has a trace of its own, so
// that a collector which decides about traces as a whole still has to decide about it: deploy/otel-collector/config.yaml waits longer.
const Late = 2 * time.Minute

// Wait is the span for which a run waited for its turn.
func Wait(below, jobID string, run int) Enclosing {
	return Enclosing{Below: below, Name: SpanWait, JobID: jobID, Run: run}
}

// Run is the span around a run of a job, from its workflow's start to the end of either. Below is where the job was queued.
func Run(below, jobID string, run int) Enclosing {
	return Enclosing{Below: below, Name: SpanEnhance, JobID: jobID, Run: run}
}

// Parent is the traceparent of the span itself, for what it encloses; empty where nothing is traced.
func (e Enclosing) Parent() string {
	return format(e.context(parse(e.Below)))
}

// context is the span's own; invalid where nothing is traced.
func (e Enclosing) context(below trace.SpanContext) trace.SpanContext {
	if !below.IsValid() {
		return below
	}
	sum := derive(below.TraceID(), e.JobID, e.Run, e.Name)
	own := below.WithSpanID(sum.span())
	if e.Anew {
		own = own.WithTraceID(sum.trace())
	}
	return own
}

// Over is how an enclosing span went.
type Over struct {
	Start, End time.Time
	// Failed is the class of its failure, as Fail has it; empty when it did not fail.
	Failed string
	Attrs  []attribute.KeyValue
}

// Emit emits the span, now that it is over. Once in a process, however often it is asked to; the process that goes on after another died
// may emit it again, with the same id, rather than leave out what others hang on.
func (t *Tracer) Emit(e Enclosing, o Over) {
	below := parse(e.Below)
	if t == nil || !below.IsValid() {
		return
	}
	own := e.context(below)
	if seen, _ := t.emitted.ContainsOrAdd(own.SpanID(), struct{}{}); seen {
		return
	}
	if o.End.Before(o.Start) { // by the clocks of two machines
		o.End = o.Start
	}
	options := []trace.SpanStartOption{trace.WithTimestamp(o.Start), trace.WithAttributes(o.Attrs...)}
	if e.Anew {
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: below}))
	}
	_, span := t.tracer.Start(force(trace.ContextWithRemoteSpanContext(context.Background(), below), own), e.Name, options...)
	if o.Failed != "" {
		Fail(span, o.Failed)
	}
	span.End(trace.WithTimestamp(o.End))
}
