// Package page owns the page on which a technician says whether a note helped. It is public: a link in the note leads there, and
// nobody signs in.
package page

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

const (
	// timeout bounds the work on a request.
	timeout = 5 * time.Second
	// maxBody holds the longest comment with every byte of it escaped.
	maxBody = 16 << 10
)

// Tokens reads the tokens of links.
type Tokens interface {
	Open(token string) (feedback.Note, error)
}

// Votes keeps votes.
type Votes interface {
	Vote(ctx context.Context, n feedback.Note) (*feedback.Vote, error)
	Parts(ctx context.Context, n feedback.Note) ([]feedback.Part, error)
	Record(ctx context.Context, n feedback.Note, v feedback.Vote, on ...feedback.PartVote) (feedback.Vote, error)
}

// Deps are what the page works with.
type Deps struct {
	Tokens Tokens
	Votes  Votes
	// Client tells a request's address.
	Client func(*http.Request) netip.Addr
	// Voted hears of each vote that was taken; by default nobody does.
	Voted  func(tenantID, vote string)
	Now    func() time.Time
	Logger *slog.Logger
}

// Handler shows the page to GET, and takes a vote by POST: programs that look at links in mail and tickets only ever GET.
type Handler struct {
	deps      Deps
	pages     pages
	addresses *limit[netip.Prefix]
	notes     *limit[feedback.Note]
}

// New makes a Handler.
func New(d Deps) (*Handler, error) {
	if d.Voted == nil {
		d.Voted = func(string, string) {}
	}
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	addresses, err := newLimit[netip.Prefix](perAddress, d.Now)
	if err != nil {
		return nil, err
	}
	notes, err := newLimit[feedback.Note](perNote, d.Now)
	if err != nil {
		return nil, err
	}
	return &Handler{deps: d, pages: p, addresses: addresses, notes: notes}, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(telemetry.With(r.Context(), slog.String(telemetry.KeyOperation, "feedback")), timeout)
	defer cancel()
	v := h.answer(ctx, w, r)
	if err := h.pages.write(w, v); err != nil {
		h.deps.Logger.ErrorContext(ctx, "the page for feedback was not shown", "error", err)
	}
}

func (h *Handler) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) view {
	voting := r.Method == http.MethodPost
	if !voting && r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD, POST")
		return plain(http.StatusMethodNotAllowed, "This cannot be done", "Open the link in a browser.")
	}
	if wait := h.addresses.wait(origin.Site(h.deps.Client(r))); wait > 0 {
		return busy(wait)
	}
	note, err := h.deps.Tokens.Open(strings.TrimPrefix(r.URL.EscapedPath(), feedback.Path))
	if err != nil {
		return h.explain(ctx, err)
	}
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, note.TenantID), slog.String(telemetry.KeyJob, note.JobID))
	if !voting {
		before, err := h.deps.Votes.Vote(ctx, note)
		if err != nil {
			return h.explain(ctx, err)
		}
		parts, err := h.deps.Votes.Parts(ctx, note)
		if err != nil {
			return h.explain(ctx, err)
		}
		return form(before).asking(parts)
	}
	if wait := h.notes.wait(note); wait > 0 {
		return busy(wait)
	}
	return h.vote(ctx, w, r, note)
}

func (h *Handler) vote(ctx context.Context, w http.ResponseWriter, r *http.Request, note feedback.Note) view {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return again(feedback.Vote{}, "That could not be read. A comment has room for 1,000 characters.")
	}
	parts, err := h.deps.Votes.Parts(ctx, note)
	if err != nil {
		return h.explain(ctx, err)
	}
	given := feedback.Vote{
		Value: feedback.Value(r.PostForm.Get("vote")), Reason: feedback.Reason(r.PostForm.Get("reason")),
		// A browser counts a line end as one character, and sends two.
		Comment: strings.ReplaceAll(r.PostForm.Get("comment"), "\r\n", "\n"),
	}
	on, err := chosen(r.PostForm, parts)
	if err != nil {
		return again(given, "The note does not have this part, or not any more. Choose among these.").asking(parts)
	}
	recorded, err := h.deps.Votes.Record(ctx, note, given, on...)
	switch {
	case errors.Is(err, feedback.ErrInvalid):
		return again(given, "Use one of the two buttons, and at most 1,000 characters for a comment.").asking(parts)
	case errors.Is(err, feedback.ErrNoPart): // it was made again just now
		return again(given, "The note has changed meanwhile. Open the link again.")
	}
	if err != nil {
		return h.explain(ctx, err)
	}
	h.deps.Voted(note.TenantID, string(recorded.Value))
	h.deps.Logger.InfoContext(ctx, "feedback recorded", "vote", recorded.Value, "reason", recorded.Reason, "comment_length", len(recorded.Comment), "parts", len(on))
	return thanks(recorded).asking(after(parts, on))
}

// explain tells why there is no page, and nothing of notes or tenants.
func (h *Handler) explain(ctx context.Context, err error) view {
	switch {
	case errors.Is(err, feedback.ErrExpired):
		return plain(http.StatusGone, "This link has expired", "Feedback is taken for 90 days after a note was written.")
	case errors.Is(err, feedback.ErrForged), errors.Is(err, feedback.ErrNoNote):
		return plain(http.StatusNotFound, "There is nothing here", "The link is incomplete, or what it led to is gone. Copy it again from the note.")
	default:
		h.deps.Logger.ErrorContext(ctx, "feedback could not be taken", "error", err)
		return plain(http.StatusServiceUnavailable, "This does not work at the moment", "Please try again in a few minutes.")
	}
}

func busy(wait time.Duration) view {
	v := plain(http.StatusTooManyRequests, "That was too often", "Please try again in a minute.")
	v.RetryAfter = seconds(wait)
	return v
}
