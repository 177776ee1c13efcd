package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

// imports stands in for the mirror: it has some records more than are imported at once.
type imports struct{ asked []mirror.Options }

func (i *imports) Import(_ context.Context, _ string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error) {
	i.asked = append(i.asked, opts)
	if feed == mirror.FeedAssets {
		return mirror.Summary{Read: 3}, mirror.ErrBusy
	}
	return mirror.Summary{Read: opts.Limit, Limited: len(i.asked) == 1}, nil
}

func TestATenantIsOnboardedOnAPage(t *testing.T) {
	var sent []string
	gateway := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = append(sent, string(body))
		if strings.Contains(string(body), "refuse this") {
			rw.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(rw).Encode(map[string]string{"detail": "the example gateway does not take it"})
			return
		}
		rw.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(rw).Encode(map[string]string{"job_id": uuid.Nil.String(), "status": "pending"})
	}))
	defer gateway.Close()
	desk := &imports{}
	w := newWorldWith(t, consoletest.Options{Importer: desk, GatewayURL: gateway.URL})
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	const path = "/tenants/alpha/onboarding"
	w.get("/tenants/alpha").is(t, http.StatusOK, path)
	w.get(path).is(t, http.StatusOK, "No resolved ticket is there yet", "None yet", "The mode is live", "/tenants/alpha/setup")

	w.do(http.MethodPost, "/tenants/alpha/import", url.Values{"feed": {"tickets"}}).is(t, http.StatusOK, "500 read", "There is more: press the button again")
	w.do(http.MethodPost, "/tenants/alpha/import", url.Values{"feed": {"tickets"}}).is(t, http.StatusOK, "That was all")
	if len(desk.asked) != 2 || desk.asked[1].Limit != 500 || desk.asked[1].Restart {
		t.Errorf("asked %+v", desk.asked)
	}
	w.do(http.MethodPost, "/tenants/alpha/import", url.Values{"feed": {"assets"}}).is(t, http.StatusOK, "It ended early", `value="assets" selected`)
	w.do(http.MethodPost, "/tenants/alpha/import", url.Values{"feed": {"nonsense"}}).is(t, http.StatusUnprocessableEntity)
	if _, err := w.admin.PutTickets(t.Context(), "alpha", []history.PastTicket{{ID: "1", Subject: "s", Description: "d", Resolution: "r"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.database.Admin.Exec(t.Context(), "UPDATE ticket_history SET resolved_at = now()"); err != nil {
		t.Fatal(err)
	}
	w.get(path).is(t, http.StatusOK, "Past tickets are there")

	w.do(http.MethodPost, "/tenants/alpha/test-webhook", url.Values{"ticket_id": {"x"}}).is(t, http.StatusUnprocessableEntity, `id="ticket_id-wrong"`, `value="x"`)
	w.do(http.MethodPost, "/tenants/alpha/test-webhook", url.Values{"ticket_id": {"4711"}, "description": {"refuse <this>"}}).leads(t, "/tenants/alpha/jobs/"+uuid.Nil.String())
	w.do(http.MethodPost, "/tenants/alpha/test-webhook", url.Values{"ticket_id": {"4711"}, "description": {"refuse this"}}).
		is(t, http.StatusConflict, "the example gateway does not take it", "4711")
	if len(sent) != 2 || !strings.Contains(sent[0], `"ticket_id":"4711"`) {
		t.Errorf("sent %q", sent)
	}
	gateway.Close()
	w.do(http.MethodPost, "/tenants/alpha/test-webhook", url.Values{"ticket_id": {"4711"}}).is(t, http.StatusBadGateway, "the gateway does not answer")

	job := w.failedJob("alpha", "4711", "example")
	done := "UPDATE enhancement_history SET status = 'completed', failure_reason = '' WHERE job_id = $1"
	if _, err := w.database.Admin.Exec(t.Context(), done, job.ID); err != nil {
		t.Fatal(err)
	}
	w.get(path).is(t, http.StatusOK, "There is one:", "/tenants/alpha/jobs/"+job.ID)
	_, secret := w.token(access.RoleViewer)
	w.signIn(secret)
	page := w.get(path)
	page.is(t, http.StatusOK, "may not send webhooks")
	if strings.Contains(page.body, "Import the next") {
		t.Error("a viewer is offered an import")
	}
	w.do(http.MethodPost, "/tenants/alpha/import", url.Values{"feed": {"tickets"}}).is(t, http.StatusForbidden)
	w.do(http.MethodPost, "/tenants/alpha/test-webhook", url.Values{"ticket_id": {"1"}}).is(t, http.StatusForbidden)
	w.get("/tenants/none/onboarding").is(t, http.StatusNotFound)
}
