package event

import (
	"context"
	"errors"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// ErrTopicRefused says that the app may not publish to the topic, or that there is none: no message is on it.
var ErrTopicRefused = errors.New("publishing to the topic is refused")

// publisher puts messages on topics. Its error is an ErrTopicRefused where nothing but that is in the way.
type publisher interface {
	Publish(ctx context.Context, topic string, payload any) error
}

// Request asks the enhancer of that name for a job. Where its topic is not set up for who asks, the enhancer that tenants share hears of
// it: the job has a place in the ledger then, where the right one finds it within a second, and no webhook is refused for a list of topics
// that lags behind.
func Request(ctx context.Context, p publisher, enhancer string, e EnhancementRequested) error {
	err := p.Publish(ctx, TopicEnhancementOf(enhancer), e)
	if enhancer != tenant.SharedEnhancer && errors.Is(err, ErrTopicRefused) {
		return p.Publish(ctx, TopicEnhancement, e)
	}
	return err
}
