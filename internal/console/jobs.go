package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func (s *Server) jobRoutes() {
	register(s, operation{
		id: "list-jobs", method: http.MethodGet, path: pathTenant + "/jobs", needs: permission(access.JobsRead),
		summary: "List a tenant's jobs", detail: "The newest first.", errors: []int{http.StatusNotFound},
	}, s.listJobs)
	register(s, operation{
		id: "list-all-jobs", method: http.MethodGet, path: "/jobs", needs: permission(access.JobsRead), tenantInQuery: true,
		summary: "List the jobs of all tenants", detail: "The newest first. A token that is restricted to tenants has to name one of them.",
		errors: []int{http.StatusNotFound},
	}, s.listAllJobs)
	register(s, operation{
		id: "list-activity", method: http.MethodGet, path: "/activity", needs: permission(access.JobsRead), tenantInQuery: true,
		summary: "Count jobs by the hour",
		detail: "And how long they took. Hours in which nothing came are there, too; the first and the last are not whole. A token that is restricted " +
			"to tenants has to name one of them.",
		errors: []int{http.StatusNotFound},
	}, s.listActivity)
	register(s, operation{
		id: "get-job", method: http.MethodGet, path: pathTenant + "/jobs/{job_id}", needs: permission(access.JobsRead),
		summary: "Read a job", detail: "With its steps, its requests to the language model, and what was said of its note: the comment for those only who may read notes.",
		errors: []int{http.StatusNotFound},
	}, s.getJob)
	register(s, operation{
		id: "retry-job", method: http.MethodPost, path: pathTenant + "/jobs/{job_id}/retry", needs: permission(access.JobsWrite),
		status: http.StatusAccepted, summary: "Begin a failed job anew",
		detail: "With the text that it has, or that its ticket has when it was to be fetched. If a later event's note stands on the ticket, that stays.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.retryJob)
	register(s, operation{
		id: "cancel-job", method: http.MethodPost, path: pathTenant + "/jobs/{job_id}/cancel", needs: permission(access.JobsWrite),
		summary: "End a job, wherever it stands",
		detail: "It fails, and its reason says who did it for what. One that runs goes no further than its present step, and no write of its note begins any more. " +
			"It can be begun anew, and is when its event is sent again.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, s.cancelJob)
	register(s, operation{
		id: "rerun-job", method: http.MethodPost, path: pathTenant + "/jobs/{job_id}/rerun", needs: permission(access.JobsWrite),
		status: http.StatusAccepted, summary: "Run a completed job again",
		detail: "Its note is edited, unless a technician has changed it. Refused when the ticket has a later job.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, s.rerunJob)
}

type listJobs struct {
	TenantPath
	Paging
	ReceivedBetween

	Status   enhancement.Status `query:"status"    doc:"Only those of this status."           enum:"pending,running,completed,failed"`
	TicketID string             `query:"ticket_id" doc:"Only those of the ticket of this id." maxLength:"100"`
	Withheld tenant.Mode        `query:"withheld"  doc:"Only those whose note was not posted, because the tenant was in this mode." enum:"shadow,off"`
}

// ReceivedBetween leaves out jobs by the time at which they were received.
type ReceivedBetween struct {
	ReceivedAfter  time.Time `query:"received_after"  doc:"Only those from then on."`
	ReceivedBefore time.Time `query:"received_before" doc:"Only those before."`
}

type jobPage struct {
	Body adminapi.Page[adminapi.Job]
}

const listOfJobs = "jobs"

func (s *Server) listJobs(ctx context.Context, in *listJobs) (*jobPage, error) {
	before, err := jobsCursor(listOfJobs+"/"+in.TenantID, in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	jobs, err := s.jobs.List(ctx, in.TenantID, ledger.List{
		Status: in.Status, TicketID: in.TicketID, Withheld: in.Withheld, Since: in.ReceivedAfter, Until: in.ReceivedBefore, Before: before,
		Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return pageOfJobs(jobs, in.Limit, listOfJobs+"/"+in.TenantID), nil
}

func jobsCursor(list, cursor string) (ledger.Position, error) {
	before, err := decodeCursor[ledger.Position](list, cursor)
	if err == nil && before.JobID != "" && uuid.Validate(before.JobID) != nil {
		err = badCursor()
	}
	return before, err
}

// pageOfJobs shows at most limit of the jobs, and says where the list goes on if there is another one.
func pageOfJobs(jobs []enhancement.Job, limit int, list string) *jobPage {
	jobs, more := cut(jobs, limit)
	page := &jobPage{}
	page.Body.Items = make([]adminapi.Job, len(jobs))
	for i := range jobs {
		page.Body.Items[i] = showJob(jobs[i])
	}
	if more {
		last := jobs[len(jobs)-1]
		page.Body.Next = encodeCursor(list, ledger.Position{ReceivedAt: last.ReceivedAt, JobID: last.ID})
	}
	return page
}

// JobPath is what paths of jobs end with.
type JobPath struct {
	JobID string `path:"job_id" doc:"The job's id." maxLength:"36"`
}

type getJob struct {
	TenantPath
	JobPath
}

type jobAnswer struct {
	Body adminapi.Job
}

func (s *Server) getJob(ctx context.Context, in *getJob) (*jobAnswer, error) {
	job, err := s.jobs.Job(ctx, in.TenantID, in.JobID)
	if err != nil {
		return nil, err
	}
	steps, err := s.jobs.Steps(ctx, in.TenantID, in.JobID)
	if err != nil {
		return nil, err
	}
	calls, err := s.jobs.LLMCalls(ctx, in.TenantID, in.JobID)
	if err != nil {
		return nil, err
	}
	shown := showJob(job)
	for _, step := range steps {
		shown.Steps = append(shown.Steps, adminapi.Step{
			Step: step.Step, Outcome: step.Outcome, Detail: step.Detail, DurationMS: step.Duration.Milliseconds(), FinishedAt: step.FinishedAt,
		})
	}
	slices.SortFunc(shown.Steps, func(a, b adminapi.Step) int { return a.FinishedAt.Compare(b.FinishedAt) })
	for _, c := range calls {
		shown.LLMCalls = append(shown.LLMCalls, adminapi.LLMCall{
			Model: c.Model, PromptTokens: c.PromptTokens, CachedTokens: c.CachedTokens, CompletionTokens: c.CompletionTokens, CostUSD: c.CostUSD,
			DurationMS: c.Duration.Milliseconds(), Error: c.Error, CalledAt: c.CalledAt,
		})
	}
	note := feedback.Note{TenantID: in.TenantID, JobID: in.JobID}
	vote, err := s.votes.Given(ctx, note)
	if err != nil {
		return nil, err
	}
	parts, err := s.votes.GivenParts(ctx, note)
	if err != nil {
		return nil, err
	}
	shown.Feedback = showVote(vote, parts, visiting(ctx).principal.May(access.NotesRead, in.TenantID))
	return &jobAnswer{Body: shown}, nil
}

// showVote shows the comment, and what the note cites, to those only who may read notes: the one is a technician's own text, and may say
// what the ticket says; the other is what the note says.
func showVote(v *feedback.Vote, parts []feedback.Part, note bool) *adminapi.Feedback {
	if v == nil {
		return nil
	}
	shown := &adminapi.Feedback{Vote: v.Value, Reason: v.Reason, FirstAt: v.FirstAt, ChangedAt: v.ChangedAt}
	if note {
		shown.Comment = v.Comment
	}
	for _, p := range parts {
		if note || p.Kind == feedback.KindSection {
			shown.Parts = append(shown.Parts, adminapi.FeedbackPart{Kind: p.Kind, Name: p.Name, Vote: p.Vote, ChangedAt: p.ChangedAt})
		}
	}
	return shown
}

func showJob(j enhancement.Job) adminapi.Job {
	if j.Status != enhancement.StatusCompleted { // an earlier run's
		j.Withheld = ""
	}
	return adminapi.Job{
		JobID: j.ID, TenantID: j.TenantID, TicketID: j.Ticket.ID, Event: j.Event, Priority: j.Ticket.Priority, Status: j.Status,
		HeldFor: string(j.HeldFor), HeldSince: orNil(j.HeldSince), Trouble: j.Trouble, TroubleAt: orNil(j.TroubleAt),
		Run: j.Run, FailureReason: j.FailureReason, Cancelled: j.Cancelled(), NoteID: j.NoteID, Withheld: j.Withheld, Degraded: j.Degraded, CorrelationID: j.CorrelationID,
		TraceID:    traceOf(j.TraceParent),
		ReceivedAt: j.ReceivedAt, AskedAt: j.AskedAt, StartedAt: orNil(j.StartedAt), FinishedAt: orNil(j.FinishedAt),
	}
}

// orNil is nil for the zero time.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// traceOf is the trace's id in a traceparent (W3C Trace Context, version 00), of which the ledger keeps whole ones only; empty for none.
func traceOf(parent string) string {
	if _, rest, ok := strings.Cut(parent, "-"); ok {
		id, _, _ := strings.Cut(rest, "-")
		return id
	}
	return ""
}
