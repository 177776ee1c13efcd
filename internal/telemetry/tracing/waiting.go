package tracing

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// logInterval is how often it is logged at most that no spans reach the collector.
const logInterval = time.Minute

// waiting hands spans to the SDK's batches, and counts those that no collector gets: what comes when as many wait as may, and
// what the exporter could not deliver. The SDK's own queue is as long, and is therefore never full: what it drops, it tells nobody.
type waiting struct {
	sdktrace.SpanProcessor

	most    int64
	spans   atomic.Int64
	dropped func(int)
}

func newWaiting(most int, to sdktrace.SpanExporter, dropped func(int), logger *slog.Logger) *waiting {
	w := &waiting{most: int64(most), dropped: dropped}
	w.SpanProcessor = sdktrace.NewBatchSpanProcessor(&counted{SpanExporter: to, waiting: w, logger: logger}, sdktrace.WithMaxQueueSize(most))
	return w
}

// OnEnd implements sdktrace.SpanProcessor. It never blocks.
func (w *waiting) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return // as the batches would
	}
	if w.spans.Add(1) > w.most {
		w.spans.Add(-1)
		w.dropped(1)
		return
	}
	w.SpanProcessor.OnEnd(s)
}

// settle takes n from what waits, and says how many of them did: what was abandoned before is settled.
func (w *waiting) settle(n int) int {
	for {
		there := w.spans.Load()
		taken := min(there, int64(n))
		if w.spans.CompareAndSwap(there, there-taken) {
			return int(taken)
		}
	}
}

// abandon counts what still waits as dropped, and says how much it is.
func (w *waiting) abandon() int {
	left := int(w.spans.Swap(0))
	if left > 0 {
		w.dropped(left)
	}
	return left
}

// counted is an exporter that gets spans cleaned, and whose failures cost spans, and nothing else.
type counted struct {
	sdktrace.SpanExporter

	waiting *waiting
	logger  *slog.Logger
	told    atomic.Int64
}

// ExportSpans implements sdktrace.SpanExporter. It gives no error: the SDK would print it, every time.
func (c *counted) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	for i := range spans { // here, where nobody waits
		spans[i] = clean(spans[i])
	}
	err := c.SpanExporter.ExportSpans(ctx, spans)
	waited := c.waiting.settle(len(spans))
	if err == nil {
		return nil
	}
	if waited > 0 {
		c.waiting.dropped(waited)
	}
	now, last := time.Now().UnixNano(), c.told.Load()
	if (last == 0 || now-last > int64(logInterval)) && c.told.CompareAndSwap(last, now) {
		c.logger.WarnContext(ctx, "spans did not reach the collector, and are lost; the work goes on", "spans", len(spans), "error", err)
	}
	return nil
}
