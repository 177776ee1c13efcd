package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// call goes straight to the handler.
func call(t *testing.T, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	return callWithin(t.Context(), h, method, path, body)
}

func callWithin(ctx context.Context, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

func TestTenantsAreCreatedOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	var info simulator.TenantInfo
	r.do(http.MethodPut, "/api/tenants/west-shop", `{"profile":"cloud"}`, http.StatusCreated, &info)
	if want := simulator.NewEndpoints(r.url, "west-shop", "cloud"); info.ServiceDeskURL != want.ServiceDeskURL ||
		info.KnowledgeURL != want.KnowledgeURL || info.LLMURL != want.LLMURL || info.TechnicianID != want.TechnicianID {
		t.Errorf("created %+v", info)
	}
	r.do(http.MethodPut, "/api/tenants/west-shop", `{"profile":"cloud"}`, http.StatusOK, nil)
	r.do(http.MethodPut, "/api/tenants/west-shop", `{"profile":"onprem"}`, http.StatusConflict, nil)
	var list struct{ Tenants []simulator.TenantInfo }
	r.do(http.MethodGet, "/api/tenants", "", http.StatusOK, &list)
	if len(list.Tenants) != 3 || list.Tenants[2].ID != "west-shop" {
		t.Errorf("the list is %+v", list.Tenants)
	}
}

