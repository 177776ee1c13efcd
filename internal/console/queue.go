package console

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

const pathQueue = pathTenant + "/queue"

func (s *Server) queueRoutes() {
	register(s, operation{
		id: "list-queues", method: http.MethodGet, path: "/queue", needs: permission(access.JobsRead), tenantInQuery: true,
		summary: "Tell how the queues fare",
		detail: "Of each tenant of which jobs wait, are held or run, or have failed in the last 24 hours. A token that is restricted to " +
			"tenants has to name one of them.",
		errors: []int{http.StatusNotFound},
	}, s.listQueues)
	register(s, operation{
		id: "list-dead-letters", method: http.MethodGet, path: "/queue/dead-letters", needs: permission(access.JobsRead),
		summary: "List messages of which nothing could be made",
		detail:  "Those that came last first; 500 are kept. They may be anybody's, so a token that is restricted to tenants does not reach them.",
	}, s.listDeadLetters)
	register(s, operation{
		id: "list-queue", method: http.MethodGet, path: pathQueue, needs: permission(access.JobsRead),
		summary: "List the jobs of a tenant's queue", detail: "In its order: the oldest first.", errors: []int{http.StatusNotFound},
	}, s.listQueue)
	register(s, operation{
		id: "retry-queue", method: http.MethodPost, path: pathQueue + "/retry", needs: permission(access.JobsWrite),
		summary: "Begin failed jobs anew, and release held ones",
		detail: "As retry-job does, the oldest first, up to 100 by a request: next says how to go on. What held jobs wait for is tried at " +
			"once; they follow when it answers.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, s.retryQueue)
	register(s, operation{
		id: "drop-queue", method: http.MethodPost, path: pathQueue + "/drop", needs: permission(access.JobsWrite),
		summary: "End jobs that wait or are held",
		detail: "They fail, and their reason says who did it for what. The oldest first, up to 100 by a request: next says how to go on. " +
			"What runs is left alone. A dropped job can be begun anew, and is when its event is sent again.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, s.dropQueue)
}

type listQueues struct {
	TenantID string `query:"tenant_id" doc:"Only this tenant." maxLength:"63"`
}

type accountsAnswer struct {
	Body adminapi.Page[adminapi.QueueAccount]
}

func (s *Server) listQueues(ctx context.Context, in *listQueues) (*accountsAnswer, error) {
	accounts, err := s.accounts(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	answer := &accountsAnswer{}
	answer.Body.Items = make([]adminapi.QueueAccount, len(accounts))
	for i, a := range accounts {
		answer.Body.Items[i] = adminapi.QueueAccount{
			TenantID: a.TenantID, Waiting: a.Waiting, Held: a.Held, HeldFor: a.HeldFor, HeldSince: orNil(a.HeldSince), Running: a.Running,
			Failed: a.Failed, Troubled: a.Troubled, Oldest: orNil(a.Oldest),
		}
	}
	return answer, nil
}

func (s *Server) accounts(ctx context.Context, tenantID string) ([]ledger.QueueAccount, error) {
	if tenantID == "" {
		return s.jobs.Accounts(ctx)
	}
	if _, err := s.tenants.Read(ctx, tenantID); err != nil {
		return nil, err
	}
	account, err := s.jobs.Account(ctx, tenantID)
	return []ledger.QueueAccount{account}, err
}

type listDeadLetters struct {
	Limit int `query:"limit" doc:"How many at most." default:"50" maximum:"500" minimum:"1"`
}

type deadLettersAnswer struct {
	Body adminapi.Page[adminapi.DeadLetter]
}

func (s *Server) listDeadLetters(ctx context.Context, in *listDeadLetters) (*deadLettersAnswer, error) {
	letters, err := s.letters.Recent(ctx, in.Limit)
	if err != nil {
		return nil, err
	}
	answer := &deadLettersAnswer{}
	answer.Body.Items = make([]adminapi.DeadLetter, len(letters))
	for i, l := range letters {
		answer.Body.Items[i] = adminapi.DeadLetter{
			Reason: l.Reason, Excerpt: l.Excerpt, Bytes: l.Bytes, Times: l.Times, FirstAt: l.FirstAt, LastAt: l.LastAt,
		}
	}
	return answer, nil
}

type listQueue struct {
	TenantPath
	Paging
	ReceivedBetween

	States   []enhancement.QueueState `query:"state,explode"   doc:"Only those of these states; all when absent."                                enum:"waiting,held,running,failed"`
	TicketID string                   `query:"ticket_id"       doc:"Only those of the ticket of this id."                                        maxLength:"100"`
	Reason   string                   `query:"reason"          doc:"Only those with this in the failure's reason or in the trouble, in any case." maxLength:"200"`
}

const listOfQueue = "queue"

func (s *Server) listQueue(ctx context.Context, in *listQueue) (*jobPage, error) {
	after, err := jobsCursor(listOfQueue+"/"+in.TenantID, in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	states := in.States
	if len(states) == 0 {
		states = []enhancement.QueueState{enhancement.QueueWaiting, enhancement.QueueHeld, enhancement.QueueRunning, enhancement.QueueFailed}
	}
	jobs, err := s.jobs.QueueList(ctx, in.TenantID, ledger.Selection{
		States: states, TicketID: in.TicketID, Reason: in.Reason, ReceivedAfter: in.ReceivedAfter, ReceivedBefore: in.ReceivedBefore,
	}, ledger.Some{After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return pageOfJobs(jobs, in.Limit, listOfQueue+"/"+in.TenantID), nil
}
