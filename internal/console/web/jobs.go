package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// jobsPage is a page of jobs, with what they are filtered by.
type jobsPage struct {
	listPage[adminapi.Job]

	// TenantID is set on a tenant's own page.
	TenantID string
	Filters  []field
}

func statuses() []enhancement.Status {
	return []enhancement.Status{
		enhancement.StatusPending, enhancement.StatusRunning, enhancement.StatusCompleted, enhancement.StatusFailed,
	}
}

func (s *Site) listJobs(v *visit) error {
	asked := v.r.URL.Query()
	query := adminapi.JobQuery{Status: enhancement.Status(asked.Get("status")), TicketID: strings.TrimSpace(asked.Get("ticket_id"))}
	var err error
	if query.Since, err = moment(asked.Get("received_after")); err != nil {
		return err
	}
	if query.Until, err = moment(asked.Get("received_before")); err != nil {
		return err
	}
	page := jobsPage{TenantID: v.tenantID()}
	of, title := page.TenantID, "Jobs of "+page.TenantID
	if page.TenantID == "" {
		own := v.session.Tenants
		of, title = strings.TrimSpace(asked.Get("tenant_id")), "Jobs"
		if of == "" && len(own) > 0 { // the API tells of the whole platform to who may read all of it
			of = own[0]
		}
		page.Filters = append(page.Filters, tenantFilter(own, of))
	}
	page.Filters = append(page.Filters,
		field{Name: "status", Label: "Status", Kind: kindSelect, Options: append([]option{{Label: "All"}}, options(statuses(), query.Status)...)},
		field{Name: "ticket_id", Label: "Ticket id", Kind: kindText, Value: query.TicketID, MaxLength: maxTicket},
		field{Name: "received_after", Label: "Received from (UTC)", Kind: kindTime, Value: asked.Get("received_after")},
		field{Name: "received_before", Label: "until (UTC)", Kind: kindTime, Value: asked.Get("received_before")},
	)
	found, err := v.api.AllJobsPage(v.ctx, of, query, adminapi.Slice{Cursor: asked.Get("cursor"), Limit: rowsPerPage})
	if err != nil {
		return fmt.Errorf("list the jobs: %w", err)
	}
	page.listPage = listing(v, found)
	return s.show(v, "jobs", title, page)
}

// tenantFilter asks for any tenant or, a reader of some tenants only, for one of these.
func tenantFilter(own []string, chosen string) field {
	f := field{Name: "tenant_id", Label: "Tenant", Kind: kindText, Value: chosen, MaxLength: maxID}
	if len(own) > 0 {
		f.Kind, f.Options = kindSelect, options(own, chosen)
		for i := range f.Options {
			f.Options[i].Label = f.Options[i].Value
		}
	}
	return f
}

// jobPage is a job with its way, and its note where there is one that the reader may read.
type jobPage struct {
	Job     adminapi.Job
	Longest int64
	CostUSD float64
	// Live says that the job is not at its end, so that the page looks again.
	Live bool
	// TraceURL is where its trace is shown; empty when there is none, or nowhere to show it.
	TraceURL string
	Note     *adminapi.JobNote
	// NoteRefused: there may be a note, and the reader may not read notes.
	NoteRefused bool
}

func (s *Site) showJob(v *visit) error {
	jobID := mux.Vars(v.r)["job"]
	job, err := v.api.Job(v.ctx, v.tenantID(), jobID)
	if err != nil {
		return fmt.Errorf("show a job: %w", err)
	}
	page := jobPage{Job: job, Live: job.FinishedAt == nil}
	if s.cfg.TraceURL != "" && job.TraceID != "" {
		page.TraceURL = strings.ReplaceAll(s.cfg.TraceURL, TracePlace, url.PathEscape(job.TraceID))
	}
	for _, step := range job.Steps {
		page.Longest = max(page.Longest, step.DurationMS)
	}
	for _, c := range job.LLMCalls {
		page.CostUSD += c.CostUSD
	}
	note, err := v.api.JobNote(v.ctx, v.tenantID(), jobID)
	switch {
	case err == nil:
		page.Note = &note
	case refused(err):
		page.NoteRefused = true
	case adminapi.StatusOf(err) != http.StatusNotFound && adminapi.StatusOf(err) != http.StatusConflict: // no note yet, or none any more
		return fmt.Errorf("show a job's note: %w", err)
	}
	return s.show(v, "job", "Ticket "+job.TicketID, page)
}

var errNoRun = errors.New("the form does not say which run it is about")

// changeJob does what a button on a job's page is for, and shows the job as it is then.
func (s *Site) changeJob(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	jobID := mux.Vars(v.r)["job"]
	run, err := strconv.Atoi(values.Get("run"))
	if err != nil {
		return &adminapi.Problem{Status: http.StatusBadRequest, Title: "Incomplete form", Detail: errNoRun.Error()}
	}
	switch mux.Vars(v.r)["action"] {
	case "retry":
		_, err = v.api.RetryJob(v.ctx, v.tenantID(), jobID)
	case "rerun":
		_, err = v.api.RerunJob(v.ctx, v.tenantID(), jobID, adminapi.RerunJob{Run: run, Refetch: values.Has("refetch")})
	default:
		_, err = v.api.CancelJob(v.ctx, v.tenantID(), jobID, adminapi.CancelJob{Run: run, Note: values.Get("note")})
	}
	if err != nil {
		return fmt.Errorf("change a job: %w", err)
	}
	return v.leadTo(jobPath(v.tenantID(), jobID))
}
