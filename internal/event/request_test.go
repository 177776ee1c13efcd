package event_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/event"
)

// topics takes down what is published, and refuses some.
type topics struct {
	refused map[string]error
	asked   []string
}

func (p *topics) Publish(_ context.Context, topic string, _ any) error {
	p.asked = append(p.asked, topic)
	return p.refused[topic]
}

func TestARequestGoesToTheTenantsEnhancer(t *testing.T) {
	down := errors.New("example: the broker is down")
	for name, c := range map[string]struct {
		enhancer string
		refused  map[string]error
		asked    []string
		err      error
	}{
		"shared":                       {"", nil, []string{"enhancement:queue"}, nil},
		"its own":                      {"alpha", nil, []string{"enhancement:queue:alpha"}, nil},
		"its own, which is not set up": {"alpha", map[string]error{"enhancement:queue:alpha": event.ErrTopicRefused}, []string{"enhancement:queue:alpha", "enhancement:queue"}, nil},
		"the shared one refused":       {"", map[string]error{"enhancement:queue": event.ErrTopicRefused}, []string{"enhancement:queue"}, event.ErrTopicRefused},
		// The message may be there all the same, and the sender's time is short.
		"the broker is down": {"alpha", map[string]error{"enhancement:queue:alpha": down}, []string{"enhancement:queue:alpha"}, down},
	} {
		p := &topics{refused: c.refused}
		if err := event.Request(t.Context(), p, c.enhancer, event.EnhancementRequested{}); !errors.Is(err, c.err) || !slices.Equal(p.asked, c.asked) {
			t.Errorf("%s: asked %v, %v", name, p.asked, err)
		}
	}
	if got := event.TopicDeadOf("alpha"); got != "enhancement:dead:alpha" {
		t.Error(got)
	}
}
