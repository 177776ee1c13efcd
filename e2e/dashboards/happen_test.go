package dashboards_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// exampleTicket finds something in every source, and has something to mask.
var exampleTicket = simulator.NewTicket{
	Subject: "Scanner error E-42", Priority: "High",
	Description: "The scanner at 192.0.2.77 shows error E-42 again. Mail to person@example.com.",
}

// everythingHappens that panels are there for: what goes well, and then, to one tenant, all that can go wrong.
func (w *world) everythingHappens() {
	w.t.Helper()
	const well, busy = "dash-well", "dash-busy"
	for _, id := range []string{well, busy, w.unlucky} {
		w.onboard(id)
	}
	w.goesWell(well)
	w.goesWell(w.unlucky)
	w.queues(busy)
	w.rotates(w.unlucky)
	w.modelFails(w.unlucky)
	w.overspends(w.unlucky)
	w.isNotHeard(w.unlucky)
	w.poisons()
	w.knowledgeFails(w.unlucky)
	w.deskFails(w.unlucky)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) onboard(id string) {
	w.t.Helper()
	w.must(w.users.Onboard(w.t.Context(), platform.Client{
		ID: id, Name: "Example " + id, Profile: servicedesk.ProfileOnPrem, Format: tenant.FormatHTML,
		Tickets: []history.PastTicket{{
			ID: "9001", Subject: "Scanner shows error E-42", Description: "The scanner on floor 2 shows error E-42.", Resolution: "Installed firmware.",
			CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), ResolvedAt: time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC),
		}},
		Systems: []inventory.System{{Hostname: "scanner." + id + ".example.com", Address: "192.0.2.77", Role: "Scanner", Client: id}},
	}))
	w.must(w.users.AddArticle(w.t.Context(), id, platform.Article{
		ID: "KB-1", Title: "Scanner error E-42", Summary: "What error E-42 of the scanner means.", URL: "https://kb.example.com/1",
	}))
}

// open opens a ticket and gives its id and its job's, if the webhook was taken.
func (w *world) open(id string, emit simulator.Emit) platform.Opened {
	w.t.Helper()
	o, err := w.users.OpenTicket(w.t.Context(), id, exampleTicket, emit)
	w.must(err)
	return o
}

// ends waits until the job has ended, well or not.
func (w *world) ends(id string, o platform.Opened) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	if o.Accepted.JobID == "" {
		w.t.Fatalf("the webhook was answered %d: %s", o.Status, o.Body)
	}
	if _, err := w.users.AwaitJob(ctx, id, o.Accepted.JobID); err != nil && !errors.Is(err, platform.ErrJobFailed) {
		w.t.Fatal(err)
	}
}

// goesWell has a ticket enhanced, changed and voted on, a note previewed twice, and a webhook that nobody proved.
func (w *world) goesWell(id string) {
	w.t.Helper()
	o := w.open(id, simulator.EmitHex)
	w.ends(id, o)
	changed, err := w.users.ChangeTicket(w.t.Context(), id, o.TicketID, "Now the printer at 192.0.2.78 shows it, too.")
	w.must(err)
	w.ends(id, changed)
	ticket, err := w.users.Ticket(w.t.Context(), id, o.TicketID)
	w.must(err)
	link := regexp.MustCompile(`http://[^"\s)]+` + feedback.Path + `[A-Za-z0-9_-]+`).FindString(ticket.Notes[0].Description)
	resp, err := http.PostForm(link, url.Values{"vote": {"up"}}) //nolint:gosec,noctx // the gateway of this test's own stack
	w.must(err)
	w.must(resp.Body.Close())
	for range 2 {
		_, err := w.users.Admin().Preview(w.t.Context(), id, adminapi.PreviewRequest{
			Ticket: &adminapi.PreviewTicket{Subject: exampleTicket.Subject, Description: exampleTicket.Description},
		})
		w.must(err)
	}
	w.open(id, simulator.EmitUnsigned)
}

// queues has more jobs wait than may run, for longer than it takes to look.
func (w *world) queues(id string) {
	w.t.Helper()
	w.faults(id, "knowledge", knowledgetest.Faults{LatencyMS: 1500})
	w.must(w.users.Backlog(w.t.Context(), id, exampleTicket, 60))
}

func (w *world) faults(id, system string, faults any) {
	w.t.Helper()
	w.must(w.users.SetFaults(w.t.Context(), id, system, faults))
}

// rotates changes the signing secret, of which the sender does not know yet.
func (w *world) rotates(id string) {
	w.t.Helper()
	found, err := w.users.Admin().Tenant(w.t.Context(), id)
	w.must(err)
	_, err = w.users.Admin().RotateSigningSecret(w.t.Context(), id, found.ETag(), adminapi.RotateSigningSecret{
		Secret: "an-example-secret-of-the-test", OverlapSeconds: 3600,
	})
	w.must(err)
	w.ends(id, w.open(id, simulator.EmitHex))
}

// modelFails has the model fail, and then say what is not so.
func (w *world) modelFails(id string) {
	w.t.Helper()
	for _, f := range []openaitest.Faults{{Status: http.StatusInternalServerError}, {UnknownCitations: true}} {
		w.faults("", "llm", f)
		w.ends(id, w.open(id, simulator.EmitHex))
	}
	w.faults("", "llm", openaitest.Faults{})
}

// overspends gives the tenant a budget that is spent.
func (w *world) overspends(id string) {
	w.t.Helper()
	found, err := w.users.Admin().Tenant(w.t.Context(), id)
	w.must(err)
	spec := found.TenantSpec
	spec.Preferences.Budget = tenant.Budget{HardUSD: 1e-6}
	_, err = w.users.Admin().UpdateTenant(w.t.Context(), id, found.ETag(), adminapi.UpdateTenant{TenantSpec: spec})
	w.must(err)
	w.ends(id, w.open(id, simulator.EmitHex))
}

// isNotHeard loses a webhook, which a poll finds.
func (w *world) isNotHeard(id string) {
	w.t.Helper()
	w.open(id, simulator.EmitNone)
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	_, err := w.watched.AwaitQuery(ctx, `reconcile_missed_total{tenant_id="`+id+`"} > 0`)
	w.must(err)
}

// poisons puts a message into the queue of which nothing can be made.
func (w *world) poisons() {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost,
		w.running.SidecarURL("gateway")+"/v1.0/publish/pubsub/"+event.TopicEnhancement, strings.NewReader(`{"no":"job"}`))
	w.must(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Dapr-Api-Token", w.running.APIToken("gateway"))
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	w.must(resp.Body.Close())
	if resp.StatusCode != http.StatusNoContent {
		w.t.Fatalf("the sidecar answers %d", resp.StatusCode)
	}
}

// knowledgeFails has the knowledge base fail until it is not asked any more.
func (w *world) knowledgeFails(id string) {
	w.t.Helper()
	w.faults(id, "knowledge", knowledgetest.Faults{Status: http.StatusServiceUnavailable})
	for range 6 {
		w.ends(id, w.open(id, simulator.EmitHex))
	}
}

// deskFails has ServiceDesk Plus refuse the key, which fails the job, and then fail itself, which holds the next.
func (w *world) deskFails(id string) {
	w.t.Helper()
	fault := func(kind servicedesktest.FaultKind) {
		w.faults(id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: kind}}})
	}
	fault(servicedesktest.FaultUnauthorized)
	w.ends(id, w.open(id, simulator.EmitHex))
	fault(servicedesktest.FaultAlways500)
	o := w.open(id, simulator.EmitHex)
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	_, err := w.users.AwaitHeld(ctx, id, o.Accepted.JobID)
	w.must(err)
}
