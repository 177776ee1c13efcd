package workflows_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
	"github.com/ai-agents/ai-agents/workflows"
)

// queuedAt is the span under which the job of a test was queued.
const queuedAt = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// traced has the job of f be one whose webhook was traced.
func (f *fixture) traced(t *testing.T) *tracingtest.Spans {
	t.Helper()
	spans := tracingtest.New(t)
	f.activities.Tracer, f.job.TraceParent = spans.Tracer, queuedAt
	if _, err := f.database.Admin.Exec(t.Context(), `UPDATE enhancement_history SET trace_parent = $1`, queuedAt); err != nil {
		t.Fatal(err)
	}
	return spans
}

func (f *fixture) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := f.database.Admin.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// metric is the value of a series; a failure when there is none.
func (f *fixture) metric(t *testing.T, series string) float64 {
	t.Helper()
	rec := httptest.NewRecorder()
	f.activities.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(rec.Body.String()) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("there is no %s", series)
	return 0
}

// below fails unless the spans are all of the job's trace, and each hangs on the one that is named.
func below(t *testing.T, spans *tracingtest.Spans, parents map[string]string) {
	t.Helper()
	ids := map[string]string{}
	for _, s := range spans.All() {
		ids[s.Name] = s.SpanContext.SpanID().String()
	}
	ids[tracing.SpanQueued] = queuedAt[36:52]
	for _, s := range spans.All() {
		if got := s.SpanContext.TraceID().String(); got != queuedAt[3:35] {
			t.Errorf("%s is of trace %s", s.Name, got)
		}
		if want, ok := parents[s.Name]; !ok || s.Parent.SpanID().String() != ids[want] {
			t.Errorf("%s hangs on %s, want %s %s", s.Name, s.Parent.SpanID(), want, ids[want])
		}
		if s.EndTime.Before(s.StartTime) {
			t.Errorf("%s ends before it begins", s.Name)
		}
	}
	for name := range parents {
		if ids[name] == "" {
			t.Errorf("there is no span %s", name)
		}
	}
}

func within(inner, outer tracetest.SpanStub) bool {
	return !inner.StartTime.Before(outer.StartTime) && !inner.EndTime.After(outer.EndTime)
}

func TestARunIsOneTree(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	flaky := &flakySteps{Ledger: f.ledger}
	f.activities.Ledger = flaky
	if _, job := f.run(t); job.Status != enhancement.StatusCompleted {
		t.Fatalf("job %+v", job)
	}
	if flaky.failed.Load() != 1 {
		t.Fatal("no attempt failed, so nothing is shown")
	}
	below(t, spans, map[string]string{
		tracing.SpanEnhance: tracing.SpanQueued, tracing.SpanGathering: tracing.SpanEnhance,
		tracing.SpanTicketSearch: tracing.SpanGathering, tracing.SpanDocSearch: tracing.SpanGathering, tracing.SpanIPSearch: tracing.SpanGathering,
		tracing.SpanSynthesize: tracing.SpanEnhance, tracing.SpanUpdate: tracing.SpanEnhance,
	})
	run, gathering := spans.One(tracing.SpanEnhance), spans.One(tracing.SpanGathering)
	if attempts := spans.Named(tracing.SpanSynthesize); len(attempts) != 2 || attempts[0].Status.Code != codes.Error || attempts[1].Status.Code == codes.Error {
		t.Errorf("the attempts are %+v", attempts)
	}
	for _, name := range []string{tracing.SpanTicketSearch, tracing.SpanDocSearch, tracing.SpanIPSearch} {
		if !within(spans.One(name), gathering) {
			t.Errorf("%s is not within the gathering", name)
		}
	}
	if update := spans.One(tracing.SpanUpdate); !within(gathering, run) || !within(update, run) || gathering.EndTime.After(update.StartTime) {
		t.Errorf("the times do not fit: run %s to %s, gathering %s to %s", run.StartTime, run.EndTime, gathering.StartTime, gathering.EndTime)
	}
	for key, want := range map[attribute.Key]string{
		tracing.KeyStatus: string(enhancement.StatusCompleted), tracing.KeyJob: f.job.ID, tracing.KeyTenant: "alpha", tracing.KeyTicket: "1001",
		tracing.KeyCorrelation: "c-1", tracing.KeyNoteAction: string(servicedesk.NoteCreated),
	} {
		if got := tracingtest.Attr(run, key).AsString(); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if tracingtest.Attr(run, tracing.KeySlow).AsBool() {
		t.Error("a quick job counts as slow")
	}
	withoutTexts(t, spans)
}

// flakySteps fails once where the note is begun, as Postgres may.
type flakySteps struct {
	workflows.Ledger

	failed atomic.Int32
}

func (l *flakySteps) Steps(ctx context.Context, tenantID, jobID string) (map[enhancement.Step]enhancement.StepRecord, error) {
	if l.failed.CompareAndSwap(0, 1) {
		return nil, errors.New("example: connection refused, password=hunter2hunter2")
	}
	return l.Ledger.Steps(ctx, tenantID, jobID)
}

// withoutTexts fails when a span says anything of what the ticket and its sources say, or a secret.
func withoutTexts(t *testing.T, spans *tracingtest.Spans) {
	t.Helper()
	for _, s := range spans.All() {
		said := []string{s.Name, s.Status.Description}
		for _, a := range s.Attributes {
			said = append(said, a.Value.String())
		}
		text := strings.Join(said, " ")
		for _, secret := range []string{"secret-looking", "Printer", "title of", "resolution", "hunter2"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %q: %s", s.Name, secret, text)
			}
		}
	}
}

