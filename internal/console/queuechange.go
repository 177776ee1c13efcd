package console

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// previewed is how many jobs a dry run shows.
const previewed = 5

type retryQueue struct {
	TenantPath

	Body adminapi.QueueChange
}

type dropQueue struct {
	TenantPath

	Body adminapi.QueueDrop
}

type changedAnswer struct {
	Body adminapi.QueueChanged
}

func (s *Server) retryQueue(ctx context.Context, in *retryQueue) (*changedAnswer, error) {
	selection, some, err := selected(in.TenantID, in.Body, adminapi.Retryable())
	if err != nil {
		return nil, err
	}
	// Whoever begins anew what an outage has failed does not mean what was given up on purpose, unless its ids or reason are named.
	selection.ButCancelled = len(selection.JobIDs) == 0 && selection.Reason == ""
	if err := s.isEnabled(ctx, in.TenantID); err != nil {
		return nil, err
	}
	if in.Body.DryRun {
		return s.previewQueue(ctx, in.TenantID, selection)
	}
	if err := s.expected(ctx, in.TenantID, selection, in.Body); err != nil {
		return nil, err
	}
	answer := &changedAnswer{}
	// What is held is released as a whole, and so with the first part.
	if in.Body.Cursor == "" && slices.Contains(selection.States, enhancement.QueueHeld) {
		answer.Body.Released, err = s.jobs.Release(ctx, in.TenantID, selection, func(ctx context.Context, tx postgres.Tx, released []string) error {
			return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationQueueRetry, audit.StatusOK, in.TenantID, "",
				map[string]string{"released": strings.Join(released, ",")}))
		})
		if err != nil {
			return nil, err
		}
	}
	if !slices.Contains(selection.States, enhancement.QueueFailed) {
		return answer, nil
	}
	jobs, next, err := s.jobs.RetrySome(ctx, in.TenantID, selection, some, s.counted(audit.OperationQueueRetry, in.TenantID, in.Body))
	if err != nil {
		return nil, err
	}
	if len(jobs) > 0 {
		// They wait for their turn already. One message has it noticed at once.
		s.requested(ctx, jobs[0])
	}
	answer.Body.Done, answer.Body.Next = len(jobs), nextOf(in.TenantID, next)
	return answer, nil
}