func TestTicketsAreListedNewestFirstAndStayWithTheirTenant(t *testing.T) {
	t.Parallel()
	r := start(t)
	ids := make(map[string][]string)
	for _, tenant := range []string{onPrem, cloud} {
		for _, subject := range []string{"first", "second"} {
			e := r.open(tenant, map[string]any{
				"subject": subject, "description": "a\nb", "emit": "none",
				"requester": map[string]any{"name": "Front Desk", "email": "desk@example.com"},
			})
			ids[tenant] = append(ids[tenant], e.TicketID)
		}
	}
	if len(ids[onPrem][0]) > 10 || len(ids[cloud][0]) != 18 {
		t.Errorf("the ids are %v", ids)
	}
	var list struct{ Tickets []simulator.Ticket }
	r.do(http.MethodGet, "/api/tenants/"+onPrem+"/tickets", "", http.StatusOK, &list)
	if len(list.Tickets) != 2 || list.Tickets[0].Subject != "second" || list.Tickets[1].ID != ids[onPrem][0] {
		t.Errorf("the list is %+v", list.Tickets)
	}
	var one simulator.Ticket
	r.do(http.MethodGet, "/api/tenants/"+onPrem+"/tickets/"+ids[onPrem][0], "", http.StatusOK, &one)
	if one.Description != "a<br>b" || one.Requester.Email != "desk@example.com" || one.Status != "Open" {
		t.Errorf("the ticket is %+v", one)
	}
	r.do(http.MethodGet, "/api/tenants/"+onPrem+"/tickets/"+ids[cloud][0], "", http.StatusNotFound, nil)
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	r := start(t)
	tickets := "/api/tenants/" + onPrem + "/tickets"
	id := r.open(onPrem, map[string]any{"subject": "Printer", "emit": "none"}).TicketID
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{http.MethodGet, "/nowhere", "", http.StatusNotFound, "there is nothing at /nowhere"},
		{http.MethodGet, "/sdp/nobody/api/v3/requests", "", http.StatusNotFound, "PUT /api/tenants/nobody"},
		{http.MethodGet, "/kb/nobody/search", "", http.StatusNotFound, "PUT /api/tenants/nobody"},
		{http.MethodGet, "/tickets/nobody/1", "", http.StatusNotFound, "PUT /api/tenants/nobody"},
		{http.MethodGet, "/tickets/" + onPrem + "/1", "", http.StatusNotFound, "GET " + tickets},
		{http.MethodDelete, "/api/tenants", "", http.StatusMethodNotAllowed, "DELETE"},
		{http.MethodPut, "/api/tenants/Not_Valid", `{"profile":"cloud"}`, http.StatusBadRequest, "lower-case"},
		{http.MethodPut, "/api/tenants/west", `{"profile":"laptop"}`, http.StatusBadRequest, "onprem"},
		{http.MethodPut, "/api/tenants/west", `{"profil":"cloud"}`, http.StatusBadRequest, "profil"},
		{http.MethodPut, "/api/tenants/west", "", http.StatusUnsupportedMediaType, "Content-Type"},
		{http.MethodPost, tickets, ` `, http.StatusBadRequest, "the body is empty"},
		{http.MethodPost, tickets, `{"subject":"x"}{}`, http.StatusBadRequest, "after the JSON"},
		{http.MethodPost, tickets, `{"subject":" "}`, http.StatusBadRequest, "subject: is missing"},
		{http.MethodPost, tickets, `{"subject":"` + strings.Repeat("é", 251) + `"}`, http.StatusBadRequest, "250"},
		{http.MethodPost, tickets, `{"subject":"` + strings.Repeat("x", 1<<20) + `"}`, http.StatusRequestEntityTooLarge, "larger"},
		{http.MethodPost, tickets, `{"subject":"x","emit":"morse"}`, http.StatusBadRequest, "hex-prefixed"},
		{http.MethodPatch, tickets + "/" + id, `{"subject":""}`, http.StatusBadRequest, "subject"},
		{http.MethodPatch, tickets + "/" + id, `{"emit":"morse"}`, http.StatusBadRequest, "emit"},
		{http.MethodPatch, tickets + "/" + id, `[]`, http.StatusBadRequest, "not what is expected"},
		{http.MethodPatch, tickets + "/1", `{}`, http.StatusNotFound, "no ticket"},
		{http.MethodDelete, tickets + "/1", "", http.StatusNotFound, "no ticket"},
		{http.MethodPost, tickets + "/1/webhook", `{}`, http.StatusNotFound, "no ticket"},
		{http.MethodPost, tickets + "/" + id + "/webhook", `{"event":"deleted"}`, http.StatusBadRequest, "updated"},
		{http.MethodPost, tickets + "/" + id + "/webhook", `{"emit":"morse"}`, http.StatusBadRequest, "emit"},
		{http.MethodPost, tickets + "/" + id + "/webhook", `x`, http.StatusBadRequest, "not what is expected"},
		{http.MethodPost, "/api/tenants/" + onPrem + "/articles", `{"id":"a"}`, http.StatusBadRequest, "title"},
		{http.MethodPost, "/api/tenants/" + onPrem + "/articles", `{"name":"a"}`, http.StatusBadRequest, "name"},
		{http.MethodPut, "/api/tenants/" + onPrem + "/faults/webhook", `{"latency_ms":-1}`, http.StatusBadRequest, "latency_ms"},
		{http.MethodPut, "/api/tenants/" + onPrem + "/faults/servicedesk", `{"active":[{"kind":"x"}]}`, http.StatusBadRequest, "kind"},
		{http.MethodPut, "/api/tenants/" + onPrem + "/faults/knowledge", `{"slow":true}`, http.StatusBadRequest, "slow"},
		{http.MethodPut, "/api/faults/llm", `{"status":200}`, http.StatusBadRequest, "status"},
	} {
		got := r.send(c.method, c.path, c.body)
		if got.status != c.status || !strings.Contains(got.body, c.says) ||
			got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %.40s: status %d, want %d; does it say %q? %s", c.method, c.path, c.body, got.status, c.status, c.says, got.body)
		}
	}
}

