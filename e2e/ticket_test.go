package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	exampleSubject = "Scanner on floor 3 shows error E-42"
	exampleText    = "The scanner on floor 3 shows error E-42 since the update. Its address is 192.0.2.77."
)

// client is an example client with one past ticket and one system that every test's ticket finds.
func client(id string, profile servicedesk.Profile) platform.Client {
	return platform.Client{
		ID: id, Name: "Example " + id, Profile: profile, Format: tenant.FormatHTML,
		Tickets: []history.PastTicket{{
			ID: "9001", Subject: "Scanner shows error E-42", Description: "The scanner on floor 2 shows error E-42 after the update.",
			Resolution: "Installed firmware of " + id + " and restarted the scanner.",
			CreatedAt:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), ResolvedAt: time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC),
		}},
		Systems: []inventory.System{{Hostname: "scanner-" + id + ".example.com", Address: "192.0.2.77", Role: "Scanner", Client: id, Location: "Floor 3"}},
	}
}

// onboard makes a client of the test's own.
func onboard(t *testing.T, id string, profile servicedesk.Profile) {
	t.Helper()
	// Without one of the processes every wait runs into its time-out: say at once which one it is.
	for _, p := range running.Processes() {
		if !p.Alive() {
			t.Fatalf("%s has ended, see %s", p.Name(), p.LogPath())
		}
	}
	if err := users.Onboard(t.Context(), client(id, profile)); err != nil {
		t.Fatal(err)
	}
	err := users.AddArticle(t.Context(), id, platform.Article{
		ID: "KB-1", Title: "Scanner error E-42", Summary: "What error E-42 of the scanner means at " + id + ".", URL: "https://kb.example.com/" + id + "/1",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a ticket and insists that its webhook is accepted.
func open(t *testing.T, tenantID string) platform.Opened {
	t.Helper()
	o, err := users.OpenTicket(t.Context(), tenantID,
		simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitDefault)
	if err != nil {
		t.Fatal(err)
	}
	if o.Accepted.JobID == "" {
		t.Fatalf("the webhook was answered %d: %s", o.Status, o.Body)
	}
	return o
}

// await waits for the job's end and returns it with the notes on its ticket.
func await(t *testing.T, tenantID, jobID string) (enhancement.Job, simulator.Ticket) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	job, err := users.AwaitJob(ctx, tenantID, jobID)
	if err != nil && !errors.Is(err, platform.ErrJobFailed) {
		t.Fatal(err)
	}
	ticket, err := users.Ticket(t.Context(), tenantID, job.Ticket.ID)
	if err != nil {
		t.Fatal(err)
	}
	return job, ticket
}

// noted insists on exactly one note, and returns its text.
func noted(t *testing.T, job enhancement.Job, ticket simulator.Ticket) string {
	t.Helper()
	if job.Status != enhancement.StatusCompleted {
		t.Fatalf("the job is %s: %s", job.Status, job.FailureReason)
	}
	if len(ticket.Notes) != 1 {
		t.Fatalf("the ticket has %d notes, want exactly one", len(ticket.Notes))
	}
	note := ticket.Notes[0]
	if note.ID != job.NoteID {
		t.Errorf("the ledger names note %q, the ticket has %q", job.NoteID, note.ID)
	}
	for _, section := range []string{"Similar Tickets", "Documentation", "System Info", "Recommendations"} {
		if !strings.Contains(note.Description, section) {
			t.Errorf("the note lacks the section %s", section)
		}
	}
	return note.Description
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("the text lacks %q:\n%s", part, text)
		}
	}
}

func mustNotContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("the text contains %q:\n%s", part, text)
		}
	}
}