func (s *Server) dropQueue(ctx context.Context, in *dropQueue) (*changedAnswer, error) {
	selection, some, err := selected(in.TenantID, in.Body.QueueChange, adminapi.Droppable())
	if err != nil {
		return nil, err
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	if in.Body.DryRun {
		return s.previewQueue(ctx, in.TenantID, selection)
	}
	if err := s.expected(ctx, in.TenantID, selection, in.Body.QueueChange); err != nil {
		return nil, err
	}
	jobs, next, err := s.jobs.DropSome(ctx, in.TenantID, selection, some, "dropped by an operator: "+in.Body.Note,
		s.counted(audit.OperationQueueDrop, in.TenantID, in.Body.QueueChange))
	if err != nil {
		return nil, err
	}
	for i := range jobs {
		s.metrics.Cancelled(in.TenantID, string(jobs[i].Event))
	}
	answer := &changedAnswer{}
	answer.Body.Done, answer.Body.Next = len(jobs), nextOf(in.TenantID, next)
	return answer, nil
}

// counted writes the entry about a part of a change. Without any job there is none.
func (s *Server) counted(op audit.Operation, tenantID string, in adminapi.QueueChange) ledger.With {
	return func(ctx context.Context, tx postgres.Tx, jobs []enhancement.Job) error {
		if len(jobs) == 0 {
			return nil
		}
		detail := map[string]string{
			"jobs": strconv.Itoa(len(jobs)), "first": jobs[0].ID, "last": jobs[len(jobs)-1].ID, "selected_by": strings.Join(selectors(in), ","),
		}
		return s.audit.AppendIn(ctx, tx, s.event(ctx, op, audit.StatusOK, tenantID, "", detail))
	}
}

// selectors names what a selection was made by; "all" for everything.
func selectors(in adminapi.QueueChange) []string {
	named := map[string]bool{
		"job_ids": len(in.JobIDs) > 0, "ticket_id": in.TicketID != "", "reason": in.Reason != "",
		"received_after": in.ReceivedAfter != nil, "received_before": in.ReceivedBefore != nil,
	}
	maps.DeleteFunc(named, func(_ string, used bool) bool { return !used })
	if len(named) == 0 {
		return []string{"all"}
	}
	return slices.Sorted(maps.Keys(named))
}

// selected reads what a change is of. It has to be meant: of states that it is for, and of all only when that is said.
func selected(tenantID string, in adminapi.QueueChange, changeable []enhancement.QueueState) (ledger.Selection, ledger.Some, error) {
	var wrong []FieldProblem
	for i, state := range in.States {
		if !slices.Contains(changeable, state) {
			wrong = append(wrong, FieldProblem{
				Location: fmt.Sprintf("body.states[%d]", i), Message: fmt.Sprintf("expected one of %s, %s", changeable[0], changeable[1]),
			})
		}
	}
	for i, id := range in.JobIDs {
		if uuid.Validate(id) != nil {
			wrong = append(wrong, FieldProblem{Location: fmt.Sprintf("body.job_ids[%d]", i), Message: "is no job's id"})
		}
	}
	// What selects nothing away must not pass for a selection.
	if in.Reason != "" && strings.TrimSpace(in.Reason) == "" {
		wrong = append(wrong, FieldProblem{Location: "body.reason", Message: "is blank: leave it out, or give a part of the reason"})
	}
	for _, at := range []struct {
		name string
		time *time.Time
	}{{"received_after", in.ReceivedAfter}, {"received_before", in.ReceivedBefore}, {"as_of", in.AsOf}} {
		if at.time != nil && at.time.IsZero() {
			wrong = append(wrong, FieldProblem{Location: "body." + at.name, Message: "is no time that anything happened: leave it out, or give one"})
		}
	}
	switch everything := selectors(in)[0] == "all"; {
	case everything && !in.All:
		wrong = append(wrong, FieldProblem{Location: "body.all", Message: "name jobs or a selection, or say that all are meant"})
	case !everything && in.All:
		wrong = append(wrong, FieldProblem{Location: "body.all", Message: "means every job, and something selects some: leave out one of them"})
	}
	if len(wrong) > 0 {
		return ledger.Selection{}, ledger.Some{}, invalid(wrong...)
	}
	after, err := jobsCursor(listOfQueue+"/"+tenantID, in.Cursor)
	states := in.States
	if len(states) == 0 {
		states = changeable
	}
	return ledger.Selection{
		States: states, JobIDs: in.JobIDs, TicketID: in.TicketID, Reason: in.Reason,
		ReceivedAfter: orZero(in.ReceivedAfter), ReceivedBefore: orZero(in.ReceivedBefore), AsOf: orZero(in.AsOf),
	}, ledger.Some{After: after, Limit: adminapi.MostQueueJobs}, err
}

// previewQueue says what a change would be of.
func (s *Server) previewQueue(ctx context.Context, tenantID string, selection ledger.Selection) (*changedAnswer, error) {
	tally, err := s.jobs.Tally(ctx, tenantID, selection)
	if err != nil {
		return nil, err
	}
	selection.AsOf = tally.AsOf
	first, err := s.jobs.QueueList(ctx, tenantID, selection, ledger.Some{Limit: previewed})
	if err != nil {
		return nil, err
	}
	preview := &adminapi.QueuePreview{
		Jobs: tally.Jobs, Held: tally.Held, Oldest: orNil(tally.Oldest), Newest: orNil(tally.Newest), AsOf: tally.AsOf,
		First: make([]adminapi.Job, len(first)),
	}
	for i := range first {
		preview.First[i] = showJob(first[i])
	}
	return &changedAnswer{Body: adminapi.QueueChanged{Preview: preview}}, nil
}

// expected fails when a change would be of another number of jobs than its sender expects. Later parts are of what is left, so the first is
// asked alone. What changes between this look and the change is left out of it, and never more than was counted is changed: see as_of.
func (s *Server) expected(ctx context.Context, tenantID string, selection ledger.Selection, in adminapi.QueueChange) error {
	if in.Expect == nil || in.Cursor != "" {
		return nil
	}
	tally, err := s.jobs.Tally(ctx, tenantID, selection)
	if err != nil {
		return err
	}
	if tally.Jobs != *in.Expect {
		return problem(http.StatusConflict,
			fmt.Sprintf("%d jobs are selected, and %d were expected: nothing was done. Look again with a dry run, and expect what it says", tally.Jobs, *in.Expect))
	}
	return nil
}

// nextOf is the cursor behind a part; empty at the end.
func nextOf(tenantID string, next *ledger.Position) string {
	if next == nil {
		return ""
	}
	return encodeCursor(listOfQueue+"/"+tenantID, *next)
}

// orZero is the zero time for nil.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
