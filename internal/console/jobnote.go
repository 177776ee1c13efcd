package console

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

func (s *Server) jobNoteRoutes() {
	register(s, operation{
		id: "get-job-note", method: http.MethodGet, path: pathTenant + "/jobs/{job_id}/note", needs: permission(access.NotesRead),
		summary: "Read the note that a job made",
		detail:  "On the ticket or not: this is where the notes of a tenant in shadow mode are read. 404 for a job that has none yet.",
		errors:  []int{http.StatusNotFound},
	}, s.getJobNote)
}

type jobNoteAnswer struct {
	Body adminapi.JobNote
}

func (s *Server) getJobNote(ctx context.Context, in *getJob) (*jobNoteAnswer, error) {
	record, err := s.tenants.Read(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	job, err := s.jobs.Job(ctx, in.TenantID, in.JobID)
	if err != nil {
		return nil, err
	}
	steps, err := s.jobs.Steps(ctx, in.TenantID, in.JobID)
	if err != nil {
		return nil, err
	}
	made, ok := steps[enhancement.StepSynthesize]
	if !ok || len(made.Result) == 0 {
		return nil, problem(http.StatusNotFound, "the job has made no note: its steps say how far it is")
	}
	var note synthesis.Note
	if err := decodeStep("the note of a job", made.Result, &note); err != nil {
		return nil, err
	}
	shown := adminapi.JobNote{
		JobID: job.ID, TicketID: job.Ticket.ID, State: noteState(job, steps[enhancement.StepUpdateTicket]), NoteID: job.NoteID, MadeAt: made.FinishedAt,
		Note: preview.Rendered(note, record.Preferences.NoteFormat()),
	}
	if len(made.Account) > 0 {
		var account drafting.Account
		if err := decodeStep("the account of a note", made.Account, &account); err != nil {
			return nil, err
		}
		a := preview.AccountOf(account)
		shown.Account = &a
	}
	return &jobNoteAnswer{Body: shown}, nil
}

// noteState says what became of the job's note. Until the job is completed, nothing has: what its row says of a note is an earlier
// run's.
func noteState(job enhancement.Job, put enhancement.StepRecord) adminapi.NoteState {
	action := enhancement.NoteAction(put.Detail)
	switch {
	case job.Status != enhancement.StatusCompleted:
		return adminapi.NoteNotPosted
	case job.Withheld != "":
		return adminapi.NoteWithheld
	case action == enhancement.NoteSuperseded:
		return adminapi.NoteSuperseded
	case servicedesk.NoteAction(action).Kept():
		return adminapi.NoteKept
	case job.NoteID != "":
		return adminapi.NotePosted
	default:
		return adminapi.NoteNotPosted
	}
}