func TestFaultsTakeEffectAndAreCleared(t *testing.T) {
	t.Parallel()
	r := start(t)
	keys := testKeys()
	ask := func(method, path, body, header, value string) func() int {
		return func() int {
			return r.send(method, path, body, header, value).status
		}
	}
	for _, c := range []struct {
		path, faults string
		probe        func() int
		status       int
	}{
		{
			"/api/tenants/" + onPrem + "/faults/servicedesk", `{"active":[{"kind":"always_500"}]}`,
			ask(http.MethodGet, "/sdp/"+onPrem+"/api/v3/requests", "", "authtoken", keys.APIKey(onPrem)),
			http.StatusInternalServerError,
		},
		{
			"/api/tenants/" + onPrem + "/faults/knowledge", `{"status":503}`,
			ask(http.MethodGet, "/kb/"+onPrem+"/search?q=printer&limit=3", "", "Authorization", "Bearer "+keys.KnowledgeAPIKey(onPrem)),
			http.StatusServiceUnavailable,
		},
		{
			"/api/faults/llm", `{"status":429}`,
			ask(http.MethodPost, "/llm/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"x"}]}`,
				"Authorization", "Bearer "+llmKey),
			http.StatusTooManyRequests,
		},
	} {
		if got := c.probe(); got != http.StatusOK {
			t.Errorf("%s: status %d before the fault", c.path, got)
		}
		before := r.send(http.MethodGet, c.path, "").body
		r.do(http.MethodPut, c.path, c.faults, http.StatusOK, nil)
		if got := c.probe(); got != c.status {
			t.Errorf("%s: status %d with the fault, want %d", c.path, got, c.status)
		}
		if during := r.send(http.MethodGet, c.path, "").body; during == before {
			t.Errorf("%s: the fault is not shown: %s", c.path, during)
		}
		r.do(http.MethodPut, c.path, `{}`, http.StatusOK, nil)
		if got := c.probe(); got != http.StatusOK {
			t.Errorf("%s: status %d after the fault", c.path, got)
		}
		if after := r.send(http.MethodGet, c.path, "").body; after != before {
			t.Errorf("%s: still shown: %s", c.path, after)
		}
	}
}

func TestCallsAreRemembered(t *testing.T) {
	t.Parallel()
	r := start(t)
	keys := testKeys()
	r.send(http.MethodGet, "/sdp/"+onPrem+"/api/v3/requests", "", "authtoken", keys.APIKey(onPrem))
	r.send(http.MethodGet, "/kb/"+onPrem+"/search?q=printer&limit=3", "", "Authorization", "Bearer "+keys.KnowledgeAPIKey(onPrem))
	r.send(http.MethodPost, "/llm/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"x"}]}`,
		"Authorization", "Bearer "+llmKey)
	r.send(http.MethodPost, "/llm/v1/embeddings", `{"model":"e","input":"x"}`, "Authorization", "Bearer "+llmKey)
	var calls struct {
		ServiceDesk []servicedesktest.Call
		Knowledge   []struct{ Query string }
		LLM         []struct{ Model string }
		Embeddings  []struct{ Model string }
	}
	r.do(http.MethodGet, "/api/tenants/"+onPrem+"/calls", "", http.StatusOK, &calls)
	r.do(http.MethodGet, "/api/calls", "", http.StatusOK, &calls)
	if len(calls.ServiceDesk) != 1 || calls.ServiceDesk[0].Path != "/api/v3/requests" ||
		len(calls.Knowledge) != 1 || calls.Knowledge[0].Query != "printer" || len(calls.LLM) != 1 || calls.LLM[0].Model != "m" ||
		len(calls.Embeddings) != 1 || calls.Embeddings[0].Model != "e" {
		t.Errorf("the calls are %+v", calls)
	}
	r.do(http.MethodGet, "/api/tenants/"+cloud+"/calls", "", http.StatusOK, &calls)
	if len(calls.ServiceDesk) != 0 || len(calls.Knowledge) != 0 {
		t.Errorf("the neighbour's calls are %+v", calls)
	}
}

func TestArticlesAreFound(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.do(http.MethodPost, "/api/tenants/"+onPrem+"/articles",
		`{"id":"A1","title":"Printer without toner","summary":"Change it.","url":"https://kb.example.com/A1"}`, http.StatusCreated, nil)
	body := r.send(http.MethodGet, "/kb/"+onPrem+"/search?q=printer+toner&limit=3", "",
		"Authorization", "Bearer "+testKeys().KnowledgeAPIKey(onPrem)).body
	if !strings.Contains(body, "https://kb.example.com/A1") {
		t.Errorf("found %s", body)
	}
}

