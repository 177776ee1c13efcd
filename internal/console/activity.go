package console

import (
	"context"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

type listAllJobs struct {
	Paging
	ReceivedBetween

	TenantID string             `query:"tenant_id" doc:"Only those of this tenant."            maxLength:"63"`
	Status   enhancement.Status `query:"status"    doc:"Only those of this status."            enum:"pending,running,completed,failed"`
	TicketID string             `query:"ticket_id" doc:"Only those of tickets with this id; each tenant may have one." maxLength:"100"`
}

const listOfAllJobs = "all-jobs"

func (s *Server) listAllJobs(ctx context.Context, in *listAllJobs) (*jobPage, error) {
	if in.TenantID != "" {
		return s.listJobs(ctx, &listJobs{
			TenantPath: TenantPath{TenantID: in.TenantID}, Paging: in.Paging, Status: in.Status, TicketID: in.TicketID, ReceivedBetween: in.ReceivedBetween,
		})
	}
	before, err := jobsCursor(listOfAllJobs, in.Cursor)
	if err != nil {
		return nil, err
	}
	jobs, err := s.jobs.Everywhere(ctx, ledger.List{
		Status: in.Status, TicketID: in.TicketID, Since: in.ReceivedAfter, Until: in.ReceivedBefore, Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return pageOfJobs(jobs, in.Limit, listOfAllJobs), nil
}

type listActivity struct {
	TenantID string `query:"tenant_id" doc:"Only of this tenant."        maxLength:"63"`
	Hours    int    `query:"hours"     doc:"How far back, in hours." default:"24" maximum:"168" minimum:"1"`
}

type activityAnswer struct {
	Body adminapi.Page[adminapi.ActiveHour]
}

func (s *Server) listActivity(ctx context.Context, in *listActivity) (*activityAnswer, error) {
	now := s.now().UTC()
	since := now.Add(-time.Duration(in.Hours) * time.Hour)
	counted, err := s.activity(ctx, in.TenantID, since)
	if err != nil {
		return nil, err
	}
	byHour := map[time.Time]ledger.Hour{}
	for _, h := range counted {
		byHour[h.Begins] = h
	}
	answer := &activityAnswer{}
	for begins := since.Truncate(time.Hour); !begins.After(now); begins = begins.Add(time.Hour) {
		h := byHour[begins]
		answer.Body.Items = append(answer.Body.Items, adminapi.ActiveHour{
			Hour: begins, Completed: h.Completed, Failed: h.Failed, Unfinished: h.Unfinished, P50MS: h.Median.Milliseconds(), P95MS: h.Slow.Milliseconds(),
		})
	}
	return answer, nil
}

func (s *Server) activity(ctx context.Context, tenantID string, since time.Time) ([]ledger.Hour, error) {
	if tenantID == "" {
		return s.jobs.AllActivity(ctx, since)
	}
	if _, err := s.tenants.Read(ctx, tenantID); err != nil {
		return nil, err
	}
	return s.jobs.Activity(ctx, tenantID, since)
}
