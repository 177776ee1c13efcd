package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// rowsPerPage is how many rows a list shows.
const rowsPerPage = 50

func (s *Site) show(v *visit, page, title string, data any) error {
	s.views.write(s.cfg.Logger, v.w, http.StatusOK, page, frame{Title: title, Person: v.session.Subject, Data: data})
	return nil
}

// refused says whether err is that the reader may not read something: a page leaves that part out, and shows the rest.
func refused(err error) bool { return adminapi.StatusOf(err) == http.StatusForbidden }

// reached collects what the API tells of the whole platform or, for a reader of some tenants only, of each of these.
func reached[T any](v *visit, ask func(tenantID string) ([]T, error)) ([]T, error) {
	if len(v.session.Tenants) == 0 {
		return ask("")
	}
	var all []T
	for _, id := range v.session.Tenants {
		some, err := ask(id)
		if adminapi.StatusOf(err) == http.StatusNotFound { // the tenant was purged
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func accounts(v *visit) ([]adminapi.QueueAccount, error) {
	return reached(v, func(id string) ([]adminapi.QueueAccount, error) { return v.api.QueueAccounts(v.ctx, id) })
}

// overviewPage is how the platform stands.
type overviewPage struct {
	Accounts []adminapi.QueueAccount
	Sum      adminapi.QueueAccount
	Pauses   []adminapi.Pause
	Errors   []adminapi.Error
}

func (s *Site) overview(v *visit) error {
	var (
		page overviewPage
		err  error
	)
	if page.Accounts, err = accounts(v); err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	for _, a := range page.Accounts {
		page.Sum.Waiting += a.Waiting
		page.Sum.Running += a.Running
		page.Sum.Held += a.Held
		page.Sum.Failed += a.Failed
		page.Sum.Troubled += a.Troubled
	}
	if page.Pauses, err = reached(v, func(id string) ([]adminapi.Pause, error) { return v.api.Pauses(v.ctx, id) }); err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	since := s.cfg.Now().Add(-day)
	page.Errors, err = reached(v, func(id string) ([]adminapi.Error, error) { return v.api.Errors(v.ctx, id, since) })
	if err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	return s.show(v, "overview", "Overview", page)
}

// listPage is a page of a list. Next is the address of the following one; empty at the end.
type listPage[T any] struct {
	Items []T
	Next  string
}

// listing makes a page of the list at the present address, with what is filtered by kept.
func listing[T any](v *visit, page adminapi.Page[T]) listPage[T] {
	shown := listPage[T]{Items: page.Items}
	if page.Next != "" {
		query := v.r.URL.Query()
		query.Set("cursor", page.Next)
		shown.Next = v.r.URL.EscapedPath() + "?" + query.Encode()
	}
	return shown
}

func (s *Site) listTenants(v *visit) error {
	if len(v.session.Tenants) > 0 {
		own, err := reached(v, func(id string) ([]adminapi.Tenant, error) {
			t, err := v.api.Tenant(v.ctx, id)
			return []adminapi.Tenant{t}, err
		})
		if err != nil {
			return fmt.Errorf("list the tenants: %w", err)
		}
		return s.show(v, "tenants", "Tenants", listPage[adminapi.Tenant]{Items: own})
	}
	query := v.r.URL.Query()
	page, err := v.api.TenantsPage(v.ctx, adminapi.TenantStatus(query.Get("status")), adminapi.Slice{Cursor: query.Get("cursor"), Limit: rowsPerPage})
	if err != nil {
		return fmt.Errorf("list the tenants: %w", err)
	}
	return s.show(v, "tenants", "Tenants", listing(v, page))
}

// tenantPage is a tenant with what is known of it.
type tenantPage struct {
	Tenant adminapi.Tenant
	Usage  *adminapi.TenantUsage
	// Tested is what a test of its connections found; nil when none was asked for.
	Tested []tested
}

// tested is one of the connections that were tried.
type tested struct {
	adminapi.Probe

	Name string
}

func (s *Site) showTenant(v *visit) error {
	page, err := s.tenantPage(v)
	if err != nil {
		return err
	}
	return s.show(v, "tenant", page.Tenant.Name, page)
}

func (*Site) tenantPage(v *visit) (page tenantPage, err error) {
	if page.Tenant, err = v.api.Tenant(v.ctx, v.tenantID()); err != nil {
		return page, fmt.Errorf("show a tenant: %w", err)
	}
	usage, err := v.api.Usage(v.ctx, v.tenantID(), "", "")
	switch {
	case err == nil:
		page.Usage = &usage
	case !refused(err):
		return page, fmt.Errorf("show what a tenant used: %w", err)
	}
	return page, nil
}

func (s *Site) testConnection(v *visit) error {
	page, err := s.tenantPage(v)
	if err != nil {
		return err
	}
	found, err := v.api.TestConnections(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("test the connections: %w", err)
	}
	page.Tested = []tested{
		{found.ServiceDesk, "ServiceDesk Plus"},
		{found.Knowledge, "Knowledge base"},
		{found.LLM, "Language model"},
		{found.LLMFallback, "Language model, second choice"},
	}
	return s.show(v, "tenant", page.Tenant.Name, page)
}

// jobsPage is a page of a tenant's jobs, with what they are filtered by.
type jobsPage struct {
	listPage[adminapi.Job]

	TenantID string
	Query    adminapi.JobQuery
	Statuses []enhancement.Status
}

func (s *Site) listJobs(v *visit) error {
	asked := v.r.URL.Query()
	query := adminapi.JobQuery{Status: enhancement.Status(asked.Get("status")), TicketID: asked.Get("ticket_id")}
	page, err := v.api.JobsPage(v.ctx, v.tenantID(), query, adminapi.Slice{Cursor: asked.Get("cursor"), Limit: rowsPerPage})
	if err != nil {
		return fmt.Errorf("list the jobs: %w", err)
	}
	return s.show(v, "jobs", "Jobs of "+v.tenantID(), jobsPage{
		listPage: listing(v, page), TenantID: v.tenantID(), Query: query,
		Statuses: []enhancement.Status{
			enhancement.StatusPending, enhancement.StatusRunning, enhancement.StatusCompleted, enhancement.StatusFailed,
		},
	})
}

// jobPage is a job with its way, and its note where there is one that the reader may read.
type jobPage struct {
	Job     adminapi.Job
	Longest int64
	CostUSD float64
	Note    *adminapi.JobNote
	// NoteRefused: there may be a note, and the reader may not read notes.
	NoteRefused bool
}

func (s *Site) showJob(v *visit) error {
	jobID := mux.Vars(v.r)["job"]
	job, err := v.api.Job(v.ctx, v.tenantID(), jobID)
	if err != nil {
		return fmt.Errorf("show a job: %w", err)
	}
	page := jobPage{Job: job}
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
	if err := v.r.ParseForm(); err != nil {
		return fmt.Errorf("read the form: %w", err)
	}
	jobID := mux.Vars(v.r)["job"]
	run, err := strconv.Atoi(v.r.PostForm.Get("run"))
	if err != nil {
		return &adminapi.Problem{Status: http.StatusBadRequest, Title: "Incomplete form", Detail: errNoRun.Error()}
	}
	switch mux.Vars(v.r)["action"] {
	case "retry":
		_, err = v.api.RetryJob(v.ctx, v.tenantID(), jobID)
	case "rerun":
		_, err = v.api.RerunJob(v.ctx, v.tenantID(), jobID, adminapi.RerunJob{Run: run, Refetch: v.r.PostForm.Has("refetch")})
	default:
		_, err = v.api.CancelJob(v.ctx, v.tenantID(), jobID, adminapi.CancelJob{Run: run, Note: v.r.PostForm.Get("note")})
	}
	if err != nil {
		return fmt.Errorf("change a job: %w", err)
	}
	// A reload of what follows does nothing again.
	http.Redirect(v.w, v.r, jobPath(v.tenantID(), jobID), http.StatusSeeOther)
	return nil
}

// queuePage is what waits, and what could not be read.
type queuePage struct {
	Accounts []adminapi.QueueAccount
	Letters  []adminapi.DeadLetter
	// LettersRefused: dead letters belong to no tenant, and the reader may read some tenants only.
	LettersRefused bool
}

func (s *Site) showQueue(v *visit) error {
	waiting, err := accounts(v)
	if err != nil {
		return fmt.Errorf("show the queue: %w", err)
	}
	page := queuePage{Accounts: waiting}
	page.Letters, err = v.api.DeadLetters(v.ctx, rowsPerPage)
	if page.LettersRefused = refused(err); err != nil && !page.LettersRefused {
		return fmt.Errorf("show the dead letters: %w", err)
	}
	return s.show(v, "queue", "Queue and dead letters", page)
}
