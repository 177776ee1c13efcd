package workflows

import (
	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// RegisterFirst is Register as it was in the release that knew the first version alone.
func RegisterFirst(r *workflow.Registry, a *Activities) error {
	if err := r.AddVersionedWorkflowN(EnhanceTicket, EnhanceTicketV1, true, a.enhanceTicketV1); err != nil {
		return err
	}
	return registerActivities(r, a)
}

// Hurry makes pauses and lease so many times shorter, all alike: what outlasts what stays as it is.
func (a *Activities) Hurry(times int) { a.haste = times }

// Search is the activity that asks one source.
func (a *Activities) Search(step enhancement.Step) workflow.Activity { return a.search(step) }