// lostAnswer completes the job, and says once that it has not, as a connection does that breaks at the commit.
type lostAnswer struct {
	workflows.Ledger

	lost atomic.Bool
}

func (l *lostAnswer) Complete(ctx context.Context, c ledger.Completion, holder string) error {
	if err := l.Ledger.Complete(ctx, c, holder); err != nil || !l.lost.CompareAndSwap(false, true) {
		return err
	}
	return errors.New("example: the connection broke")
}

// An attempt that ended the job and could not say so is followed by another, here in the same process.
func TestTheSpanOfARunIsEmittedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	books := &lostAnswer{Ledger: f.ledger}
	f.activities.Ledger = books
	if _, job := f.run(t); job.Status != enhancement.StatusCompleted || !books.lost.Load() {
		t.Fatalf("job %+v", job)
	}
	if n := len(spans.Named(tracing.SpanUpdate)); n != 2 {
		t.Errorf("%d attempts were made, want 2", n)
	}
	if run := spans.One(tracing.SpanEnhance); run.Status.Code == codes.Error || tracingtest.Attr(run, tracing.KeyStatus).AsString() != string(enhancement.StatusCompleted) {
		t.Errorf("the run is %+v", run)
	}
}

func TestASlowJobIsMarked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	if _, err := f.database.Admin.Exec(t.Context(), `UPDATE enhancement_history SET received_at = received_at - interval '61 s'`); err != nil {
		t.Fatal(err)
	}
	f.run(t)
	if !tracingtest.Attr(spans.One(tracing.SpanEnhance), tracing.KeySlow).AsBool() {
		t.Error("a job of 61 s is not marked as slow")
	}
}

// An old job that operators begin anew is waited for since then: it is neither slow nor late. What it waits for its turn counts.
func TestAnOldJobThatIsBegunAnewIsNotSlow(t *testing.T) {
	t.Parallel()
	then := func(context.Context, postgres.Tx, enhancement.Job) error { return nil }
	for name, begin := range map[string]struct {
		end   string
		again func(f *fixture) error
	}{
		"a failed one": {"status = 'failed', failure_reason = 'example'", func(f *fixture) error {
			_, err := f.ledger.Retry(t.Context(), "alpha", f.job.ID, then)
			return err
		}},
		"a completed one": {"status = 'completed'", func(f *fixture) error {
			_, err := f.ledger.Rerun(t.Context(), "alpha", f.job.ID, 1, false, then)
			return err
		}},
	} {
		for queued, slow := range map[string]bool{"now()": false, "now() - interval '61 s'": true} {
			t.Run(name+", queued "+queued, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				spans := f.traced(t)
				f.exec(t, `UPDATE enhancement_history SET received_at = now() - interval '30 days', queued_at = now() - interval '30 days', finished_at = now(), `+begin.end)
				if err := begin.again(f); err != nil {
					t.Fatal(err)
				}
				f.exec(t, `UPDATE enhancement_history SET queued_at = `+queued)
				f.admit(t)
				f.run(t)
				if got := tracingtest.Attr(spans.One(tracing.SpanEnhance), tracing.KeySlow).AsBool(); got != slow {
					t.Errorf("slow: %v, want %v", got, slow)
				}
				took := f.metric(t, `enhancement_duration_seconds_sum{operation_type="created",tenant_id="alpha"}`)
				if took > 600 || slow && took < 61 {
					t.Errorf("it counts as %v s", took)
				}
			})
		}
	}
}

