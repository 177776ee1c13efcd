package simulator

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/microcosm-cc/bluemonday"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

//go:embed viewer
var viewerFiles embed.FS

// contentPolicy lets a page load its style sheet and nothing else, so that even markup that slipped
// through the sanitiser twice could do nothing.
const contentPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// reloadSeconds is how often a ticket's page looks whether its note has arrived.
const reloadSeconds = 3

// pages are the views for people.
type pages struct {
	templates *template.Template
	policy    *bluemonday.Policy
}

func newPages() *pages {
	policy := bluemonday.NewPolicy()
	policy.AllowElements("h1", "h2", "h3", "h4", "p", "br", "b", "i", "em", "strong", "ul", "ol", "li", "code", "pre",
		"table", "thead", "tbody", "tr", "td", "th")
	policy.AllowAttrs("href").OnElements("a")
	policy.AllowURLSchemes("http", "https")
	policy.RequireParseableURLs(true)
	policy.RequireNoReferrerOnLinks(true)
	policy.AddTargetBlankToFullyQualifiedLinks(true)
	functions := template.FuncMap{
		"day":   func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"clock": func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
	return &pages{
		templates: template.Must(template.New("").Funcs(functions).ParseFS(viewerFiles, "viewer/*.html")),
		policy:    policy,
	}
}

// noteView is a note as a technician sees it.
type noteView struct {
	servicedesktest.Note

	HTML template.HTML
	// Plain says that the note has no markup of HTML's: its lines are to be kept.
	Plain bool
}

type ticketView struct {
	Tenant string
	Ticket Ticket
	// Description and Resolution are sanitised.
	Description, Resolution template.HTML
	Notes                   []noteView
	Reload                  int
}

// tenantView is a tenant on the first page.
type tenantView struct {
	TenantInfo

	Open, Resolved []Ticket
}

func (w *World) viewerRoutes(r *mux.Router) {
	r.Handle("/", w.answer(w.indexPage)).Methods(http.MethodGet)
	r.Handle("/tickets/{tenant}/{id}", w.forTenant(w.ticketPage)).Methods(http.MethodGet)
	r.Handle("/style.css", w.answer(styleSheet)).Methods(http.MethodGet)
}

func (w *World) indexPage(rw http.ResponseWriter, _ *http.Request) error {
	var tenants []tenantView
	for _, d := range w.sorted() {
		view := tenantView{TenantInfo: w.info(d)}
		for _, r := range d.newestFirst() {
			if r.Status == statusResolved {
				view.Resolved = append(view.Resolved, w.summary(d, r))
			} else {
				view.Open = append(view.Open, w.summary(d, r))
			}
		}
		tenants = append(tenants, view)
	}
	return w.pages.show(rw, "index.html", map[string]any{"Tenants": tenants})
}

func (w *World) ticketPage(d *desk, rw http.ResponseWriter, r *http.Request) error {
	found, err := d.ticket(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	view := ticketView{Tenant: d.id, Ticket: w.detail(d, found)}
	view.Description = w.pages.clean(found.Description)
	view.Resolution = w.pages.clean(found.Resolution)
	for _, n := range view.Ticket.Notes {
		view.Notes = append(view.Notes, noteView{n, w.pages.clean(n.Description), !strings.Contains(n.Description, "<")})
	}
	if len(view.Notes) == 0 && found.Status != statusResolved {
		view.Reload = reloadSeconds
	}
	return w.pages.show(rw, "ticket.html", view)
}

// clean sanitises again what the fake server has sanitised: the page does not rely on it.
func (p *pages) clean(source string) template.HTML {
	return template.HTML(p.policy.Sanitize(source)) //nolint:gosec // sanitised
}

// show renders before it answers, so that a page that fails half way is not sent.
func (p *pages) show(rw http.ResponseWriter, name string, data any) error {
	var page bytes.Buffer
	if err := p.templates.ExecuteTemplate(&page, name, data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	send(rw, "text/html; charset=utf-8", page.Bytes())
	return nil
}

func styleSheet(rw http.ResponseWriter, _ *http.Request) error {
	css, err := fs.ReadFile(viewerFiles, "viewer/style.css")
	if err != nil {
		return errors.Join(errors.New("the style sheet is not embedded"), err)
	}
	send(rw, "text/css; charset=utf-8", css)
	return nil
}

func send(rw http.ResponseWriter, contentType string, body []byte) {
	h := rw.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = rw.Write(body) // the reader has gone when this fails
}