func TestAWebhookIsNotSentForACallerWhoHasGone(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.do(http.MethodPut, "/api/tenants/"+onPrem+"/faults/webhook", `{"latency_ms":30000}`, http.StatusOK, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := callWithin(ctx, r.world, http.MethodPost, "/api/tenants/"+onPrem+"/tickets", `{"subject":"Printer"}`)
	if got := r.gateway.take(); len(got) != 0 || !strings.Contains(rec.Body.String(), "went away") {
		t.Errorf("the gateway got %d webhooks, the answer is %s", len(got), rec.Body)
	}
}

func TestCloseEndsTheCallsThatHang(t *testing.T) {
	t.Parallel()
	r := start(t)
	keys := testKeys()
	r.do(http.MethodPut, "/api/tenants/"+onPrem+"/faults/servicedesk", `{"active":[{"kind":"hang"}]}`, http.StatusOK, nil)
	r.do(http.MethodPut, "/api/tenants/"+onPrem+"/faults/knowledge", `{"hang":true}`, http.StatusOK, nil)
	r.do(http.MethodPut, "/api/faults/llm", `{"hang":true}`, http.StatusOK, nil)
	r.world.Close()
	for _, c := range []struct{ method, path, body, header, value string }{
		{http.MethodGet, "/sdp/" + onPrem + "/api/v3/requests", "", "authtoken", keys.APIKey(onPrem)},
		{http.MethodGet, "/kb/" + onPrem + "/search?q=printer&limit=3", "", "Authorization", "Bearer " + keys.KnowledgeAPIKey(onPrem)},
		{http.MethodPost, "/llm/v1/chat/completions", `{"model":"m","messages":[{"role":"user"}]}`, "Authorization", "Bearer " + llmKey},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		req, err := http.NewRequestWithContext(ctx, c.method, r.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(c.header, c.value)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		} // a connection that breaks off is an end as well
		if ctx.Err() != nil {
			t.Errorf("%s hangs on", c.path)
		}
		cancel()
	}
}

func TestATicketIsResolvedAndDeleted(t *testing.T) {
	t.Parallel()
	r := start(t)
	path := "/api/tenants/" + onPrem + "/tickets/" + r.open(onPrem, map[string]any{"subject": "Scanner", "emit": "none"}).TicketID
	r.do(http.MethodPatch, path, `{"resolution":"New rollers."}`, http.StatusOK, nil)
	var resolved simulator.Ticket
	r.do(http.MethodGet, path, "", http.StatusOK, &resolved)
	if resolved.Status != "Resolved" {
		t.Errorf("the resolved ticket is %q", resolved.Status)
	}
	r.do(http.MethodDelete, path, "", http.StatusNoContent, nil)
	r.do(http.MethodGet, path, "", http.StatusNotFound, nil)
}

func TestATechnicianEditsAndDeletesANote(t *testing.T) {
	t.Parallel()
	for tenant, profile := range map[string]servicedesk.Profile{onPrem: servicedesk.ProfileOnPrem, cloud: servicedesk.ProfileCloud} {
		r := start(t)
		ticket := r.open(tenant, map[string]any{"subject": "Scanner", "emit": "none"}).TicketID
		note := r.note(tenant, profile, ticket, "<p>ours</p>").NoteID
		path := "/api/tenants/" + tenant + "/tickets/" + ticket + "/notes/" + note
		var changed simulator.Ticket
		r.do(http.MethodPatch, path, `{"description":"<p>theirs</p>"}`, http.StatusOK, &changed)
		if len(changed.Notes) != 1 || changed.Notes[0].Description != "<p>theirs</p>" || changed.Notes[0].LastUpdatedBy.ID != "77" {
			t.Errorf("edited: %+v", changed.Notes)
		}
		r.do(http.MethodPatch, path, `{}`, http.StatusBadRequest, nil)
		r.do(http.MethodPatch, strings.Replace(path, ticket, "999", 1), `{"description":"x"}`, http.StatusNotFound, nil)
		r.do(http.MethodDelete, path, "", http.StatusNoContent, nil)
		r.do(http.MethodDelete, path, "", http.StatusNotFound, nil)
		r.do(http.MethodPatch, path, `{"description":"x"}`, http.StatusNotFound, nil)
	}
}
