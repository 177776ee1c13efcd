// Package event owns the contracts between the apps: the names of the topics and the payloads, which
// travel as the data of CloudEvents.
package event

import (
	"errors"
	"fmt"
	"time"
)

// TopicEnhancement is the queue from the gateway to the enhancer; with Redis it is the stream's key.
const TopicEnhancement = "enhancement:queue"

// RouteEnhancement is where the enhancer's sidecar delivers TopicEnhancement, as named in the
// subscription.
const RouteEnhancement = "/events/enhancement"

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
}

// Validate names every missing field that the receiver cannot work without.
func (e EnhancementRequested) Validate() error {
	var errs []error
	for _, f := range []struct{ name, value string }{
		{"job_id", e.JobID}, {"tenant_id", e.TenantID}, {"ticket_id", e.TicketID},
	} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("%s is missing", f.name))
		}
	}
	return errors.Join(errs...)
}
