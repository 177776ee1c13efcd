package servicedesk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is a ticket as SDP knows it. Any field but the id may be empty: the server
// sends null freely, and leaves fields out of lists.
type Request struct {
	ID        string // digits, 18 and more in the cloud
	DisplayID string // what people call the ticket; cloud only
	Subject   string
	// Description is HTML as the server sent it. Empty in lists.
	Description string
	// ShortDescription is the beginning of the description as text. Only in lists of servers that refuse to be told
	// which fields are wanted.
	ShortDescription string
	Requester        Requester
	Technician       string
	Priority         string
	Status           string
	// StatusInternalName does not change when the status is renamed or translated.
	StatusInternalName string
	Category           string
	Site               string
	CreatedTime        time.Time // UTC; zero when unknown, like the other times
	// LastUpdatedTime changes with any edit. Not every server tells it.
	LastUpdatedTime time.Time
	// ResolvedTime and CompletedTime are told by some servers, of tickets that are.
	ResolvedTime  time.Time
	CompletedTime time.Time
	IsTrashed     bool
	// Resolution is HTML. Empty in lists.
	Resolution string
	// ResolutionTime is when the resolution was written.
	ResolutionTime time.Time
}

// HasStatus tells whether the ticket's status is one of those, by the internal name, which survives translation, or by the
// name, which is what a customer sees; in any case.
func (r Request) HasStatus(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && (strings.EqualFold(name, r.StatusInternalName) || strings.EqualFold(name, r.Status))
	})
}

// Requester is the person who opened a ticket.
type Requester struct {
	ID    string
	Name  string
	Email string
}

// Resolution is how a ticket was solved. It is empty while there is none.
type Resolution struct {
	Content     string // HTML
	SubmittedOn time.Time
}

// Request reads one ticket. A ticket that was merged into another is an Error of
// KindNotFound with its ParentID.
func (c *Client) Request(ctx context.Context, id string) (Request, error) {
	return c.readRequest(ctx, "get_request", "requests", id)
}

// ArchivedRequest reads a ticket that the server has put away: Request no longer finds it.
func (c *Client) ArchivedRequest(ctx context.Context, id string) (Request, error) {
	return c.readRequest(ctx, "get_archived_request", "archive_requests", id)
}

func (c *Client) readRequest(ctx context.Context, op, folder, id string) (Request, error) {
	if !isID(id) {
		return Request{}, refused(op, "", "the ticket id must consist of digits")
	}
	env, err := c.do(ctx, call{op: op, method: http.MethodGet, path: []string{folder, id}, ticketID: id})
	if err != nil {
		return Request{}, err
	}
	for _, found := range []*wireRequest{env.Request, env.ArchiveRequest, env.ArchivedRequest} {
		if found != nil && found.ID != "" {
			return found.request(), nil
		}
	}
	return Request{}, &Error{Op: op, TicketID: id, Kind: KindRetry, HTTPStatus: http.StatusOK, Message: "the answer holds no request"}
}

// Resolution reads how a ticket was solved, which some servers leave out of the ticket itself.
func (c *Client) Resolution(ctx context.Context, id string) (Resolution, error) {
	const op = "get_resolution"
	if !isID(id) {
		return Resolution{}, refused(op, "", "the ticket id must consist of digits")
	}
	env, err := c.do(ctx, call{op: op, method: http.MethodGet, path: []string{"requests", id, "resolutions"}, ticketID: id})
	switch {
	case err != nil:
		return Resolution{}, err
	case env.Resolution != nil:
		return Resolution{Content: string(env.Resolution.Content), SubmittedOn: env.Resolution.SubmittedOn.Time}, nil
	case len(env.Status) == 0:
		return Resolution{}, &Error{Op: op, TicketID: id, Kind: KindRetry, HTTPStatus: http.StatusOK, Message: "the answer holds no resolution"}
	}
	return Resolution{}, nil
}

type wireRequest struct {
	ID               text           `json:"id"`
	DisplayID        text           `json:"display_id"`
	Subject          text           `json:"subject"`
	Description      text           `json:"description"`
	ShortDescription text           `json:"short_description"`
	Requester        reference      `json:"requester"`
	Technician       reference      `json:"technician"`
	Priority         reference      `json:"priority"`
	Status           reference      `json:"status"`
	Category         reference      `json:"category"`
	Site             reference      `json:"site"`
	CreatedTime      stamp          `json:"created_time"`
	LastUpdatedTime  stamp          `json:"last_updated_time"`
	ResolvedTime     stamp          `json:"resolved_time"`
	CompletedTime    stamp          `json:"completed_time"`
	IsTrashed        text           `json:"is_trashed"`
	Resolution       wireResolution `json:"resolution"`
}

// wireResolution is an object, and where it is a text the content itself.
type wireResolution struct {
	Content     text  `json:"content"`
	SubmittedOn stamp `json:"submitted_on"`
}

func (r *wireResolution) UnmarshalJSON(b []byte) error {
	type plain wireResolution
	*r = wireResolution{}
	var err error
	switch b[0] {
	case '{':
		err = json.Unmarshal(b, (*plain)(r))
	case '"':
		err = json.Unmarshal(b, &r.Content)
	}
	if err != nil {
		return fmt.Errorf("resolution: %w", err)
	}
	return nil
}

func (w wireRequest) request() Request {
	return Request{
		ID:               string(w.ID),
		DisplayID:        string(w.DisplayID),
		Subject:          string(w.Subject),
		Description:      string(w.Description),
		ShortDescription: string(w.ShortDescription),
		Requester: Requester{
			ID: string(w.Requester.ID), Name: string(w.Requester.Name), Email: string(w.Requester.Email),
		},
		Technician:         string(w.Technician.Name),
		Priority:           string(w.Priority.Name),
		Status:             string(w.Status.Name),
		StatusInternalName: string(w.Status.InternalName),
		Category:           string(w.Category.Name),
		Site:               string(w.Site.Name),
		CreatedTime:        w.CreatedTime.Time,
		LastUpdatedTime:    w.LastUpdatedTime.Time,
		ResolvedTime:       w.ResolvedTime.Time,
		CompletedTime:      w.CompletedTime.Time,
		IsTrashed:          w.IsTrashed == "true",
		Resolution:         string(w.Resolution.Content),
		ResolutionTime:     w.Resolution.SubmittedOn.Time,
	}
}
