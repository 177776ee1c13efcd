// Package knowledgetest owns a knowledge base to test and play with: a stateful fake of the API in
// the comment of package knowledge, for one tenant, which finds articles by their words and can be made to
// misbehave while it runs.
package knowledgetest

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Article is what the knowledge base holds. Keywords are further words it is found by.
type Article struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Summary  string   `json:"summary"`
	URL      string   `json:"url"`
	Keywords []string `json:"keywords,omitempty"`
}

// Options describe a knowledge base.
type Options struct {
	// APIKey is what searches must carry; none when empty.
	APIKey   string
	Articles []Article
	// Clock dates the calls; time.Now when nil.
	Clock func() time.Time
}

// Call is one search that arrived. Its Status is 0 when the caller went away without an answer, or is
// still waiting for one.
type Call struct {
	At         time.Time `json:"at"`
	Query      string    `json:"query"`
	Limit      int       `json:"limit"`
	Authorized bool      `json:"authorized"`
	Status     int       `json:"status"`
}

// Server serves GET /search and, for readers who follow a link, GET /articles/{id} as a page. Mount it
// below a prefix with http.StripPrefix. It is safe for concurrent use.
type Server struct {
	apiKey string
	clock  func() time.Time
	routes *http.ServeMux

	mu       sync.Mutex
	articles []Article
	calls    []*Call
	faults   Faults
	// changed is closed when the faults change, which releases the searches that hang.
	changed chan struct{}
}

var _ http.Handler = (*Server)(nil)

// maxCalls is how many calls are remembered, the newest ones.
const maxCalls = 1000

// New makes a knowledge base.
func New(opts Options) *Server {
	s := &Server{
		apiKey: opts.APIKey, clock: opts.Clock, articles: slices.Clone(opts.Articles),
		routes: http.NewServeMux(), changed: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.routes.HandleFunc("GET /search", s.search)
	s.routes.HandleFunc("GET /articles/{id}", s.page)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// AddArticle adds a, in place of the one with the same ID if there is one.
func (s *Server) AddArticle(a Article) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.articles = slices.DeleteFunc(s.articles, func(old Article) bool { return old.ID == a.ID })
	s.articles = append(s.articles, a)
}

// Calls are the searches so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Call, len(s.calls))
	for i, call := range s.calls {
		calls[i] = *call
	}
	return calls
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	call := Call{
		At: s.clock(), Query: r.URL.Query().Get("q"), Limit: limit,
		Authorized: s.apiKey == "" || r.Header.Get("Authorization") == "Bearer "+s.apiKey,
	}
	answered := s.arrived(call)
	if s.misbehave(w, r, answered) {
		return
	}
	switch {
	case !call.Authorized:
		answered.json(w, http.StatusUnauthorized, map[string]string{"error": "unknown API key"})
	case err != nil || limit < 1 || strings.TrimSpace(call.Query) == "":
		answered.json(w, http.StatusBadRequest, map[string]string{"error": "q and limit are required"})
	default:
		answered.json(w, http.StatusOK, map[string]any{"articles": s.match(call.Query, limit)})
	}
}

// answer sends body and records the status with the call.
type answer func(w http.ResponseWriter, status int, contentType, body string)

func (a answer) json(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		a(w, http.StatusInternalServerError, "text/plain", err.Error())
		return
	}
	a(w, status, "application/json", string(encoded))
}

// arrived records call and returns what answers it.
func (s *Server) arrived(call Call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == maxCalls {
		s.calls = slices.Delete(s.calls, 0, 1)
	}
	s.calls = append(s.calls, &call)
	return func(w http.ResponseWriter, status int, contentType, body string) {
		s.mu.Lock()
		call.Status = status
		s.mu.Unlock()
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // fails when the caller has gone, who then does not miss it
	}
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	i := slices.IndexFunc(s.articles, func(a Article) bool { return a.ID == r.PathValue("id") })
	var found Article
	if i >= 0 {
		found = s.articles[i]
	}
	s.mu.Unlock()
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	const layout = `<!doctype html><title>{{.Title}}</title><h1>{{.Title}}</h1><p>{{.Summary}}</p>`
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = template.Must(template.New("article").Parse(layout)).Execute(w, found) // as above
}
