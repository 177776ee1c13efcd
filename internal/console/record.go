package console

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// event is what is to be remembered about the request of ctx. Detail names fields and counts; it never has a value that was
// sent.
func (s *Server) event(ctx context.Context, op audit.Operation, status audit.Status, tenantID, target string, detail map[string]string) audit.Event {
	v := visiting(ctx)
	return audit.Event{
		Operation: op, Status: status, Actor: v.actor(), TenantID: tenantID, Target: target,
		Address: v.address(), CorrelationID: v.correlation, Detail: detail,
	}
}

// also writes the entry in the transaction of the change that it is about.
func (s *Server) also(e audit.Event) func(ctx context.Context, tx postgres.Tx) error {
	return func(ctx context.Context, tx postgres.Tx) error { return s.audit.AppendIn(ctx, tx, e) }
}

// announce writes the entry before what it is about is begun, for work that is no single transaction: nothing is done of
// which there is no entry.
func (s *Server) announce(ctx context.Context, e audit.Event) error { return s.audit.Append(ctx, e) }

// announceRead writes the entry before clients' texts are shown, the first time in an hour that this client reads this.
func (s *Server) announceRead(ctx context.Context, op audit.Operation, tenantID, target string) error {
	r := audit.Read{Operation: op, Actor: visiting(ctx).actor(), TenantID: tenantID, Target: target}
	if !s.reads.Due(r) {
		return nil
	}
	if err := s.announce(ctx, s.event(ctx, op, audit.StatusOK, tenantID, target, nil)); err != nil {
		return err
	}
	s.reads.Done(r)
	return nil
}

// conclude writes how announced work ended. The work is done by then, so a failure is logged and not told.
func (s *Server) conclude(ctx context.Context, e audit.Event) {
	if err := s.audit.Append(ctx, e); err != nil {
		s.logger.ErrorContext(ctx, "the end of an operation is missing in the audit log", "audit_operation", string(e.Operation), "error", err)
	}
}
