package e2e_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/replay"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// drifting is what differs between two drafts that say the same: relevance falls with a ticket's age.
var drifting = cmpopts.IgnoreFields(adminapi.Citation{}, "Relevance")

// A preview says what the job says afterwards, on what it says it, and leaves no trace.
func TestAPreviewSaysWhatTheJobWouldAndPostsNothing(t *testing.T) {
	t.Parallel()
	const id = "e2e-preview"
	onboard(t, id, servicedesk.ProfileOnPrem)
	ticketID := openUnheard(t, id)
	admin := users.Admin()
	shown, err := admin.Preview(t.Context(), id, adminapi.PreviewRequest{TicketID: ticketID})
	if err != nil {
		t.Fatal(err)
	}
	if shown.Source != adminapi.SourceServiceDesk || shown.Subject != exampleSubject || !shown.Account.Generated || len(shown.LLMCalls) == 0 {
		t.Errorf("%+v", shown)
	}
	mustContain(t, shown.Note.Text, "#9001", "scanner-"+id, "firmware of "+id)
	if ticket, err := users.Ticket(t.Context(), id, ticketID); err != nil || len(ticket.Notes) != 0 {
		t.Errorf("%d notes on the ticket, %v", len(ticket.Notes), err)
	}
	for job, err := range admin.Jobs(t.Context(), id, adminapi.JobQuery{}) {
		t.Errorf("a job was made: %+v, %v", job, err)
	}

	other, err := admin.Preview(t.Context(), id, adminapi.PreviewRequest{TicketID: ticketID, Preferences: &tenant.Preferences{MinRelevance: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if other.Account.Sources >= shown.Account.Sources || slices.ContainsFunc(other.Note.Cited, func(c adminapi.Citation) bool { return c.Kind == "ticket" }) {
		t.Errorf("other preferences had no effect: %d sources, cited %v", other.Account.Sources, other.Note.Cited)
	}

	o, err := users.EmitAgain(t.Context(), id, ticketID, "created")
	if err != nil {
		t.Fatal(err)
	}
	job, ticket := await(t, id, o.Accepted.JobID)
	if len(ticket.Notes) != 1 {
		t.Fatalf("%d notes", len(ticket.Notes))
	}
	made, err := admin.JobNote(t.Context(), id, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shown.Note.Cited, made.Note.Cited, drifting); diff != "" || made.State != adminapi.NotePosted || made.NoteID != ticket.Notes[0].ID {
		t.Errorf("the job's note names others than the preview: %s; %+v", diff, made)
	}
}

func TestAPastTicketIsNoAnswerToItself(t *testing.T) {
	t.Parallel()
	const id = "e2e-preview-self"
	onboard(t, id, servicedesk.ProfileOnPrem)
	shown, err := users.Admin().Preview(t.Context(), id, adminapi.PreviewRequest{TicketID: "9001", Source: adminapi.SourceHistory})
	if err != nil {
		t.Fatal(err)
	}
	if shown.Found[0].Items != 0 || strings.Contains(shown.Note.Text, "firmware of") {
		t.Errorf("it was found: %+v\n%s", shown.Found, shown.Note.Text)
	}
	// Another ticket finds it, but not as of a day before it was resolved.
	asked := adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: exampleSubject, Description: exampleText}}
	later, err := users.Admin().Preview(t.Context(), id, asked)
	if err != nil || later.Found[0].Items != 1 {
		t.Fatalf("%+v, %v", later.Found, err)
	}
	before := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	asked.AsOf = &before
	earlier, err := users.Admin().Preview(t.Context(), id, asked)
	if err != nil || earlier.Found[0].Items != 0 || earlier.Found[2].Items != 1 {
		t.Errorf("as of then: %+v, %v", earlier.Found, err)
	}
}

// A route is the sidecar's or an app's, and who took over a sidecar that may call still lacks the proof that a preview takes: what an
// app's sidecar brings to another one carries that one's token, and whatever headers the caller likes.
func TestOnlyTheConsoleHasTheEnhancerPreview(t *testing.T) {
	t.Parallel()
	const body = `{"tenant_id":"x","document":"e30=","proof":"AAAA"}`
	if status, answer := askSidecar(t, "console", http.MethodPost, "/v1.0/invoke/enhancer/method"+preview.Route, strings.NewReader(body)); status != http.StatusForbidden || !strings.Contains(answer, "does not come from the console") {
		t.Fatalf("the console's sidecar, without a proof: %d %s", status, answer)
	}
	for _, route := range []string{"/events/dead", "/events/enhancement", "/events/tenant"} {
		if status, answer := askSidecar(t, "console", http.MethodPost, "/v1.0/invoke/enhancer/method"+route, strings.NewReader("{}")); status != http.StatusForbidden {
			t.Errorf("the console brings an event to %s: %d %s", route, status, answer)
		}
	}
	if status, answer := askSidecar(t, "console", http.MethodPost, "/v1.0/invoke/gateway/method/events/tenant", strings.NewReader("{}")); status == http.StatusOK {
		t.Errorf("the console's sidecar finds others than the enhancer: %s", answer)
	}
	for name, headers := range map[string]map[string]string{
		"nobody": {}, "with a wrong token": {"Dapr-Api-Token": "x", "Dapr-Caller-App-Id": preview.Caller},
		"the gateway":                  {"Dapr-Api-Token": running.AppToken("enhancer"), "Dapr-Caller-App-Id": "gateway"},
		"the sidecar":                  {"Dapr-Api-Token": running.AppToken("enhancer")},
		"as the console, and no proof": {"Dapr-Api-Token": running.AppToken("enhancer"), "Dapr-Caller-App-Id": preview.Caller},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, running.InternalURL("enhancer")+preview.Route, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range headers {
			req.Header.Set(key, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
}

// It takes the enhancer away, so it does not run beside others.
func TestWithoutAnEnhancerAPreviewSaysSo(t *testing.T) {
	const id = "e2e-preview-alone"
	onboard(t, id, servicedesk.ProfileOnPrem)
	kill(t, "enhancer")
	began := time.Now()
	_, err := users.Admin().Preview(t.Context(), id, adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: "x"}})
	restartEnhancer(t)
	problem, is := errors.AsType[*adminapi.Problem](err)
	if !is || problem.Status != http.StatusServiceUnavailable || !strings.Contains(problem.Detail, "the enhancer, which drafts the notes, does not answer") {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if _, err := users.Admin().Preview(t.Context(), id, adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: "x"}}); err != nil {
		t.Errorf("the enhancer is back: %v", err)
	}
}

// The sample of the simulator, replayed as an operator does, under two configurations.
func TestPastTicketsAreReplayed(t *testing.T) {
	t.Parallel()
	c, err := platform.SampleClient("example-foundry")
	if err != nil {
		t.Fatal(err)
	}
	c.ID, c.Name = "e2e-replay", "Example e2e-replay"
	if err := users.Onboard(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	other := filepath.Join(dir, "other.yaml")
	if err := os.WriteFile(other, []byte("sections_off: [recommendations]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	report := func(name string, more ...string) (r replay.Report) {
		t.Helper()
		file := filepath.Join(dir, name)
		operate(t, "", append([]string{"replay", "--tenant", c.ID, "--since", "2000-01-01", "--limit", "8", "--yes", "--out", file}, more...)...)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	then, all := report("then.json", "--compare", other), report("all.json", "--as-of=false")
	if len(then.Results) != 8 || len(then.Totals) != 2 || then.Totals[0].Failed+then.Totals[1].Failed > 0 || then.Totals[0].Generated == 0 || then.Totals[0].CostUSD == 0 {
		t.Errorf("%+v", then.Totals)
	}
	different := 0
	for i, r := range then.Results {
		for _, cited := range r.Drafts[0].Preview.Note.Cited {
			if cited.Kind == "ticket" && strings.HasSuffix(cited.Text, "#"+r.TicketID) {
				t.Errorf("the note on %s names the ticket itself", r.TicketID)
			}
		}
		if r.Drafts[0].Preview.Note.Text != r.Drafts[1].Preview.Note.Text {
			different++
		}
		if r.Drafts[0].Preview.Found[0].Items > all.Results[i].Drafts[0].Preview.Found[0].Items {
			t.Errorf("%s: more past tickets as of then than in all", r.TicketID)
		}
	}
	if different == 0 {
		t.Error("the other configuration had no effect")
	}
	if then.Totals[0].MeanSources >= all.Totals[0].MeanSources {
		t.Errorf("%.2f sources as of then, %.2f of all: nothing was left out", then.Totals[0].MeanSources, all.Totals[0].MeanSources)
	}
	for job, err := range users.Admin().Jobs(t.Context(), c.ID, adminapi.JobQuery{}) {
		t.Errorf("a job was made: %+v, %v", job, err)
	}
	if writes, err := users.NoteWrites(t.Context(), c.ID); err != nil || writes != 0 {
		t.Errorf("%d notes were written, %v", writes, err)
	}
}
