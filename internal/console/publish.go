package console

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/event"
)

// Publisher tells the other apps.
type Publisher interface {
	Publish(ctx context.Context, topic string, payload any) error
}

// changed tells those that keep tenants in memory. The change is committed, so that a failure is not the client's: what is
// kept elsewhere runs out by itself.
func (s *Server) changed(ctx context.Context, tenantID string, version int64) {
	message := event.TenantChanged{TenantID: tenantID, Version: version}
	if err := s.publisher.Publish(context.WithoutCancel(ctx), event.TopicTenantChanged, message); err != nil {
		s.metrics.TenantChangeUnpublished()
		s.logger.WarnContext(ctx, "a change of a tenant could not be published: it takes effect when what is cached runs out", "error", err)
	}
}
