package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// documented is an operation as the OpenAPI document has it.
type documented struct {
	method, path, id, permission string
}

// operations are all of the document.
func (w *world) operations() []documented {
	w.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Permission  string `json:"x-permission"`
		} `json:"paths"`
	}
	rec := w.callAs("", http.MethodGet, "/openapi.json", nil)
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		w.t.Fatal(err)
	}
	var all []documented
	for path, methods := range doc.Paths {
		for method, op := range methods {
			all = append(all, documented{strings.ToUpper(method), strings.TrimPrefix(path, adminapi.Prefix), op.OperationID, op.Permission})
		}
	}
	return all
}

// at is the operation's path for a tenant.
func (d documented) at(tenantID string) string {
	path := strings.NewReplacer("{tenant_id}", tenantID, "{job_id}", "5f98c2a9-c42b-82f4-99be-70b23f80ea81", "{token_id}", "aaaaaaaaaaaaaaaa").Replace(d.path)
	if strings.HasPrefix(d.path, "/audit") && d.path != "/audit/verification" {
		path += "?tenant_id=" + tenantID
	}
	return path
}

// letIn says whether an answer is one of the operation, and not of its guard.
func letIn(rec *httptest.ResponseRecorder) bool {
	return rec.Code != http.StatusUnauthorized && rec.Code != http.StatusForbidden && rec.Code != http.StatusTooManyRequests
}

// Every operation of the document, with every role: what is declared is what is enforced. The requests have no body and no
// tenant to work on, so that whoever is let in does no harm: the guard comes before both.
func TestEveryOperationTakesWhatItDeclares(t *testing.T) {
	w := newWorld(t)
	roles := map[access.Role]string{"none": ""}
	for _, role := range []access.Role{access.RoleViewer, access.RoleOperator, access.RoleAdmin} {
		roles[role] = w.token(role.Permissions())
	}
	ops := w.operations()
	if len(ops) < 30 {
		t.Fatalf("only %d operations", len(ops))
	}
	for _, op := range ops {
		for role, token := range roles {
			want := op.permission == "authenticated" && token != "" || slices.Contains(role.Permissions(), access.Permission(op.permission))
			rec := w.callAs(token, op.method, op.at("unknown"), nil)
			if letIn(rec) != want {
				t.Errorf("%s %s (%s) as %s: %d %s", op.method, op.path, op.permission, role, rec.Code, rec.Body)
			}
			if rec.Code == http.StatusForbidden && !strings.Contains(rec.Body.String(), op.permission) {
				t.Errorf("%s: %s does not name the permission %s", op.id, rec.Body, op.permission)
			}
			if (rec.Code == http.StatusUnauthorized || rec.Code == http.StatusForbidden) &&
				!strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s: WWW-Authenticate is %q", op.id, rec.Header().Get("WWW-Authenticate"))
			}
		}
	}
}

// Each permission alone opens the operations that declare it, and no other.
func TestAPermissionOpensItsOperationsOnly(t *testing.T) {
	w := newWorld(t)
	ops := w.operations()
	for _, permission := range access.All() {
		token := w.token([]access.Permission{permission})
		opened := 0
		for _, op := range ops {
			if op.permission == "authenticated" || op.permission == "bootstrap" {
				continue
			}
			if in := letIn(w.callAs(token, op.method, op.at("unknown"), nil)); in != (op.permission == string(permission)) {
				t.Errorf("%s with %s: let in %t", op.id, permission, in)
			} else if in {
				opened++
			}
		}
		if opened == 0 {
			t.Errorf("no operation takes %s", permission)
		}
	}
}