// What the sweeper goes on with has been waited for all the time.
func TestAJobThatTheSweeperGoesOnWithIsWaitedForSinceItWasReceived(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec(t, `UPDATE enhancement_history SET received_at = now() - interval '61 s', queued_at = now() - interval '60 s', started_at = now(), status = 'running'`)
	if _, err := f.ledger.BeginAnew(t.Context(), ledger.Due{TenantID: "alpha", JobID: f.job.ID, Run: 1}); err != nil {
		t.Fatal(err)
	}
	job, err := f.ledger.Job(t.Context(), "alpha", f.job.ID)
	if since := time.Since(job.AskedAt); err != nil || job.FirstRun != 2 || since < time.Minute || since > time.Hour {
		t.Errorf("%+v, %v: %s", job, err, since)
	}
}

func TestTheSpanOfAFailedRunSaysThatAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	f.desk.fail = func(int) error {
		return &servicedesk.Error{Op: "add_note", Kind: servicedesk.KindGiveUp, Message: "example: refused, Printer on floor 3, api_key=hunter2hunter2"}
	}
	if _, job := f.run(t); job.Status != enhancement.StatusFailed {
		t.Fatalf("job %+v", job)
	}
	run := spans.One(tracing.SpanEnhance)
	if run.Status.Code != codes.Error || run.Status.Description != "failed" || tracingtest.Attr(run, tracing.KeyStatus).AsString() != "failed" {
		t.Errorf("the run is %+v", run)
	}
	if spans.One(tracing.SpanUpdate).Status.Code != codes.Error || spans.One(tracing.SpanRecordFailure).Parent.SpanID() != run.SpanContext.SpanID() {
		t.Error("the spans do not tell of the failed step")
	}
	withoutTexts(t, spans)
}

func TestEachRunOfAHeldJobIsASpanOfItsTrace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	f.desk.fail = func(int) error {
		return &servicedesk.Error{Op: "add_note", Kind: servicedesk.KindRetry, RateLimited: true, Message: "example: blocked, Printer on floor 3"}
	}
	if result, job := f.run(t); result.HeldFor == "" || job.Run != 2 {
		t.Fatalf("result %+v, job %+v", result, job)
	}
	held := spans.One(tracing.SpanEnhance)
	if got := tracingtest.Attr(held, tracing.KeyStatus).AsString(); got != "held" || held.Status.Code == codes.Error {
		t.Errorf("status %q, %+v", got, held.Status)
	}
	withoutTexts(t, spans)
	f.desk.fail = nil
	f.admit(t)
	f.run(t)
	runs := spans.Named(tracing.SpanEnhance)
	if len(runs) != 2 || runs[0].SpanContext.SpanID() == runs[1].SpanContext.SpanID() || runs[0].SpanContext.TraceID() != runs[1].SpanContext.TraceID() {
		t.Fatalf("the runs are %+v", runs)
	}
	if got := tracingtest.Attr(runs[1], tracing.KeyRun).AsInt64(); got != 2 || tracingtest.Attr(runs[1], tracing.KeyStatus).AsString() != "completed" {
		t.Errorf("the second run is %+v", runs[1].Attributes)
	}
}

func TestWhatIsNotTracedHasNoSpans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	f.job.TraceParent = ""
	f.run(t)
	if all := spans.All(); len(all) != 0 {
		t.Errorf("there are spans of a job without a trace: %+v", all)
	}
}

// A sender of a job that was not to be recorded gets none of its spans recorded later.
func TestARunIsRecordedWhenItsWebhookWas(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	f.job.TraceParent = strings.TrimSuffix(queuedAt, "1") + "0"
	f.run(t)
	if all := spans.All(); len(all) != 0 {
		t.Errorf("there are spans of a trace that is not recorded: %+v", all)
	}
}

func TestARetriedSearchIsOneSpan(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spans := f.traced(t)
	find := f.sources[enhancement.StepDocSearch].find
	f.sources[enhancement.StepDocSearch].find = func(ctx context.Context, q gather.Query, attempt int) (gather.Result, error) {
		if attempt == 1 {
			return gather.Result{}, errors.New("example: no answer")
		}
		return find(ctx, q, attempt)
	}
	f.run(t)
	if s := spans.One(tracing.SpanDocSearch); s.Status.Code == codes.Error || tracingtest.Attr(s, tracing.KeyOutcome).AsString() != string(enhancement.OutcomeOK) {
		t.Errorf("the search is %+v", s)
	}
	if names := []string{tracing.SpanGathering, tracing.SpanEnhance}; slices.ContainsFunc(names, func(n string) bool { return len(spans.Named(n)) != 1 }) {
		t.Error("the enclosing spans are not there once")
	}
}
