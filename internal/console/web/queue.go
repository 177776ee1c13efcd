package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// queuePage is what waits, what was paused, who works, and what could not be read.
type queuePage struct {
	Accounts []adminapi.QueueAccount
	Pauses   []adminapi.Pause
	Workers  []adminapi.Worker
	Letters  []adminapi.DeadLetter
	// PlatformRefused: workers and dead letters belong to no tenant, and the reader may read some tenants only.
	PlatformRefused bool
	Pause           form
}

func pauses(v *visit) ([]adminapi.Pause, error) {
	all, err := reached(v, func(id string) ([]adminapi.Pause, error) { return v.api.Pauses(v.ctx, id) })
	// The pause of all tenants is told with each tenant.
	return slices.CompactFunc(all, func(a, b adminapi.Pause) bool { return a.TenantID == "" && b.TenantID == "" && a.Scope == b.Scope }), err
}

func (s *Site) showQueue(v *visit) error {
	page, err := s.queuePage(v)
	if err != nil {
		return err
	}
	return s.show(v, "queue", "Queue and dead letters", page)
}

func (*Site) queuePage(v *visit) (page queuePage, err error) {
	if page.Accounts, err = accounts(v); err != nil {
		return page, fmt.Errorf("show the queue: %w", err)
	}
	if page.Pauses, err = pauses(v); err != nil && !refused(err) {
		return page, fmt.Errorf("show the pauses: %w", err)
	}
	page.Letters, err = v.api.DeadLetters(v.ctx, rowsPerPage)
	if page.PlatformRefused = refused(err); err != nil && !page.PlatformRefused {
		return page, fmt.Errorf("show the dead letters: %w", err)
	}
	if page.Workers, err = v.api.Workers(v.ctx); err != nil && !refused(err) {
		return page, fmt.Errorf("show the workers: %w", err)
	}
	page.Pause = pauseForm(v.session.Tenants)
	return page, nil
}

func pauseForm(own []string) form {
	whose := field{Name: "tenant_id", Label: "Tenant", Kind: kindText, Hint: "Empty for all tenants.", MaxLength: maxID}
	if len(own) > 0 {
		whose = tenantFilter(own, "")
	}
	return form{Groups: []group{{Legend: "Pause", Fields: []field{
		whose,
		{
			Name: "scope", Label: "What", Kind: kindSelect, Options: options([]enhancement.PauseScope{enhancement.PauseProcessing, enhancement.PauseIntake}),
			Hint: "Processing: webhooks are accepted, and jobs wait. Intake: webhooks are answered 503, and the desk has to send them again.",
		},
		{Name: "reason", Label: "Why, as others will read it", Kind: kindText, Required: true, MaxLength: maxLine},
		{Name: "minutes", Label: "For how many minutes", Kind: kindNumber, Min: "1", Step: "1", Hint: "Empty: until somebody ends it."},
	}}}}
}

// beginPause pauses a tenant, or all of them.
func (s *Site) beginPause(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	in := adminapi.BeginPause{Reason: values.Get("reason")}
	if text := strings.TrimSpace(values.Get("minutes")); text != "" {
		minutes, err := strconv.Atoi(text)
		if most := int(adminapi.LongestPause / time.Minute); err != nil || minutes < 1 || minutes > most {
			return &adminapi.Problem{
				Status: http.StatusUnprocessableEntity, Title: "That is no duration", Detail: fmt.Sprintf("Say how many minutes: a number from 1 to %d.", most),
			}
		}
		in.Seconds = int((time.Duration(minutes) * time.Minute).Seconds())
	}
	begun, err := v.api.Pause(v.ctx, strings.TrimSpace(values.Get("tenant_id")), enhancement.PauseScope(values.Get("scope")), in)
	if err != nil {
		return fmt.Errorf("pause: %w", err)
	}
	whose := "All tenants: "
	if begun.TenantID != "" {
		whose = begun.TenantID + ": "
	}
	s.views.write(s.cfg.Logger, v.w, http.StatusOK, "message", v.frame("Paused", message{
		Text: whose + words(begun.Scope) + " is paused.", Items: begun.Notes, Back: pathQueue,
	}))
	return nil
}

// endPause resumes what was paused.
func (*Site) endPause(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	if _, err := v.api.Resume(v.ctx, values.Get("tenant_id"), enhancement.PauseScope(values.Get("scope"))); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return v.leadTo(pathQueue)
}

// changeWorker drains a worker, or has it take work again.
func (*Site) changeWorker(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	replica := mux.Vars(v.r)["replica"]
	if mux.Vars(v.r)["action"] == "drain" {
		_, err = v.api.DrainWorker(v.ctx, replica, adminapi.DrainWorker{EvenLast: values.Has("even_last")})
	} else {
		_, err = v.api.UndrainWorker(v.ctx, replica)
	}
	if err != nil {
		return fmt.Errorf("change a worker: %w", err)
	}
	return v.leadTo(pathQueue)
}

