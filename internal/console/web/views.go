package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/*
var assets embed.FS

// frame is what the layout shows around a page.
type frame struct {
	Title string
	// Person is who is signed in; empty for nobody.
	Person string
	// Path is where the page is.
	Path string
	Data any

	permissions []string
}

// May says whether the reader has the permission. The API decides; pages leave out what it would refuse.
func (f frame) May(permission string) bool { return slices.Contains(f.permissions, permission) }

// entry is a page that the layout leads to.
type entry struct {
	Path, Name string
	Here       bool
}

// Pages are those that the reader is led to from everywhere.
func (f frame) Pages() []entry {
	all := []entry{{Path: "/", Name: "Overview"}, {Path: pathTenants, Name: "Tenants"}, {Path: pathJobs, Name: "Jobs"}, {Path: pathQueue, Name: "Queue"}}
	if f.May(string(access.AuditRead)) {
		all = append(all, entry{Path: pathAudit, Name: "Audit log"})
	}
	for i := range all {
		all[i].Here = f.Path == all[i].Path
	}
	return all
}

// message is a page that tells something or, with a status, that something went wrong.
type message struct {
	Status      int
	Title, Text string
	Items       []string
	Correlation string
	// Back is where it leads; to the overview when empty.
	Back string
}

// views are the pages' templates, each with the layout.
type views struct{ pages map[string]*template.Template }

func newViews() (*views, error) {
	shared := []string{"templates/layout.html", "templates/partials.html"}
	layout, err := template.New("layout.html").Funcs(template.FuncMap{
		"at": at, "stamp": stamp, "since": since, "millis": millis, "usd": usd, "percent": percent, "words": words,
		"tenantPath": tenantPath, "jobPath": jobPath, "workerPath": workerPath, "runbook": runbook, "document": noteDocument,
	}).ParseFS(templates, shared...)
	if err != nil {
		return nil, fmt.Errorf("read the pages' layout: %w", err)
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("find the pages: %w", err)
	}
	v := &views{pages: map[string]*template.Template{}}
	for _, name := range names {
		if slices.Contains(shared, name) {
			continue
		}
		page, err := layout.Clone()
		if err != nil {
			return nil, fmt.Errorf("read the page %s: %w", name, err)
		}
		if page, err = page.ParseFS(templates, name); err != nil {
			return nil, fmt.Errorf("read the page %s: %w", name, err)
		}
		v.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return v, nil
}

// write shows a page. It is rendered whole before any of it is sent, so that there is none that ends in its middle.
func (v *views) write(logger *slog.Logger, w http.ResponseWriter, status int, name string, f frame) {
	var body bytes.Buffer
	if err := v.pages[name].ExecuteTemplate(&body, "layout.html", f); err != nil {
		logger.Error("a page was not rendered", "page", name, "error", err)
		http.Error(w, "This page cannot be shown. The console's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the reader has gone when this fails
}

// style serves what the pages load. It is the same for everybody.
func style() http.Handler {
	files := http.FileServerFS(assets)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		files.ServeHTTP(w, r)
	})
}

// at is a time as pages show it: in UTC, as logs have it.
func at(t any) string {
	switch t := t.(type) {
	case time.Time:
		return t.UTC().Format("2006-01-02 15:04:05")
	case *time.Time:
		if t != nil {
			return at(*t)
		}
	}
	return "–"
}

// stamp is a time with nothing left out, for forms that send it back.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// since is how long it took from one time to the other; a dash when either is not known.
func since(from time.Time, to *time.Time) string {
	if to == nil {
		return "–"
	}
	return to.Sub(from).Round(time.Millisecond).String()
}

func millis(n int64) string { return (time.Duration(n) * time.Millisecond).String() }

func usd(v float64) string { return "$" + strconv.FormatFloat(v, 'f', 4, 64) }

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 0, 64) + " %" }

// words shows a name of the API as text: over_soft as "over soft".
func words(name any) string { return strings.ReplaceAll(fmt.Sprint(name), "_", " ") }

// runbook is where the file of that name below docs/runbooks is read.
func runbook(name string) string { return adminapi.Runbooks + name }

func tenantPath(id string) string { return pathTenants + "/" + url.PathEscape(id) }

func workerPath(replica string) string { return pathWorkers + "/" + url.PathEscape(replica) }

// noteDocument is a note as a document of its own, for the srcdoc of a frame in which nothing runs. The template escapes it as it does any
// attribute, and the page's policy holds in the frame, too.
func noteDocument(markup string) string {
	return `<!doctype html><html lang="en"><title>Note</title>` + markup
}

func jobPath(tenantID, jobID string) string {
	return tenantPath(tenantID) + "/jobs/" + url.PathEscape(jobID)
}
