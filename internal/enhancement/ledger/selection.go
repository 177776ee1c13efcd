package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Selection are jobs of a tenant's queue. What is empty leaves out none.
type Selection struct {
	// States are at least one.
	States   []enhancement.QueueState
	JobIDs   []string
	TicketID string
	// Reason is a part of why the job failed, or of what kept its message from being delivered, in any case.
	Reason string
	// ReceivedAfter and ReceivedBefore bound when the job was received.
	ReceivedAfter, ReceivedBefore time.Time
	// AsOf leaves out what came into the queue, or failed, later: what nobody has seen yet.
	AsOf time.Time
	// ButCancelled leaves out what operators have cancelled or dropped.
	ButCancelled bool
}

// Some is a part of a selection, in the order of the queue.
type Some struct {
	// After is the last job of the part before; zero for the first part.
	After Position
	// Limit is how many jobs the part has at most.
	Limit int
}

// stateOf is enhancement.Job.QueueState of a row.
const stateOf = `CASE status WHEN 'pending' THEN CASE held_for WHEN '' THEN 'waiting' ELSE 'held' END ELSE status END`

// where makes conditions with numbered places of what is asked for, and of nothing else: see List. The first is the tenant's.
func (s Selection) where(tenantID string) (conditions string, args []any) {
	args = []any{tenantID}
	var where strings.Builder
	where.WriteString("tenant_id = $1")
	condition := func(format string, value any) {
		args = append(args, value)
		fmt.Fprintf(&where, " AND "+format, len(args))
	}
	condition("status = ANY ($%d)", s.statuses())
	condition("("+stateOf+") = ANY ($%d)", s.states())
	if len(s.JobIDs) > 0 {
		condition("job_id = ANY ($%d::uuid[])", s.JobIDs)
	}
	if s.TicketID != "" {
		condition("ticket_id = $%d", s.TicketID)
	}
	if s.Reason != "" {
		condition("(strpos(lower(failure_reason), lower($%[1]d)) > 0 OR strpos(lower(trouble), lower($%[1]d)) > 0)", s.Reason)
	}
	if s.ButCancelled {
		where.WriteString(" AND cancelled_run < run")
	}
	if !s.ReceivedAfter.IsZero() {
		condition("received_at >= $%d", s.ReceivedAfter)
	}
	if !s.ReceivedBefore.IsZero() {
		condition("received_at < $%d", s.ReceivedBefore)
	}
	if !s.AsOf.IsZero() {
		// Of a job that has begun anew, or is held, since then, nobody has seen that it is here. The times that a job lacks do not count.
		condition("greatest(coalesce(finished_at, received_at), queued_at, held_since) <= $%d", s.AsOf)
	}
	return where.String(), args
}

func (s Selection) states() []string {
	states := make([]string, len(s.States))
	for i, state := range s.States {
		states[i] = string(state)
	}
	return states
}

// statuses are what the index knows.
func (s Selection) statuses() []string {
	var statuses []string
	for _, state := range s.States {
		switch state {
		case enhancement.QueueWaiting, enhancement.QueueHeld:
			statuses = append(statuses, string(enhancement.StatusPending))
		case enhancement.QueueRunning:
			statuses = append(statuses, string(enhancement.StatusRunning))
		case enhancement.QueueFailed:
			statuses = append(statuses, string(enhancement.StatusFailed))
		}
	}
	return statuses
}

// part adds place and size to the conditions, and the order of the queue.
func (s Selection) part(tenantID string, p Some) (conditions string, args []any) {
	conditions, args = s.where(tenantID)
	if p.After.JobID != "" {
		args = append(args, p.After.ReceivedAt, p.After.JobID)
		conditions += fmt.Sprintf(" AND (received_at, job_id) > ($%d, $%d::uuid)", len(args)-1, len(args))
	}
	args = append(args, p.Limit)
	return conditions + fmt.Sprintf(" ORDER BY received_at, job_id LIMIT $%d", len(args)), args
}

// QueueList gives a part of the selected jobs, the oldest first.
func (l *Ledger) QueueList(ctx context.Context, tenantID string, s Selection, p Some) ([]enhancement.Job, error) {
	conditions, args := s.part(tenantID, p)
	return l.list(ctx, tenantID, "SELECT "+jobColumns+" FROM enhancement_history WHERE "+conditions, args)
}

// Tally is how much a selection is.
type Tally struct {
	Jobs int
	// Held are those of them that are held, and HeldFor what for.
	Held    int
	HeldFor []string
	// Oldest and Newest are when the first and the last of them were received; zero for none.
	Oldest, Newest time.Time
	// AsOf is the time for Selection.AsOf.
	AsOf time.Time
}

// Tally counts the selected jobs.
func (l *Ledger) Tally(ctx context.Context, tenantID string, s Selection) (Tally, error) {
	conditions, args := s.where(tenantID)
	var (
		t              Tally
		oldest, newest *time.Time
	)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT count(*), count(*) FILTER (WHERE status = 'pending' AND held_for <> ''),
				coalesce(array_agg(DISTINCT held_for) FILTER (WHERE status = 'pending' AND held_for <> ''), '{}'),
				min(received_at), max(received_at), now()
			FROM enhancement_history WHERE `+conditions, args...).
			Scan(&t.Jobs, &t.Held, &t.HeldFor, &oldest, &newest, &t.AsOf)
	})
	if err != nil {
		return Tally{}, fmt.Errorf("count the queue of tenant %s: %w", tenantID, err)
	}
	if oldest != nil {
		t.Oldest, t.Newest = *oldest, *newest
	}
	return t, nil
}
