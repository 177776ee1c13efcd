package console_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
)

func TestATokenIsMadeUsedAndRevoked(t *testing.T) {
	w := newWorld(t)
	ask := adminapi.CreateToken{Name: "example", Permissions: []string{"viewer", "audit:read"}, Tenants: []string{"alpha"}, ValidSeconds: 3600}
	issued := read[adminapi.IssuedToken](t, w.call(http.MethodPost, "/tokens", ask), http.StatusCreated)
	if strings.Join(issued.Permissions, " ") != "tenants:read jobs:read audit:read" || issued.CreatedBy == "" {
		t.Errorf("token %+v", issued.Token)
	}
	who := read[adminapi.Identity](t, w.callAs(issued.Secret, http.MethodGet, "/identity", nil), http.StatusOK)
	if who.Subject != "token:"+issued.ID || who.Kind != "token" || len(who.Tenants) != 1 || who.ExpiresAt == nil {
		t.Errorf("identity %+v", who)
	}
	if entry := w.entries(audit.Query{Operation: audit.OperationTokenCreate})[0]; entry.Target != issued.ID || entry.Detail["tenants"] != "alpha" {
		t.Errorf("entry %+v", entry)
	}
	listed := read[adminapi.Page[adminapi.Token]](t, w.call(http.MethodGet, "/tokens?limit=1", nil), http.StatusOK)
	if len(listed.Items) != 1 || listed.Items[0].ID != issued.ID || listed.Next == "" {
		t.Errorf("listed %+v", listed)
	}
	next := read[adminapi.Page[adminapi.Token]](t, w.call(http.MethodGet, "/tokens?limit=1&cursor="+listed.Next, nil), http.StatusOK)
	if len(next.Items) != 1 || next.Items[0].ID == issued.ID || next.Next != "" {
		t.Errorf("next page %+v", next)
	}
	for range 2 {
		if revoked := read[adminapi.Token](t, w.call(http.MethodDelete, "/tokens/"+issued.ID, nil), http.StatusOK); revoked.RevokedAt == nil {
			t.Errorf("revoked %+v", revoked)
		}
	}
	if n := len(w.entries(audit.Query{Operation: audit.OperationTokenRevoke})); n != 1 {
		t.Errorf("%d entries about one revocation", n)
	}
	refused(t, w.callAs(issued.Secret, http.MethodGet, "/identity", nil), http.StatusUnauthorized)
}

func TestNobodyMakesATokenThatMayMore(t *testing.T) {
	w := newWorld(t)
	clerk := w.token([]access.Permission{access.TokensWrite, access.TenantsRead})
	ask := adminapi.CreateToken{Name: "example", Permissions: []string{"tenants:read"}, ValidSeconds: 3600}
	read[adminapi.IssuedToken](t, w.callAs(clerk, http.MethodPost, "/tokens", ask), http.StatusCreated)
	ask.Permissions = []string{"admin"}
	refused(t, w.callAs(clerk, http.MethodPost, "/tokens", ask), http.StatusForbidden, "tenants:delete")
	ask.Permissions = []string{"everything"}
	refused(t, w.call(http.MethodPost, "/tokens", ask), http.StatusUnprocessableEntity, "body.permissions", "audit:read")
	ask = adminapi.CreateToken{Name: "example", Permissions: []string{"viewer"}, Tenants: []string{"No Id"}, ValidSeconds: 3600}
	refused(t, w.call(http.MethodPost, "/tokens", ask), http.StatusUnprocessableEntity, "tenant id")
}

func TestTheBootstrapTokenIsExchangedOnce(t *testing.T) {
	w := newWorld(t)
	refused(t, w.callAs("", http.MethodPost, "/bootstrap", nil), http.StatusUnauthorized)
	refused(t, w.callAs("wrong", http.MethodPost, "/bootstrap", nil), http.StatusUnauthorized)
	first := read[adminapi.IssuedToken](t, w.callAs(bootstrapToken, http.MethodPost, "/bootstrap", nil), http.StatusCreated)
	who := read[adminapi.Identity](t, w.callAs(first.Secret, http.MethodGet, "/identity", nil), http.StatusOK)
	if len(who.Permissions) != len(access.All()) {
		t.Errorf("it may %v", who.Permissions)
	}
	refused(t, w.callAs(bootstrapToken, http.MethodPost, "/bootstrap", nil), http.StatusConflict, "new one into the secret store")
	if n := len(w.entries(audit.Query{Operation: audit.OperationTokenBootstrap})); n != 1 {
		t.Errorf("%d entries", n)
	}
	if n := len(w.entries(audit.Query{Operation: audit.OperationAccessDeny})); n != 2 {
		t.Errorf("%d entries about those who had no right to it", n)
	}
}

func TestTheAuditLogIsListedExportedAndVerified(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"alpha", "beta", "gamma"} {
		w.create(id)
	}
	w.call(http.MethodPost, "/tenants/alpha/disable", nil)
	var seqs []int64
	for next := ""; ; {
		page := read[adminapi.Page[adminapi.AuditRecord]](t, w.call(http.MethodGet, "/audit?limit=1"+next, nil), http.StatusOK)
		for _, r := range page.Items {
			seqs = append(seqs, r.Seq)
		}
		if page.Next == "" {
			break
		}
		next = "&cursor=" + page.Next
	}
	if len(seqs) != 4 || seqs[0] != 4 || seqs[3] != 1 {
		t.Errorf("entries %v", seqs)
	}
	future := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for query, n := range map[string]int{
		"tenant_id=alpha": 2, "operation=tenant.disable": 1, "since=" + future: 0, "until=" + future: 4, "actor=nobody": 0,
	} {
		if page := read[adminapi.Page[adminapi.AuditRecord]](t, w.call(http.MethodGet, "/audit?"+query, nil), http.StatusOK); len(page.Items) != n {
			t.Errorf("%s: %d entries", query, len(page.Items))
		}
	}
	rec := w.call(http.MethodGet, "/audit/export", nil)
	exported, err := audit.VerifyStream(bytes.NewReader(rec.Body.Bytes()))
	if err != nil || !exported.Intact() || exported.Records != 5 || rec.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("export: %+v, %v, %v", exported, err, rec.Header())
	}
	v := read[adminapi.AuditVerification](t, w.call(http.MethodGet, "/audit/verification", nil), http.StatusOK)
	if !v.Intact || v.Records != 5 || v.LastHash != exported.LastHash.String() {
		t.Errorf("verification %+v", v)
	}
	again := "/audit/verification?expect=" + strconv.FormatInt(v.LastSeq, 10) + ":"
	if v := read[adminapi.AuditVerification](t, w.call(http.MethodGet, again+v.LastHash, nil), http.StatusOK); !v.Intact {
		t.Errorf("what was kept is not found again: %+v", v)
	}
	if v := read[adminapi.AuditVerification](t, w.call(http.MethodGet, again+strings.Repeat("0", 64), nil), http.StatusOK); v.Intact || v.Problem == "" {
		t.Errorf("another hash is taken: %+v", v)
	}
	if operation := w.entries(audit.Query{})[0].Operation; operation != audit.OperationAuditVerify {
		t.Errorf("the last entry is about %s", operation)
	}
}

func TestTheKeysetIsToldWithoutItsKeys(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	set := read[adminapi.Keyset](t, w.call(http.MethodGet, "/keyset", nil), http.StatusOK)
	if len(set.Keys) != 1 || !set.Keys[0].Primary || set.Keys[0].Values != 3 || set.Unreadable != 0 {
		t.Errorf("keyset %+v", set)
	}
}
