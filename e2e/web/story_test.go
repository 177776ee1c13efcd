package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// simulatedSystems gives the tenant a simulated ServiceDesk Plus, which the platform knows nothing of yet.
func simulatedSystems(t *testing.T, id string) simulator.Endpoints {
	t.Helper()
	body := strings.NewReader(`{"profile":"` + string(servicedesk.ProfileOnPrem) + `"}`)
	address := running.Environment()["SIMULATOR_URL"]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address+"/api/tenants/"+id, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("simulate the systems: %s", resp.Status)
	}
	return simulator.NewEndpoints(address, id, servicedesk.ProfileOnPrem)
}

// An operator signs in, makes a tenant, watches its ticket become enhanced and reads the note; a technician votes, and the operator sees
// it; a job that failed is found and begun anew.
func TestATenantsFirstDay(t *testing.T) {
	const id = "web-clinic"
	b := newTab(t)
	b.open("/")
	if b.path() != "/sign-in" {
		t.Fatalf("who is not signed in is at %s", b.path())
	}
	b.picture("sign-in")
	b.signIn()

	desk := simulatedSystems(t, id)
	keys := users.Keys()
	b.presses("Tenants")
	b.presses("New tenant")
	b.fills(map[string]string{
		"tenant_id": id, "name": "Example Clinic", "servicedesk_url": desk.ServiceDeskURL, "technician_id": desk.TechnicianID, "kb_url": "nonsense",
		"api_key": keys.APIKey(id), "signing_secret": keys.SigningSecret(id), "kb_api_key": keys.KnowledgeAPIKey(id), "enhancement_prefs.mode": "live",
	})
	b.presses("Create the tenant")
	b.sees("Nothing was saved")
	if wrong := eval[string](b, `document.getElementById("kb_url-wrong").innerText`); wrong == "" {
		t.Error("the form does not say what is wrong")
	}
	b.picture("new-tenant")
	b.fills(map[string]string{
		"kb_url": desk.KnowledgeURL, "api_key": keys.APIKey(id), "signing_secret": keys.SigningSecret(id), "kb_api_key": keys.KnowledgeAPIKey(id),
	})
	b.presses("Create the tenant")
	b.sees("Example Clinic", "Test the connections")
	b.presses("Test the connections")
	b.sees("ServiceDesk Plus", "ok")
	sample, err := platform.SampleClient(simulator.Tenants()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := users.Admin().PutTickets(t.Context(), id, sample.Tickets); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Admin().PutSystems(t.Context(), id, sample.Systems); err != nil {
		t.Fatal(err)
	}

	// The model takes its time, so that there is something to watch.
	if err := users.SetFaults(t.Context(), "", "llm", openaitest.Faults{LatencyMS: 12_000}); err != nil {
		t.Fatal(err)
	}
	b.open("/jobs?tenant_id=" + id)
	b.sees("There are none")
	opened := open(t, id)
	b.sees(opened.TicketID) // the list looks again by itself
	b.open("/tenants/" + id + "/jobs/" + opened.Accepted.JobID)
	b.sees("running", "ticket search")
	if err := users.SetFaults(t.Context(), "", "llm", openaitest.Faults{}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Evaluate[chromedp.Void]("window.same = true"))
	b.sees("completed", "posted", "Sources", "update ticket")
	if !eval[bool](b, "window.same === true") {
		t.Error("the page was loaded anew")
	}
	b.picture("job")
	b.look(phoneWidth, phoneHeight, "dark")
	b.picture("job-phone-dark")
	b.look(deskWidth, deskHeight, "light")

	// The technician's vote, by the link in the note.
	ticket, err := users.Ticket(t.Context(), id, opened.TicketID)
	if err != nil || len(ticket.Notes) != 1 {
		t.Fatalf("%+v, %v", ticket, err)
	}
	link := regexp.MustCompile(`http://[^"\s)]+` + feedback.Path + `[A-Za-z0-9_-]+`).FindString(ticket.Notes[0].Description)
	technician := newTab(t)
	technician.do(chromedp.Navigate(link))
	technician.sees("Did this note help?")
	technician.accessible()
	technician.picture("vote")
	technician.presses("It helped")
	technician.sees("it helped")
	b.open("/tenants/" + id + "/jobs/" + opened.Accepted.JobID)
	b.sees("Feedback", "up")

	b.open("/tenants/" + id + "/reports/current")
	b.sees("1 up, 0 down", "1 ended jobs", "not enough data")

	// The key is wrong for a while: a job fails, is found on the overview and begun anew.
	if err := users.SetFaults(t.Context(), id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultUnauthorized}}}); err != nil {
		t.Fatal(err)
	}
	failing := open(t, id)
	b.open("/tenants/" + id + "/jobs/" + failing.Accepted.JobID)
	b.sees("failed", "Begin anew")
	b.open("/")
	b.sees("What went wrong", id)
	b.picture("overview")
	if err := users.SetFaults(t.Context(), id, "servicedesk", servicedesktest.Faults{}); err != nil {
		t.Fatal(err)
	}
	b.open("/tenants/" + id + "/queue")
	b.sees("1 jobs have failed or are held")
	b.presses("Begin 1 anew")
	b.sees("1 jobs were begun anew")
	b.open("/tenants/" + id + "/jobs/" + failing.Accepted.JobID)
	b.sees("completed", "posted")

	b.open("/tenants/" + id + "/reports/current")
	b.sees("2 ended jobs", "100.0 %")
	b.picture("report")

	// What other preferences would make of the ticket.
	b.open("/tenants/" + id + "/preferences")
	b.fills(map[string]string{"tone": "concise", "budget.hard_usd": "0", "ticket_id": opened.TicketID})
	b.presses("Draft the note")
	b.sees("Draft for", "It took")
	b.picture("preferences")
	now, err := users.Admin().Tenant(t.Context(), id)
	if err != nil || now.Preferences.Tone != "" {
		t.Errorf("a draft has saved %+v, %v", now.Preferences, err)
	}
	b.presses("Save")
	b.sees("version")
	b.open("/audit?tenant_id=" + id)
	b.sees("tenant.create", "tenant.preferences")
	b.picture("audit")
	b.presses("Sign out")
	b.open("/tenants")
	if b.path() != "/sign-in" {
		t.Errorf("who has signed out is at %s", b.path())
	}
}

