package workflows_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

func TestMain(m *testing.M) {
	// These tests wait for time-outs and pauses, they hardly compute: run them all at once, not one a core.
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	postgrestest.Main(m)
}

// source answers with what a test gives it.
type source struct {
	kind gather.Kind
	find func(ctx context.Context, q gather.Query, attempt int) (gather.Result, error)

	mu       sync.Mutex
	attempts int
}

func (s *source) Kind() gather.Kind { return s.kind }

func (s *source) Find(ctx context.Context, q gather.Query) (gather.Result, error) {
	s.mu.Lock()
	s.attempts++
	attempt := s.attempts
	s.mu.Unlock()
	return s.find(ctx, q, attempt)
}

func finding(kind gather.Kind, id string) *source {
	return &source{kind: kind, find: func(context.Context, gather.Query, int) (gather.Result, error) {
		return gather.Result{Items: []gather.Item{{
			Kind: kind, ID: id, Title: "title of " + id, Text: "text", Resolution: "resolution", Relevance: 0.5,
		}}}, nil
	}}
}

// desk keeps notes by ticket, as PutNote promises: one each.
type desk struct {
	mu     sync.Mutex
	notes  map[string]string
	calls  int
	tidied int
	fail   func(call int) error

	fetched int
	request func(id string, call int) (servicedesk.Request, error)
}

func (d *desk) PutNote(_ context.Context, w servicedesk.NoteWrite) (servicedesk.NoteResult, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.fail != nil {
		if err := d.fail(d.calls); err != nil {
			return servicedesk.NoteResult{}, err
		}
	}
	d.notes[w.TicketID] = w.Body
	return servicedesk.NoteResult{NoteID: "note-" + w.TicketID, Action: servicedesk.NoteCreated}, nil
}

func (d *desk) Request(_ context.Context, id string) (servicedesk.Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fetched++
	return d.request(id, d.fetched)
}

func (d *desk) TidyNotes(context.Context, servicedesk.NoteTidy) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tidied++
	if d.tidied == 1 {
		return 0, errors.New("example: not now")
	}
	return 1, nil
}

type desks struct {
	desk workflows.Desk
	err  error
}

func (d desks) Desk(context.Context, string) (workflows.Desk, tenant.Format, error) {
	return d.desk, tenant.FormatHTML, d.err
}

// drafter drafts without a model, under the usual preferences.
func drafter() *drafting.Drafter {
	return drafting.New(drafting.Deps{
		Tenants: tenants{}, Synthesizer: synthesis.New(nil, synthesis.Options{}), Feedback: links{}, Logger: slog.New(slog.DiscardHandler),
	})
}

// links are others each time, as sealed ones are.
type links struct{}

func (links) Link(_, jobID string) (string, error) {
	return "https://agents.example.com/feedback/" + jobID + rand.Text(), nil
}

type tenants struct{}

func (tenants) Tenant(_ context.Context, id string) (tenant.Tenant, error) {
	return tenant.Tenant{ID: id}, nil
}

type fixture struct {
	database   *postgrestest.Database
	ledger     *ledger.Ledger
	desk       *desk
	sources    map[enhancement.Step]*source
	activities *workflows.Activities
	job        enhancement.Job
	ended      chan string // the tenants whose runs were told to have ended
}

// haste turns the lease of 15 s into 3 s, and the pauses of 5 s and 10 s before a second attempt into 1 s and 2 s.
const haste = 5

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	f := &fixture{
		database: store.Database, ledger: ledger.New(store.DB), desk: &desk{notes: map[string]string{}},
		sources: map[enhancement.Step]*source{
			enhancement.StepTicketSearch: finding(gather.KindTicket, "17"),
			enhancement.StepDocSearch:    finding(gather.KindArticle, "kb-1"),
			enhancement.StepIPSearch:     finding(gather.KindSystem, "host@192.0.2.1"),
		},
		job: enhancement.New("alpha", enhancement.EventCreated,
			ticket.Ticket{ID: "1001", Subject: "Printer", Description: "secret-looking text of the ticket"}, "c-1"),
	}
	sources := make(map[enhancement.Step]gather.Source, len(f.sources))
	for step, s := range f.sources {
		sources[step] = s
	}
	f.activities = &workflows.Activities{
		Ledger: f.ledger, Sources: sources, Drafter: drafter(), Desks: desks{desk: f.desk},
		Metrics: telemetry.NewMetrics(), Logger: slog.New(slog.DiscardHandler),
		TidyAfter: 10 * time.Millisecond,
	}
	const plenty = 64
	f.ended = make(chan string, plenty)
	f.activities.Ended = func(tenantID string) { f.ended <- tenantID }
	f.activities.Hurry(haste)
	if _, err := f.ledger.Accept(t.Context(), f.job); err != nil {
		t.Fatal(err)
	}
	if _, err := ledgertest.Claim(t.Context(), f.ledger, "alpha", f.job.ID); err != nil {
		t.Fatal(err)
	}
	return f
}