func TestSampleTicketsAreEnhanced(t *testing.T) {
	for _, sample := range simulator.Tenants() {
		t.Run(sample.ID, func(t *testing.T) {
			data, err := simulator.Sample(sample.ID)
			if err != nil {
				t.Fatal(err)
			}
			c, err := platform.SampleClient(sample.ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := users.Onboard(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			for i, ticket := range data.NewTickets {
				t.Run(strconv.Itoa(i), func(t *testing.T) { enhanceSample(t, data, ticket) })
			}
		})
	}
}

func enhanceSample(t *testing.T, data simulator.Data, sample simulator.SampleTicket) {
	o, err := users.OpenTicket(t.Context(), data.Tenant.ID, sample.NewTicket, simulator.EmitDefault)
	if err != nil || o.Status != http.StatusAccepted {
		t.Fatalf("%d %s, %v", o.Status, o.Body, err)
	}
	job, ticket := await(t, data.Tenant.ID, o.Accepted.JobID)
	note := noted(t, job, ticket)
	if len(job.Degraded) != 0 {
		t.Errorf("degraded: %q", job.Degraded)
	}
	if ticket.Notes[0].ShowToRequester {
		t.Error("the note is shown to the requester")
	}
	names := sourcesNamed(t, job)
	for kind, want := range map[string][]string{"ticket": sample.Expect.Tickets, "article": sample.Expect.Articles, "system": sample.Expect.Systems} {
		for _, id := range want {
			if !names[kind+" "+id] {
				t.Errorf("the %s %s was not found; found %v", kind, id, names)
			}
		}
	}
	known := known(data)
	for name := range names {
		if !known[name] {
			t.Errorf("%s is not in the sample data", name)
		}
	}
	for _, id := range sample.Expect.Tickets[:1] {
		mustContain(t, note, "#"+id)
	}
	calls, err := users.LLMCalls(t.Context(), data.Tenant.ID, job.ID)
	if err != nil || len(calls) != 1 || calls[0].PromptTokens == 0 || calls[0].CostUSD == 0 {
		t.Errorf("model calls %+v, %v", calls, err)
	}
}

func TestTheSameEventIsEnhancedOnce(t *testing.T) {
	t.Parallel()
	onboard(t, "e2e-duplicates", servicedesk.ProfileOnPrem)
	first := open(t, "e2e-duplicates")
	for range 3 { // at once, and again when it is done
		again, err := users.EmitAgain(t.Context(), "e2e-duplicates", first.TicketID, "created")
		if err != nil || again.Accepted.JobID != first.Accepted.JobID {
			t.Errorf("again: %+v, %v; first %s", again, err, first.Accepted.JobID)
		}
	}
	job, ticket := await(t, "e2e-duplicates", first.Accepted.JobID)
	noted(t, job, ticket)
	again, err := users.EmitAgain(t.Context(), "e2e-duplicates", first.TicketID, "created")
	if err != nil || again.Accepted.JobID != first.Accepted.JobID || again.Accepted.Status != string(enhancement.StatusCompleted) {
		t.Errorf("after the end: %+v, %v", again, err)
	}
	after, err := users.Ticket(t.Context(), "e2e-duplicates", first.TicketID)
	if err != nil || len(after.Notes) != 1 || after.Notes[0].Description != ticket.Notes[0].Description {
		t.Errorf("the duplicate changed the notes: %d, %v", len(after.Notes), err)
	}
}

func TestALaterEventEditsTheNote(t *testing.T) {
	t.Parallel()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		id := "e2e-living-" + string(profile)
		onboard(t, id, profile)
		first := open(t, id)
		job, ticket := await(t, id, first.Accepted.JobID)
		before := noted(t, job, ticket)
		changed, err := users.ChangeTicket(t.Context(), id, first.TicketID, "It was the network after all, the scanner works.")
		if err != nil || changed.Accepted.JobID == "" || changed.Accepted.JobID == first.Accepted.JobID {
			t.Fatalf("changed: %+v, %v", changed, err)
		}
		job, ticket = await(t, id, changed.Accepted.JobID)
		if after := noted(t, job, ticket); after == before {
			t.Error("the note is as it was, though the address is no longer in the ticket")
		}
	}
}

func TestTenantsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	ids := []string{"e2e-wall-a", "e2e-wall-b"}
	for _, id := range ids {
		onboard(t, id, servicedesk.ProfileOnPrem)
	}
	for i, id := range ids {
		other := ids[1-i]
		o := open(t, id)
		job, ticket := await(t, id, o.Accepted.JobID)
		note := noted(t, job, ticket)
		mustContain(t, note, "firmware of "+id, "scanner-"+id)
		mustNotContain(t, note, other)
		steps, err := users.Results(t.Context(), id, job.ID)
		if err != nil {
			t.Fatal(err)
		}
		for name, step := range steps {
			if strings.Contains(string(step.Result), other) {
				t.Errorf("step %s of %s holds data of %s", name, id, other)
			}
		}
		if _, err := users.Job(t.Context(), other, job.ID); !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("%s reads the job of %s: %v", other, id, err)
		}
	}
}
