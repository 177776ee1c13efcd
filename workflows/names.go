// Package workflows owns the order of work: which steps make an enhanced ticket, what runs beside what,
// what is tried again and for how long. It knows neither SQL nor HTTP.
package workflows

import (
	"fmt"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// Names as the workflow engine stores them. They outlive releases: never change one, add the next.
const (
	EnhanceTicket   = "EnhanceTicket"
	EnhanceTicketV1 = "EnhanceTicketV1"
	EnhanceTicketV2 = "EnhanceTicketV2"

	ActivityFetchTicket   = string(enhancement.StepFetchTicket)
	ActivityTicketSearch  = string(enhancement.StepTicketSearch)
	ActivityDocSearch     = string(enhancement.StepDocSearch)
	ActivityIPSearch      = string(enhancement.StepIPSearch)
	ActivitySynthesize    = string(enhancement.StepSynthesize)
	ActivityUpdateTicket  = string(enhancement.StepUpdateTicket)
	ActivityRecordFailure = "record_failure"
	ActivityTidyNote      = "tidy_note"
	ActivityHoldJob       = "hold_job"
)

// Register is the table of everything the worker can run. A version stays until no history of it is under way any more.
func Register(r *workflow.Registry, a *Activities) error {
	for _, version := range []struct {
		name   string
		latest bool
		body   workflow.Workflow
	}{
		{EnhanceTicketV1, false, a.enhanceTicketV1},
		{EnhanceTicketV2, true, a.enhanceTicketV2},
	} {
		if err := r.AddVersionedWorkflowN(EnhanceTicket, version.name, version.latest, version.body); err != nil {
			return fmt.Errorf("register workflow %s: %w", version.name, err)
		}
	}
	return registerActivities(r, a)
}

func registerActivities(r *workflow.Registry, a *Activities) error {
	for name, activity := range map[string]workflow.Activity{
		ActivityFetchTicket:   a.FetchTicket,
		ActivityTicketSearch:  a.search(enhancement.StepTicketSearch),
		ActivityDocSearch:     a.search(enhancement.StepDocSearch),
		ActivityIPSearch:      a.search(enhancement.StepIPSearch),
		ActivitySynthesize:    a.Synthesize,
		ActivityUpdateTicket:  a.UpdateTicket,
		ActivityRecordFailure: a.RecordFailure,
		ActivityTidyNote:      a.TidyNote,
		ActivityHoldJob:       a.HoldJob,
	} {
		if err := r.AddActivityN(name, activity); err != nil {
			return fmt.Errorf("register activity %s: %w", name, err)
		}
	}
	return nil
}
