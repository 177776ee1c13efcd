package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// With is what belongs into the transaction of a change of jobs. Its error undoes it.
type With func(ctx context.Context, tx postgres.Tx, jobs []enhancement.Job) error

// RetrySome begins a part of the selected jobs anew, those of them that have failed, as Retry does. They wait for their turn at
// once. It gives them in the order of the queue, and where the next part begins after; nil for a selection that is at its end.
// What was changed since it was selected is left as it is.
func (l *Ledger) RetrySome(ctx context.Context, tenantID string, s Selection, p Some, with With) ([]enhancement.Job, *Position, error) {
	const (
		begin = `UPDATE enhancement_history SET ` + begunAnew + `
			WHERE tenant_id = $1 AND job_id = ANY ($2::uuid[]) AND status = 'failed' RETURNING ` + jobColumns
		forget = `DELETE FROM enhancement_steps WHERE tenant_id = $1 AND job_id = ANY ($2::uuid[])`
	)
	s.States = []enhancement.QueueState{enhancement.QueueFailed}
	return l.changeSome(ctx, tenantID, s, p, func(ctx context.Context, tx postgres.Tx, ids []string) ([]enhancement.Job, error) {
		if _, err := tx.Exec(ctx, forget, tenantID, ids); err != nil {
			return nil, fmt.Errorf("forget the steps: %w", err)
		}
		return changed(tx.Query(ctx, begin, tenantID, ids))
	}, with)
}

// DropSome ends a part of the selected jobs, those of them that wait or are held, as failed for the reason. The rest is as with
// RetrySome.
func (l *Ledger) DropSome(ctx context.Context, tenantID string, s Selection, p Some, reason string, with With) ([]enhancement.Job, *Position, error) {
	const drop = `
		UPDATE enhancement_history SET status = 'failed', failure_reason = $3, finished_at = now(), held_for = '', cancelled_run = run
		WHERE tenant_id = $1 AND job_id = ANY ($2::uuid[]) AND status = 'pending' RETURNING ` + jobColumns
	return l.changeSome(ctx, tenantID, s, p, func(ctx context.Context, tx postgres.Tx, ids []string) ([]enhancement.Job, error) {
		return changed(tx.Query(ctx, drop, tenantID, ids, told(reason)))
	}, with)
}

// changeSome locks a part of the selection, and then changes it. A row that somebody else changes meanwhile is waited for, and
// left out when it is no longer what was selected.
func (l *Ledger) changeSome(ctx context.Context, tenantID string, s Selection, p Some,
	change func(ctx context.Context, tx postgres.Tx, ids []string) ([]enhancement.Job, error), with With,
) (jobs []enhancement.Job, next *Position, err error) {
	conditions, args := s.part(tenantID, p)
	err = l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT received_at, job_id::text FROM enhancement_history WHERE "+conditions+" FOR UPDATE", args...)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		picked, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Position])
		if err != nil || len(picked) == 0 {
			return err
		}
		next = &picked[len(picked)-1]
		ids := make([]string, len(picked))
		for i := range picked {
			ids[i] = picked[i].JobID
		}
		if jobs, err = change(ctx, tx, ids); err != nil {
			return err
		}
		return with(ctx, tx, inOrder(jobs, picked))
	})
	if err != nil {
		return nil, nil, fmt.Errorf("change the queue of tenant %s: %w", tenantID, err)
	}
	return jobs, next, nil
}

func changed(rows pgx.Rows, err error) ([]enhancement.Job, error) {
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (enhancement.Job, error) { return scanJob(row) })
}

// inOrder sorts jobs, in place, as they were picked: an update gives them in any order.
func inOrder(jobs []enhancement.Job, picked []Position) []enhancement.Job {
	place := make(map[string]int, len(picked))
	for i := range picked {
		place[picked[i].JobID] = i
	}
	slices.SortFunc(jobs, func(a, b enhancement.Job) int { return cmp.Compare(place[a.ID], place[b.ID]) })
	return jobs
}

// Release has what the selected held jobs wait for tried at once, and gives its names. One job goes first; the others follow when
// it gets through.
func (l *Ledger) Release(ctx context.Context, tenantID string, s Selection, with func(ctx context.Context, tx postgres.Tx, released []string) error) ([]string, error) {
	s.States = []enhancement.QueueState{enhancement.QueueHeld}
	conditions, args := s.where(tenantID)
	var released []string
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, `
			UPDATE dependency_outages SET probe_after = now()
			WHERE since IS NOT NULL AND dependency IN (SELECT held_for FROM enhancement_history WHERE `+conditions+`) RETURNING dependency`, args...)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		if released, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(released) == 0 {
			return err
		}
		return with(ctx, tx, released)
	})
	if err != nil {
		return nil, fmt.Errorf("release what is held of tenant %s: %w", tenantID, err)
	}
	return released, nil
}
