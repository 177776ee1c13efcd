// Package event owns the contracts between the apps: the names of the topics and the payloads, which
// travel as the data of CloudEvents.
package event

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TopicEnhancement is the queue from the gateway to the enhancer; with Redis it is the stream's key.
const TopicEnhancement = "enhancement:queue"

// TopicEnhancementOf is the queue to the enhancer of that name, which is tenant.SharedEnhancer or valid. A message on another enhancer's
// only wakes: who works is what the ledger says.
func TopicEnhancementOf(enhancer string) string { return topicOf(TopicEnhancement, enhancer) }

// TopicDeadOf is TopicDead of the enhancer of that name.
func TopicDeadOf(enhancer string) string { return topicOf(TopicDead, enhancer) }

func topicOf(topic, enhancer string) string {
	if enhancer == tenant.SharedEnhancer {
		return topic
	}
	return topic + ":" + enhancer
}

// RouteEnhancement is where the enhancer's sidecar delivers TopicEnhancement, as named in the
// subscription.
const RouteEnhancement = "/events/enhancement"

// TopicDead has what could not be delivered of TopicEnhancement, byte for byte: the enhancer's own sidecar publishes it.
const TopicDead = "enhancement:dead"

// RouteDead is where the enhancer's sidecar delivers TopicDead, as named in the subscription.
const RouteDead = "/events/dead"

// EnhancementRequested asks for one job to be done. The ledger row, committed before this is
// published, is the authority; description and priority are copies for whoever watches the queue.
type EnhancementRequested struct {
	JobID         string    `json:"job_id"`
	TenantID      string    `json:"tenant_id"`
	TicketID      string    `json:"ticket_id"`
	Description   string    `json:"description"`
	Priority      string    `json:"priority"`
	Timestamp     time.Time `json:"timestamp"`
	CorrelationID string    `json:"correlation_id"`
	// TraceParent is the span that published it, as a W3C traceparent; empty where nothing is traced. It names a span, and proves nothing.
	TraceParent string `json:"trace_parent,omitempty"`
}

// Validate names every field that the receiver cannot work with. What fails here would fail again.
func (e EnhancementRequested) Validate() error {
	var errs []error
	if _, err := uuid.Parse(e.JobID); err != nil {
		errs = append(errs, fmt.Errorf("job_id %q is no job id", e.JobID))
	}
	if !tenant.ValidID(e.TenantID) {
		errs = append(errs, fmt.Errorf("tenant_id %q is no tenant id", e.TenantID))
	}
	if e.TicketID == "" {
		errs = append(errs, errors.New("ticket_id is missing"))
	}
	return errors.Join(errs...)
}
