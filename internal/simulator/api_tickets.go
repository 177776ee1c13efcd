package simulator

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func (w *World) listTickets(d *desk, rw http.ResponseWriter, _ *http.Request) error {
	tickets := []Ticket{}
	for _, r := range d.newestFirst() {
		tickets = append(tickets, w.summary(d, r))
	}
	writeJSON(rw, http.StatusOK, map[string]any{"tickets": tickets})
	return nil
}

func (w *World) getTicket(d *desk, rw http.ResponseWriter, r *http.Request) error {
	found, err := d.ticket(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	writeJSON(rw, http.StatusOK, w.detail(d, found))
	return nil
}

// postTicket opens a ticket and sends its webhook, as the server would.
func (w *World) postTicket(d *desk, rw http.ResponseWriter, r *http.Request) error {
	var in struct {
		NewTicket

		Emit Emit `json:"emit"`
	}
	if err := readJSON(rw, r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	build, err := d.signer(in.Emit)
	if err != nil {
		return err
	}
	return w.emitted(rw, r, d, http.StatusCreated, d.create(in.NewTicket), enhancement.EventCreated, build)
}

// patchTicket changes a ticket. It sends a webhook only when emit says how: not every change has a trigger.
func (w *World) patchTicket(d *desk, rw http.ResponseWriter, r *http.Request) error {
	var in struct {
		TicketChange

		Emit Emit `json:"emit"`
	}
	if err := readJSON(rw, r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	if in.Emit == EmitDefault {
		in.Emit = EmitNone
	}
	build, err := d.signer(in.Emit)
	if err != nil {
		return err
	}
	changed, err := d.change(mux.Vars(r)["id"], in.TicketChange)
	if err != nil {
		return err
	}
	return w.emitted(rw, r, d, http.StatusOK, changed, enhancement.EventUpdated, build)
}

// deleteTicket deletes a ticket for good. That has no trigger.
func (w *World) deleteTicket(d *desk, rw http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	if _, err := d.ticket(id); err != nil {
		return err
	}
	d.sdp.DeleteRequest(id)
	rw.WriteHeader(http.StatusNoContent)
	return nil
}

// patchNote changes a note as a technician does, which has no trigger.
func (w *World) patchNote(d *desk, rw http.ResponseWriter, r *http.Request) error {
	var in struct {
		Description string `json:"description"`
	}
	if err := readJSON(rw, r, &in); err != nil {
		return err
	}
	if in.Description == "" {
		return refuse(http.StatusBadRequest, "description: is missing")
	}
	found, note, err := d.note(r)
	if err != nil {
		return err
	}
	if !d.sdp.EditNote(found.ID, note, colleague(), in.Description) {
		return noSuchNote(found.ID, note)
	}
	writeJSON(rw, http.StatusOK, w.detail(d, found))
	return nil
}

// deleteNote deletes a note for good.
func (*World) deleteNote(d *desk, rw http.ResponseWriter, r *http.Request) error {
	found, note, err := d.note(r)
	if err != nil {
		return err
	}
	if !d.sdp.DeleteNote(found.ID, note) {
		return noSuchNote(found.ID, note)
	}
	rw.WriteHeader(http.StatusNoContent)
	return nil
}

// note is the ticket and the note that the request names.
func (d *desk) note(r *http.Request) (found servicedesktest.Request, noteID string, err error) {
	found, err = d.ticket(mux.Vars(r)["id"])
	return found, mux.Vars(r)["note"], err
}

// colleague is the technician who edits notes; another than the one whose key we have.
func colleague() servicedesktest.Person {
	return servicedesktest.Person{ID: "77", Name: "Example Colleague", Email: "colleague@example.com"}
}

func noSuchNote(ticketID, noteID string) error {
	return refuse(http.StatusNotFound, "ticket %s has no note %s", ticketID, noteID)
}

// postWebhook sends a ticket's webhook again.
func (w *World) postWebhook(d *desk, rw http.ResponseWriter, r *http.Request) error {
	in := struct {
		Event enhancement.Event `json:"event"`
		Emit  Emit              `json:"emit"`
	}{Event: enhancement.EventCreated}
	if err := readJSON(rw, r, &in); err != nil {
		return err
	}
	if in.Event != enhancement.EventCreated && in.Event != enhancement.EventUpdated {
		return refuse(http.StatusBadRequest, "event %q: use %q or %q",
			in.Event, enhancement.EventCreated, enhancement.EventUpdated)
	}
	build, err := d.signer(in.Emit)
	if err != nil {
		return err
	}
	found, err := d.ticket(mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	return w.emitted(rw, r, d, http.StatusOK, found, in.Event, build)
}

// emitted sends the webhook and answers with what became of it. A gateway that refuses or is down is
// reported, not an error of ours: the ticket is there.
func (w *World) emitted(
	rw http.ResponseWriter, r *http.Request, d *desk, status int,
	t servicedesktest.Request, event enhancement.Event, build makeRequest,
) error {
	delivery, err := w.emit(r.Context(), d, t, string(event), build)
	if err != nil {
		return err
	}
	writeJSON(rw, status, Emission{TicketID: t.ID, PageURL: w.endpoints(d).TicketPage(t.ID), Webhook: delivery})
	return nil
}
