package workflows_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
	"github.com/ai-agents/ai-agents/workflows"
)

// newHinted is a fixture whose job knows the ticket's id alone.
func newHinted(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.hint(t, "2002", enhancement.EventCreated)
	f.desk.request = func(id string, _ int) (servicedesk.Request, error) {
		return servicedesk.Request{ID: id, Subject: "Scanner", Description: "<p>It <b>hums</b></p>", Priority: "Low"}, nil
	}
	return f
}

func (f *fixture) hint(t *testing.T, ticketID string, event enhancement.Event) {
	t.Helper()
	f.job = enhancement.NewRefetch("alpha", event, ticketID, "c-1")
	if _, err := f.ledger.Accept(t.Context(), f.job); err != nil {
		t.Fatal(err)
	}
	if c, err := ledgertest.Claim(t.Context(), f.ledger, "alpha", f.job.ID); err != nil || !c.Refetch {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestATicketIsFetchedBeforeItIsSearchedFor(t *testing.T) {
	t.Parallel()
	f := newHinted(t)
	sdp, _ := f.withServiceDesk(t, 5*time.Second)
	sdp.AddRequest(servicedesktest.Request{
		ID: "2002", Subject: "Scanner " + tickettest.DeceptiveUTF8(), Description: "<p>It <b>hums</b><br>" + strings.Repeat("é", 20_000) + "</p>", Priority: "Low",
	})
	asked := make(chan ticket.Ticket, 3)
	for _, s := range f.sources {
		find := s.find
		s.find = func(ctx context.Context, q gather.Query, attempt int) (gather.Result, error) {
			asked <- q.Ticket
			return find(ctx, q, attempt)
		}
	}
	result, job := f.run(t)
	if result.Status != enhancement.StatusCompleted || job.Status != enhancement.StatusCompleted {
		t.Fatalf("result %+v, job %+v", result, job)
	}
	for range 3 {
		if q := <-asked; !reflect.DeepEqual(q, job.Ticket) {
			t.Errorf("a source was asked about %+v", q)
		}
	}
	tickettest.CheckDeceptive(t, "the subject", job.Ticket.Subject)
	if n := utf8.RuneCountInString(job.Ticket.Description); n > ticket.MaxDescription || !strings.HasPrefix(job.Ticket.Description, "It hums\né") ||
		!strings.HasSuffix(job.Ticket.Description, " more characters]") || job.Ticket.Priority != "Low" {
		t.Errorf("the ticket has %d characters and priority %q: %.40q", n, job.Ticket.Priority, job.Ticket.Description)
	}
	if notes := sdp.Notes("2002"); len(notes) != 1 {
		t.Errorf("%d notes", len(notes))
	}
	steps, err := f.ledger.Steps(t.Context(), "alpha", f.job.ID)
	if err != nil || steps[enhancement.StepFetchTicket].Outcome != enhancement.OutcomeOK {
		t.Errorf("steps %+v, %v", steps, err)
	}
}

func TestATicketWhoseTextIsKnownIsNotFetched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.desk.request = func(string, int) (servicedesk.Request, error) {
		return servicedesk.Request{}, errors.New("not to be asked")
	}
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.fetched != 0 {
		t.Errorf("result %+v, fetched %d times", result, f.desk.fetched)
	}
	steps, err := f.ledger.Steps(t.Context(), "alpha", f.job.ID)
	if _, there := steps[enhancement.StepFetchTicket]; there || err != nil {
		t.Errorf("there is a step fetch_ticket, %v", err)
	}
}

func TestAnUpdateThatChangedNothingIsNotEnhanced(t *testing.T) {
	t.Parallel()
	f := newHinted(t)
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted {
		t.Fatal(result)
	}
	f.hint(t, "2002", enhancement.EventUpdated)
	result, job := f.run(t)
	if result.Status != enhancement.StatusCompleted || job.Status != enhancement.StatusCompleted || job.NoteID != "note-2002" {
		t.Errorf("result %+v, job %+v", result, job)
	}
	if asked := f.sources[enhancement.StepTicketSearch].attempts; f.desk.calls != 1 || asked != 1 {
		t.Errorf("the note was written %d times and tickets searched %d times, want once", f.desk.calls, asked)
	}
	// Run again from the start, as after a crash: what has ended stays ended.
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted || f.desk.fetched != 2 || f.desk.calls != 1 {
		t.Errorf("again: result %+v, fetched %d times, %d writes", result, f.desk.fetched, f.desk.calls)
	}
	f.desk.request = func(id string, _ int) (servicedesk.Request, error) {
		return servicedesk.Request{ID: id, Subject: "Scanner", Description: "It smokes"}, nil
	}
	f.hint(t, "2002", enhancement.EventUpdated)
	if result, job := f.run(t); result.Status != enhancement.StatusCompleted || job.Ticket.Description != "It smokes" || f.desk.calls != 2 {
		t.Errorf("a real update: result %+v, job %+v, %d writes", result, job, f.desk.calls)
	}
}

func TestATicketThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	retry := &servicedesk.Error{Op: "get_request", Kind: servicedesk.KindRetry, Message: "example: busy"}
	for name, c := range map[string]struct {
		request func(call int) (servicedesk.Request, error)
		err     error // of finding the desk
		fetched int
		says    string // empty when it is enhanced, or held
	}{
		"not at first": {func(call int) (servicedesk.Request, error) {
			return servicedesk.Request{Subject: "Scanner"}, pick(call == 1, retry)
		}, nil, 2, ""},
		"never": {func(int) (servicedesk.Request, error) { return servicedesk.Request{}, retry }, nil, 3, ""},
		"gone": {func(int) (servicedesk.Request, error) {
			return servicedesk.Request{}, &servicedesk.Error{Kind: servicedesk.KindNotFound, HTTPStatus: http.StatusNotFound, Message: "example: no such request"}
		}, nil, 1, "no such request"},
		"merged": {func(int) (servicedesk.Request, error) {
			return servicedesk.Request{}, &servicedesk.Error{Kind: servicedesk.KindNotFound, Message: "Request 2002 has been merged with 12", ParentID: "12"}
		}, nil, 1, "merged with 12"},
		"in the trash":  {func(int) (servicedesk.Request, error) { return servicedesk.Request{Subject: "s", IsTrashed: true}, nil }, nil, 1, "trash"},
		"without text":  {func(int) (servicedesk.Request, error) { return servicedesk.Request{Description: "<p> \u200b</p>"}, nil }, nil, 1, "neither a subject"},
		"no such desk":  {nil, tenant.ErrNotFound, 0, "no such tenant"},
		"a refused key": {func(int) (servicedesk.Request, error) { return servicedesk.Request{}, unauthorized() }, nil, 1, "example: bad key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newHinted(t)
			f.activities.Desks = desks{desk: f.desk, err: c.err}
			f.desk.request = func(_ string, call int) (servicedesk.Request, error) { return c.request(call) }
			result, job := f.run(t)
			want := enhancement.StatusFailed
			switch {
			case name == "never":
				want = enhancement.StatusPending
			case c.says == "":
				want = enhancement.StatusCompleted
			}
			if result.Status != want || job.Status != want || f.desk.fetched != c.fetched {
				t.Errorf("result %+v, job %s, fetched %d times; want %s after %d", result, job.Status, f.desk.fetched, want, c.fetched)
			}
			if c.says != "" && (!strings.Contains(job.FailureReason, workflows.ActivityFetchTicket) || !strings.Contains(job.FailureReason, c.says)) {
				t.Errorf("reason %q", job.FailureReason)
			}
			if searched := f.sources[enhancement.StepTicketSearch].attempts; want != enhancement.StatusCompleted && searched != 0 {
				t.Error("something was searched for without a text")
			}
		})
	}
}

func unauthorized() error {
	return &servicedesk.Error{Kind: servicedesk.KindUnauthorized, Message: "example: bad key"}
}