// open opens a ticket in the tenant's desk.
func open(t *testing.T, id string) platform.Opened {
	t.Helper()
	sample, err := simulator.Sample(simulator.Tenants()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := users.OpenTicket(t.Context(), id, sample.NewTickets[0].NewTicket, simulator.EmitDefault)
	if err != nil || opened.Status != http.StatusAccepted {
		t.Fatalf("%+v, %v", opened, err)
	}
	return opened
}

// hostile are texts that run somewhere, if a page takes them for its own.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg onload=alert(1)>`, `<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>`,
		`javascript:alert(1)`, `</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, `{{constructor.constructor('alert(1)')()}}`,
		`<a href="javascript:alert(1)" autofocus onfocus=alert(1)>x</a>`, "\u202e<b onmouseover=alert(1)>", `<style>@import 'x'</style><base href=//example.com>`,
		`<details open ontoggle=alert(1)>`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `<!--><script>alert(1)</script>-->`, `]]><script>alert(1)</script>`,
	}
}

// Whatever stands in a field that others fill, no page and no note takes it for markup, and nothing of it runs.
func TestHostileTextRunsNowhere(t *testing.T) {
	const id = "web-hostile"
	sample, err := platform.SampleClient(simulator.Tenants()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(hostile(), " ")
	short := func(n int) string { return string([]rune(all)[:n]) }
	sample.ID, sample.Name = id, short(180)
	for i := range sample.Tickets {
		sample.Tickets[i].Subject, sample.Tickets[i].Resolution = "VPN "+hostile()[i%len(hostile())], "VPN "+all
	}
	for i := range sample.Systems {
		sample.Systems[i].Role, sample.Systems[i].Location = short(40), short(40)
	}
	if err := users.Onboard(t.Context(), sample); err != nil {
		t.Fatal(err)
	}
	for i, text := range hostile() {
		if err := users.AddArticle(t.Context(), id, platform.Article{ID: "KB-" + string(rune('A'+i)), Title: "VPN " + text, Summary: "VPN " + text, URL: "javascript:alert(1)"}); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{
		Subject: "VPN " + short(150), Description: "The VPN drops on 192.0.2.10. " + all, Priority: "High", Requester: simulator.Requester{Name: short(60)},
	}, simulator.EmitDefault)
	if err != nil || opened.Accepted.JobID == "" {
		t.Fatalf("%+v, %v", opened, err)
	}
	if _, err := users.AwaitJob(t.Context(), id, opened.Accepted.JobID); err != nil {
		t.Fatal(err)
	}
	ticket, err := users.Ticket(t.Context(), id, opened.TicketID)
	if err != nil || len(ticket.Notes) == 0 {
		t.Fatalf("%+v, %v", ticket, err)
	}
	link := regexp.MustCompile(`http://[^"\s)]+` + feedback.Path + `[A-Za-z0-9_-]+`).FindString(ticket.Notes[0].Description)
	if _, err := users.Admin().Pause(t.Context(), id, "processing", adminapi.BeginPause{Reason: short(180), Seconds: 3600}); err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	// Only what the page itself has may be in it. The note's frame is a document of its own, in which nothing runs.
	const foreign = `[...document.querySelectorAll("main script, main img, main style, main base, main link, main object, main embed, main iframe:not(.note), main svg:not([role=img]), a[href^='javascript:' i]")]
		.concat([...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on")))).map((e) => e.outerHTML)`
	clean := func(what string) {
		t.Helper()
		if found := eval[[]string](b, foreign); len(found) > 0 {
			t.Errorf("%s has %s", what, found)
		}
	}
	b.do(chromedp.Navigate(link))
	b.fills(map[string]string{"comment": all[:min(len(all), 900)]})
	clean("the page of the vote")
	b.presses("It did not help")
	clean("the page of the vote, afterwards")
	b.do(chromedp.Navigate(opened.PageURL))
	clean("the ticket, as the technician sees it")
	b.signIn()
	for _, path := range append(pages(id, opened.Accepted.JobID),
		"/jobs?ticket_id="+all[:60], "/audit?actor="+all[:60], "/tenants?tenant_id=%3Cscript%3Ealert(1)%3C/script%3E", "/sign-in?next=/"+all[:60], "/%3Cscript%3Ealert(1)%3C/script%3E",
	) {
		b.open(path)
		clean(path)
	}
	b.open("/tenants/" + id + "/preferences")
	b.fills(map[string]string{"instructions": all[:min(len(all), 900)], "pinned_facts": strings.Join(hostile()[:8], "\n"), "ticket.description": all})
	b.presses("Draft the note")
	clean("the draft")
	if _, err := users.Admin().Resume(t.Context(), id, "processing"); err != nil {
		t.Fatal(err)
	}
}

// pages are all pages of the console, with a tenant and a job in them.
func pages(id, jobID string) []string {
	tenant := "/tenants/" + id
	return []string{
		"/", "/tenants", "/new-tenant", tenant, tenant + "/edit", tenant + "/preferences", tenant + "/secrets", "/jobs", tenant + "/jobs", tenant + "/jobs/" + jobID,
		"/queue", tenant + "/queue", tenant + "/reports/current", tenant + "/setup", tenant + "/onboarding", "/audit",
	}
}

// No page keeps out who uses a keyboard, a screen reader or a phone, or needs contrast; in light and in dark.
func TestPagesAreAccessible(t *testing.T) {
	const id = "web-axe"
	sample, err := platform.SampleClient(simulator.Tenants()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	sample.ID = id
	if err := users.Onboard(t.Context(), sample); err != nil {
		t.Fatal(err)
	}
	opened := open(t, id)
	if _, err := users.AwaitJob(t.Context(), id, opened.Accepted.JobID); err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	b.open("/sign-in")
	b.accessible()
	b.fills(map[string]string{"token": "wrong"})
	b.presses("Sign in")
	b.accessible()
	b.signIn()
	for _, path := range append(pages(id, opened.Accepted.JobID), "/none") {
		b.open(path)
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => { d.open = true })`))
		b.look(deskWidth, deskHeight, "light")
		b.accessible()
		b.look(phoneWidth, phoneHeight, "dark")
		b.accessible()
	}
}

// With the keyboard alone somebody comes from the top of a page to its content and sees where they are.
func TestTheKeyboardIsEnough(t *testing.T) {
	b := newTab(t)
	b.signIn()
	b.do(chromedp.KeyEvent("\t"))
	if at := eval[string](b, "document.activeElement.innerText"); at != "To the content" {
		t.Errorf("the first stop is %q", at)
	}
	b.do(chromedp.KeyEvent("\r"))
	if at := eval[string](b, "location.hash"); at != "#content" {
		t.Errorf("it leads to %q", at)
	}
	for range 3 {
		b.do(chromedp.KeyEvent("\t"))
	}
	if outline := eval[string](b, "getComputedStyle(document.activeElement).outlineStyle"); outline == "none" || outline == "" {
		t.Error("nobody sees where the focus is")
	}
}