// tenantQueuePage is a part of a tenant's queue, and what can be done with all of it.
type tenantQueuePage struct {
	TenantID string
	Filters  []field
	// Selected are the values that the forms carry, so that the change is of what was seen.
	Selected []field
	Retry    *adminapi.QueuePreview
	Drop     *adminapi.QueuePreview
	// Refused: the reader may look, and not change.
	Refused bool
}

// selection is what was chosen of a queue.
func selection(get func(string) string) (adminapi.QueueSelection, error) {
	s := adminapi.QueueSelection{TicketID: strings.TrimSpace(get("ticket_id")), Reason: strings.TrimSpace(get("reason"))}
	after, err := moment(get("received_after"))
	if err != nil {
		return s, err
	}
	before, err := moment(get("received_before"))
	if err != nil {
		return s, err
	}
	if !after.IsZero() {
		s.ReceivedAfter = &after
	}
	if !before.IsZero() {
		s.ReceivedBefore = &before
	}
	return s, nil
}

// selects says whether s leaves anything out: the API wants to be told when all is meant.
func selects(s adminapi.QueueSelection) bool {
	return s.TicketID != "" || s.Reason != "" || s.ReceivedAfter != nil || s.ReceivedBefore != nil
}

// showTenantQueue looks at what could be begun anew or dropped, by dry runs of both.
func (s *Site) showTenantQueue(v *visit) error {
	get := v.r.URL.Query().Get
	chosen, err := selection(get)
	if err != nil {
		return err
	}
	page := tenantQueuePage{TenantID: v.tenantID(), Filters: []field{
		{Name: "reason", Label: "Reason has", Kind: kindText, Value: get("reason"), MaxLength: maxLine},
		{Name: "ticket_id", Label: "Ticket id", Kind: kindText, Value: get("ticket_id"), MaxLength: maxTicket},
		{Name: "received_after", Label: "Received from (UTC)", Kind: kindTime, Value: get("received_after")},
		{Name: "received_before", Label: "until (UTC)", Kind: kindTime, Value: get("received_before")},
	}}
	page.Selected = page.Filters
	dry := adminapi.QueueChange{QueueSelection: chosen, All: !selects(chosen), DryRun: true}
	begun, err := v.api.RetryQueue(v.ctx, page.TenantID, dry)
	switch {
	case refused(err):
		page.Refused = true
		return s.show(v, "tenantqueue", "Queue of "+page.TenantID, page)
	case err != nil:
		return fmt.Errorf("look at a queue: %w", err)
	}
	page.Retry = begun.Preview
	dropped, err := v.api.DropQueue(v.ctx, page.TenantID, adminapi.QueueDrop{QueueChange: dry, Note: "only looked at"})
	if err != nil {
		return fmt.Errorf("look at a queue: %w", err)
	}
	page.Drop = dropped.Preview
	return s.show(v, "tenantqueue", "Queue of "+page.TenantID, page)
}

// changeTenantQueue begins the selected jobs anew, or drops them, as they were when they were looked at.
func (s *Site) changeTenantQueue(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	chosen, err := selection(values.Get)
	if err != nil {
		return err
	}
	asOf, err := time.Parse(time.RFC3339Nano, values.Get("as_of"))
	if err != nil {
		return &adminapi.Problem{Status: http.StatusBadRequest, Title: "Incomplete form", Detail: "The form does not say as of when the jobs were looked at."}
	}
	change := adminapi.QueueChange{QueueSelection: chosen, All: !selects(chosen), AsOf: &asOf}
	done, verb := 0, "begun anew, or released"
	for {
		var changed adminapi.QueueChanged
		if mux.Vars(v.r)["action"] == "retry" {
			changed, err = v.api.RetryQueue(v.ctx, v.tenantID(), change)
		} else {
			verb = "dropped"
			changed, err = v.api.DropQueue(v.ctx, v.tenantID(), adminapi.QueueDrop{QueueChange: change, Note: values.Get("note")})
		}
		done += changed.Done
		if err != nil && done > 0 {
			s.cfg.Logger.WarnContext(v.ctx, "a queue was changed in part", "done", done, "error", err)
			return &adminapi.Problem{
				Status: http.StatusServiceUnavailable, Title: "Not all was done",
				Detail: fmt.Sprintf("%d jobs were %s, then it went no further. Look at the queue again and go on.", done, verb),
			}
		}
		if err != nil {
			return fmt.Errorf("change a queue: %w", err)
		}
		if changed.Next == "" {
			break
		}
		change.Cursor = changed.Next
	}
	s.views.write(s.cfg.Logger, v.w, http.StatusOK, "message", v.frame("Done", message{
		Text: fmt.Sprintf("%d jobs were %s.", done, verb), Back: tenantPath(v.tenantID()) + "/queue",
	}))
	return nil
}
