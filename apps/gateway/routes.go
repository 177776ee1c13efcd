package main

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const routeWebhook = "/webhook/servicedesk"

// publicRoutes is all that the outside can reach. A path leads there only as it is written: the router neither cleans nor
// decodes it, so that a proxy's rule for a path cannot be got around with another spelling, and nothing is redirected.
func publicRoutes(webhooks, feedbackPage http.Handler) http.Handler {
	r := mux.NewRouter().SkipClean(true).UseEncodedPath()
	r.Handle(routeWebhook, webhooks).Methods(http.MethodPost)
	r.PathPrefix(feedback.Path).Handler(feedbackPage)
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem{Status: http.StatusNotFound, Detail: "there is nothing here"})
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", http.MethodPost)
		writeProblem(w, problem{Status: http.StatusMethodNotAllowed, Detail: "use POST"})
	})
	return r
}

// internalRoutes is for the sidecar, probes and the scraper.
func internalRoutes(health *httpserver.Health, metrics *telemetry.Metrics, changes http.Handler) http.Handler {
	r := mux.NewRouter()
	r.Handle(event.RouteTenantChanged, changes).Methods(http.MethodPost)
	r.HandleFunc("/healthz", health.Live).Methods(http.MethodGet)
	r.HandleFunc("/readyz", health.Ready).Methods(http.MethodGet)
	r.Handle("/metrics", metrics.Handler()).Methods(http.MethodGet)
	return r
}

// problem is an error as the sender sees it: problem details by RFC 9457, with the wrong fields.
type problem struct {
	Title  string               `json:"title"`
	Status int                  `json:"status"`
	Detail string               `json:"detail"`
	Errors []webhook.FieldError `json:"errors,omitempty"`
	// RetryAfter in seconds goes into the header of that name; 0 for none.
	RetryAfter int `json:"-"`
}

func writeProblem(w http.ResponseWriter, p problem) {
	p.Title = http.StatusText(p.Status)
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	writeBody(w, "application/problem+json", p.Status, p)
}

func writeBody(w http.ResponseWriter, contentType string, status int, body any) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The sender has gone when this fails, and the status is sent.
	_ = json.NewEncoder(w).Encode(body)
}
