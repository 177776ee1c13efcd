package ledger

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Undelivered is Queued of a job whose message could not be delivered, and remembers why. It stands with the job also when that
// has run or ended meanwhile, until it is begun anew.
func (l *Ledger) Undelivered(ctx context.Context, tenantID, jobID, why string) (Found, error) {
	const query = `
		UPDATE enhancement_history SET trouble = $3, trouble_at = now(),
			queued_at = CASE status WHEN 'pending' THEN coalesce(queued_at, now()) ELSE queued_at END
		WHERE tenant_id = $1 AND job_id = $2
		RETURNING status, run, refetch`
	if why = told(why); why == "" {
		why = "no reason given"
	}
	var c Found
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, jobID, why).Scan(&c.Status, &c.Run, &c.Refetch)
	})
	if err != nil {
		return Found{}, explain(err, "remember what kept the message of", jobID)
	}
	return c, nil
}