// run takes the job through the engine and returns the workflow's result and the ledger's row.
func (f *fixture) run(t *testing.T) (workflows.Result, enhancement.Job) {
	t.Helper()
	registry := workflow.NewRegistry()
	if err := workflows.Register(registry, f.activities); err != nil {
		t.Fatal(err)
	}
	client := startEngine(t, registry)
	return f.await(t, client, f.start(t, client))
}

// start has the engine begin a run of the job.
func (f *fixture) start(t *testing.T, client *workflow.Client) (id string) {
	t.Helper()
	id, err := client.ScheduleWorkflow(t.Context(), workflows.EnhanceTicket, workflow.WithInstanceID(enhancement.InstanceID(f.job.ID, f.job.Run)),
		workflow.WithInput(workflows.Job{
			TenantID: "alpha", JobID: f.job.ID, Run: f.job.Run, CorrelationID: "c-1", TicketID: f.job.Ticket.ID, Refetch: f.job.Refetch,
			Trace: workflows.Trace{Parent: f.job.TraceParent},
		}))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// await waits for the end of a run.
func (f *fixture) await(t *testing.T, client *workflow.Client, id string) (workflows.Result, enhancement.Job) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	meta, err := client.WaitForWorkflowCompletion(ctx, id, workflow.WithFetchPayloads(true))
	if err != nil {
		t.Fatal(err)
	}
	if meta.FailureDetails != nil {
		t.Fatalf("the workflow failed: %s", meta.FailureDetails.GetErrorMessage())
	}
	var result workflows.Result
	if err := json.Unmarshal([]byte(meta.Output.GetValue()), &result); err != nil {
		t.Fatal(err)
	}
	if text := history(ctx, t, client, id); !strings.Contains(text, f.job.ID) || strings.Contains(text, "secret-looking") {
		t.Error("the workflow's history lacks the job's id, or holds the ticket's text")
	}
	job, err := f.ledger.Job(ctx, "alpha", f.job.ID)
	if err != nil {
		t.Fatal(err)
	}
	if job.Status != enhancement.StatusRunning && (len(f.ended) == 0 || <-f.ended != "alpha") {
		t.Errorf("nobody hears that the run has ended: %+v", job)
	}
	return result, job
}

// history gives all that the engine has stored of an instance.
func history(ctx context.Context, t *testing.T, client *workflow.Client, id string) string {
	t.Helper()
	events, err := client.GetInstanceHistory(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEnhanceTicket(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	result, job := f.run(t)
	if result.Status != enhancement.StatusCompleted || job.Status != enhancement.StatusCompleted || job.NoteID != "note-1001" {
		t.Fatalf("result %+v, job %+v", result, job)
	}
	note := f.desk.notes["1001"]
	for _, want := range []string{
		"Similar Tickets", "Documentation", "System Info", "Recommendations", "#17", "title of kb-1", "title of host",
		enhancement.NoteReference("alpha", "1001"),
	} {
		if !strings.Contains(note, want) {
			t.Errorf("the note does not contain %q\n%s", want, note)
		}
	}
	steps, err := f.ledger.Steps(t.Context(), "alpha", f.job.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []enhancement.Step{
		enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch, enhancement.StepSynthesize, enhancement.StepUpdateTicket,
	} {
		if _, ok := steps[step]; !ok {
			t.Errorf("step %s left no record", step)
		}
	}
	if f.desk.calls != 1 {
		t.Errorf("the note was written %d times", f.desk.calls)
	}
}

func TestSearchesRunSideBySide(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var arrived sync.WaitGroup
	arrived.Add(len(f.sources))
	for _, s := range f.sources {
		find := s.find
		s.find = func(ctx context.Context, q gather.Query, attempt int) (gather.Result, error) {
			arrived.Done()
			all := make(chan struct{})
			go func() { arrived.Wait(); close(all) }()
			select {
			case <-all: // each waits for the others, so one after the other would never end
				return find(ctx, q, attempt)
			case <-ctx.Done():
				return gather.Result{}, ctx.Err()
			}
		}
	}
	// Without a model the synthesis is short of something; the searches are not.
	if result, _ := f.run(t); !slices.Equal(result.Degraded, []string{workflows.ActivitySynthesize}) {
		t.Errorf("result %+v", result)
	}
}

func TestAFailingSourceLeavesAGap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err      error
		attempts int
	}{
		"for good":             {&gather.PermanentError{Err: errors.New("example: key refused")}, 1},
		"as often as is asked": {errors.New("example: no answer"), 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			failing := f.sources[enhancement.StepDocSearch]
			failing.find = func(context.Context, gather.Query, int) (gather.Result, error) { return gather.Result{}, c.err }
			result, job := f.run(t)
			if result.Status != enhancement.StatusCompleted || !slices.Contains(result.Degraded, string(enhancement.StepDocSearch)) ||
				!slices.Contains(job.Degraded, string(enhancement.StepDocSearch)) {
				t.Errorf("result %+v, degraded %q", result, job.Degraded)
			}
			if failing.attempts != c.attempts {
				t.Errorf("%d attempts, want %d", failing.attempts, c.attempts)
			}
			if note := f.desk.notes["1001"]; !strings.Contains(note, "#17") || !strings.Contains(note, "could not be reached") {
				t.Errorf("the note: %s", note)
			}
		})
	}
}

