// Package gather owns the question "what do we know that helps with this ticket?": the kinds of
// context, one source of each kind, and what a source found. The sources themselves are its
// subpackages.
package gather

import (
	"context"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Kind is what a source finds.
type Kind string

// The kinds of context. They prefix citation ids, so they are part of what is stored.
const (
	KindTicket  Kind = "ticket"
	KindArticle Kind = "article"
	KindSystem  Kind = "system"
)

// Query is what a source searches by. It belongs to one tenant, and nothing outside of that tenant
// may be found.
type Query struct {
	TenantID string
	Ticket   ticket.Ticket
	// AsOf, when set, asks for what was known then: past tickets that were resolved later are left out.
	AsOf time.Time
}

// Item is one thing that was found. Kind decides which of the fields have a meaning.
type Item struct {
	Kind Kind `json:"kind"`
	// ID is the source's own: a ticket id, an article id, a host name, with its address where that was mentioned.
	ID string `json:"id"`
	// Title is a past ticket's subject, an article's title, a host name, a network.
	Title string `json:"title,omitempty"`
	// Text is a past ticket's description, an article's passage, or why a system is listed, unless its address says it;
	// plain text.
	Text string `json:"text,omitempty"`
	// Relevance lies between 0 and 1 and compares items of one kind.
	Relevance float64 `json:"relevance"`
	URL       string  `json:"url,omitempty"`

	// Of a past ticket.
	Resolution string    `json:"resolution,omitempty"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	// Similar is how many more past tickets are nearly the same as this one.
	Similar int `json:"similar,omitempty"`
	// People are the names of its requester and technician.
	People []string `json:"people,omitempty"`

	// Of a system.
	Address  string `json:"address,omitempty"`
	Role     string `json:"role,omitempty"`
	Client   string `json:"client,omitempty"`
	Location string `json:"location,omitempty"`
}

// Result is what a source has to say. No items is an answer, not an error.
type Result struct {
	Items []Item `json:"items"`
	// Note says what was wrong with an answer that is still of use ("cached copy from 10:12");
	// empty for a full one.
	Note string `json:"note,omitempty"`
}

// Origin is where a row that a source searches came from. It decides who may remove it: what was mirrored from
// ServiceDesk Plus goes when it is gone there, what came from a file stays.
type Origin string

// The origins. They are stored.
const (
	OriginFile        Origin = "file"
	OriginServiceDesk Origin = "servicedesk"
)

// Change is what putting rows did to them.
type Change struct {
	Added, Changed, Unchanged int
}

// Plus is both changes together.
func (c Change) Plus(d Change) Change {
	return Change{Added: c.Added + d.Added, Changed: c.Changed + d.Changed, Unchanged: c.Unchanged + d.Unchanged}
}

// Source finds one kind of context. Find honours ctx's deadline; an error means that the source could
// not be asked; unless it is a PermanentError, asking again may help.
type Source interface {
	Kind() Kind
	Find(ctx context.Context, q Query) (Result, error)
}

// PermanentError marks a failure that asking again cannot mend, such as refused credentials.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }

// IsPermanent says whether err is, or wraps, a PermanentError.
func IsPermanent(err error) bool {
	_, is := errors.AsType[*PermanentError](err)
	return is
}

// Unwrap gives the cause.
func (e *PermanentError) Unwrap() error { return e.Err }
