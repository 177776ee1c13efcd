package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// appendTimeout bounds Append: entries are written one after the other, and a transaction that hangs holds up all.
const appendTimeout = 3 * time.Second

// Log is the audit log.
type Log struct {
	db *postgres.DB
}

// New makes a log on db, which is connected as app_user, and can append then, or as console_user, and can do all.
func New(db *postgres.DB) *Log { return &Log{db: db} }

// Append adds an entry in a transaction of its own. It does so also when ctx is cancelled, for what happened has
// happened, and gives up after three seconds. What to do about a failure is for the caller to say: a webhook is not
// refused because its entry could not be written.
func (l *Log) Append(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appendTimeout)
	defer cancel()
	return l.db.InPlatform(ctx, func(tx postgres.Tx) error { return l.AppendIn(ctx, tx, e) })
}

// AppendIn adds an entry in the caller's transaction: there is no change without its entry, and no entry without its
// change. Call it last. From then on until the commit all others wait who append, and a row that is locked after it can
// make a deadlock. The transaction must be READ COMMITTED, as those of InTenant and InPlatform are.
func (l *Log) AppendIn(ctx context.Context, tx postgres.Tx, e Event) error {
	e = clean(e)
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("append %s to the audit log: %w", e.Operation, err)
	}
	_, err = tx.Exec(ctx, "SELECT audit_append($1, $2, $3, $4, $5, $6, $7, $8)", string(e.Operation), string(e.Status),
		e.Actor, e.TenantID, e.Target, e.Address, e.CorrelationID, string(detail))
	if err != nil {
		return fmt.Errorf("append %s to the audit log: %w", e.Operation, err)
	}
	return nil
}