func TestASourceThatRecoversLeavesNoGap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := f.sources[enhancement.StepTicketSearch]
	find := s.find
	s.find = func(ctx context.Context, q gather.Query, attempt int) (gather.Result, error) {
		if attempt < 3 {
			return gather.Result{}, errors.New("example: no answer")
		}
		return find(ctx, q, attempt)
	}
	if result, job := f.run(t); result.Status != enhancement.StatusCompleted || len(job.Degraded) != 1 {
		t.Errorf("result %+v, degraded %q; want the synthesis only, which has no model here", result, job.Degraded)
	}
}

func TestTheDeskFails(t *testing.T) {
	t.Parallel()
	retry := &servicedesk.Error{Kind: servicedesk.KindRetry, Message: "example: busy"}
	for name, c := range map[string]struct {
		fail   func(call int) error
		calls  int
		status enhancement.Status
	}{
		"once":   {func(call int) error { return pick(call == 1, retry) }, 2, enhancement.StatusCompleted},
		"always": {func(int) error { return retry }, 3, enhancement.StatusPending},
		"unauthorised": {func(int) error {
			return &servicedesk.Error{Kind: servicedesk.KindUnauthorized, Message: "example: bad key"}
		}, 1, enhancement.StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.desk.fail = c.fail
			result, job := f.run(t)
			if result.Status != c.status || job.Status != c.status || f.desk.calls != c.calls {
				t.Errorf("result %+v, job %s, %d calls; want %s after %d", result, job.Status, f.desk.calls, c.status, c.calls)
			}
			// A write that was tried again may have arrived twice; that is looked into, and again if need be.
			if want := map[enhancement.Status]int{enhancement.StatusCompleted: 2}[c.status]; f.desk.tidied != want {
				t.Errorf("tidied %d times, want %d", f.desk.tidied, want)
			}
			if c.status == enhancement.StatusPending && (result.HeldFor != enhancement.DependencyServiceDesk || job.HeldFor != result.HeldFor || job.Run != 2 ||
				!strings.Contains(result.Reason, "update_ticket") || !strings.Contains(result.Reason, "example: busy")) {
				t.Errorf("result %+v, job %+v", result, job)
			}
			if c.status == enhancement.StatusFailed && (!strings.Contains(job.FailureReason, "update_ticket") || !strings.Contains(job.FailureReason, "example")) {
				t.Errorf("reason %q", job.FailureReason)
			}
		})
	}
}

func pick(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}

func TestATenantThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.activities.Desks = desks{err: tenant.ErrNotFound}
	if result, job := f.run(t); result.Status != enhancement.StatusFailed || !strings.Contains(job.FailureReason, "no such tenant") {
		t.Errorf("result %+v, reason %q", result, job.FailureReason)
	}
}

func TestAJobDoneBeforeIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted {
		t.Fatal(result)
	}
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.calls != 1 {
		t.Errorf("result %+v, %d writes", result, f.desk.calls)
	}
}

func TestAWriterWaitsForAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const other = "5b1f5b5c-7a3e-4b52-9d2e-0a4b6a0b4c11"
	if _, err := f.ledger.HoldNote(t.Context(), "alpha", "1001", other, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	result, job := f.run(t)
	if result.Status != enhancement.StatusCompleted || job.FinishedAt.Sub(job.StartedAt) < time.Second {
		t.Errorf("result %+v after %s, while another held the note for 2 s", result, job.FinishedAt.Sub(job.StartedAt))
	}
}