func TestATokenForOneTenantReachesNoOther(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	token := w.token(access.All(), "alpha")
	for _, op := range w.operations() {
		if op.permission == "authenticated" || op.permission == "bootstrap" {
			continue
		}
		ofTenant := strings.Contains(op.path, "{tenant_id}") || strings.Contains(op.at("x"), "tenant_id=")
		for _, other := range []string{"beta", "unknown", "ALPHA", "alpha%00", "alpha%2F..%2Fbeta", "..%2Fbeta"} {
			rec := w.callAs(token, op.method, op.at(other), nil)
			// A path that is cut in two by its slash is no path of the API.
			if letIn(rec) && rec.Code != http.StatusNotFound && rec.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d %s", op.method, op.at(other), rec.Code, rec.Body)
			}
			if strings.Contains(rec.Body.String(), "Example beta") {
				t.Errorf("%s tells about another tenant: %s", op.id, rec.Body)
			}
		}
		if rec := w.callAs(token, op.method, op.at("alpha"), nil); letIn(rec) != ofTenant {
			t.Errorf("%s %s with its own tenant: %d %s", op.method, op.path, rec.Code, rec.Body)
		}
		if rec := w.callAs(token, op.method, strings.Split(op.at("alpha"), "?")[0]+"?tenant_id=beta&tenant_id=alpha", nil); !strings.Contains(op.path, "{") && letIn(rec) {
			t.Errorf("%s: a second tenant in the query is let in: %d", op.id, rec.Code)
		}
	}
	if len(w.entries(audit.Query{TenantID: "beta", Operation: audit.OperationTenantUpdate})) > 0 {
		t.Error("the other tenant was changed")
	}
}

func TestRefusalsAreAuditedAndBounded(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		refused(t, w.callAs("", http.MethodGet, "/tenants", nil), http.StatusUnauthorized, "authentication is required")
	}
	viewer := w.token(access.RoleViewer.Permissions())
	for range 20 {
		refused(t, w.callAs(viewer, http.MethodPost, "/tenants/alpha/enable", nil), http.StatusForbidden, "tenants:write")
	}
	denied := w.entries(audit.Query{Operation: audit.OperationAccessDeny})
	if len(denied) != 2 {
		t.Fatalf("%d entries for 40 refusals of two kinds", len(denied))
	}
	if e := denied[0]; e.Status != audit.StatusRefused || !strings.HasPrefix(e.Actor, "token:") || e.TenantID != "alpha" ||
		e.Target != "enable-tenant" || e.Detail["permission"] != "tenants:write" || e.Address != "192.0.2.7" {
		t.Errorf("entry %+v", e)
	}
	if e := denied[1]; e.Actor != "anonymous" || e.Detail["reason"] != string(access.ReasonMissing) {
		t.Errorf("entry %+v", e)
	}
	if n := w.metric(telemetry.MetricConsoleDenied); n != 40 {
		t.Errorf("counted %v", n)
	}
	w.clock.move(2 * time.Minute)
	w.callAs("", http.MethodGet, "/tenants", nil)
	if e := w.entries(audit.Query{Operation: audit.OperationAccessDeny})[0]; e.Detail["unsaid"] != "19" {
		t.Errorf("the next entry stands for %q more", e.Detail["unsaid"])
	}
}

func TestGuessingTokensIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	statuses := map[int]int{}
	for range 100 {
		rec := w.callAs("aia_wrong", http.MethodGet, "/identity", nil)
		statuses[rec.Code]++
		if rec.Code == http.StatusTooManyRequests && rec.Header().Get("Retry-After") == "" {
			t.Fatal("429 does not say when to come again")
		}
	}
	if statuses[401] != 30 || statuses[429] != 70 {
		t.Errorf("100 wrong tokens were answered %v", statuses)
	}
	// From there, the bootstrap token cannot be guessed either.
	if rec := w.callAs("guess", http.MethodPost, "/bootstrap", nil); rec.Code != http.StatusTooManyRequests {
		t.Errorf("bootstrap: %d", rec.Code)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, adminapi.Prefix+"/identity", http.NoBody)
	req.RemoteAddr = "192.0.2.8:40000"
	req.Header.Set("Authorization", "Bearer "+w.admin)
	if rec := w.serve(req); rec.Code != http.StatusOK {
		t.Errorf("another address: %d", rec.Code)
	}
}

// Who is not let in cannot make the console read.
func TestABodyIsNotReadBeforeItsSenderIsKnown(t *testing.T) {
	w := newWorld(t)
	for _, token := range []string{"", "aia_wrong", w.token(access.RoleViewer.Permissions())} {
		body := &countedBody{}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, adminapi.Prefix+"/tenants/alpha/tickets/batch", http.NoBody)
		req.Body = body
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, req)
		if letIn(rec) || body.reads != 0 || rec.Header().Get("Connection") != "close" {
			t.Errorf("%d after %d reads, Connection %q", rec.Code, body.reads, rec.Header().Get("Connection"))
		}
	}
}

type countedBody struct{ reads int }

func (b *countedBody) Read(p []byte) (int, error) { b.reads++; return len(p), nil }
func (*countedBody) Close() error                 { return nil }
