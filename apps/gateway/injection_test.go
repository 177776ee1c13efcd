package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// injections are texts that a statement made by concatenation would run, or choke on.
func injections() []string {
	return []string{
		`'; DROP TABLE enhancement_history; --`, `' OR '1'='1`, `' UNION SELECT api_key_sealed FROM tenant_configs --`, `1; UPDATE tenant_configs SET enabled = false`,
		`'; SET app.tenant_id = 'beta'; --`, `'); DELETE FROM ticket_history; --`, `$$; DROP TABLE systems; $$`, `\'; DROP TABLE systems; --`, `%' OR 1=1 --`,
		`"; DROP TABLE systems; --`, "`; DROP TABLE systems; --", `'||pg_sleep(10)||'`, `'; COPY (SELECT 1) TO PROGRAM 'id'; --`, `$1`, `$1::text`, `%s%d%n`, `?`, `:name`,
		`{alpha,beta}`, `\x27 OR 1=1`, `E'\'' OR 1=1`, `U&'\0027'`, `/* comment`, `--`, `;`, `NULL`, `DEFAULT`, `' || (SELECT current_user) || '`, `＇ OR 1=1`, `ʼ; DROP TABLE x`,
		`{"$ne": null}`, `[1, 2]`, `*)(uid=*))(|(uid=*`, `a' WAITFOR DELAY '0:0:5' --`, `<!--#exec cmd="id"-->`, "`id`", `$(id)`, `| id`, `; id`, `../../../etc/passwd`, `C:\..\x`,
	}
}

// fingerprint is of the rows of each table, but for those of the ticket's own making.
func (f *fixture) fingerprint(t *testing.T) map[string]string {
	t.Helper()
	rows, err := f.store.Database.Admin.Query(t.Context(), "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	prints := map[string]string{}
	for _, table := range tables {
		if slices.Contains([]string{"enhancement_history", "webhook_rate"}, table) {
			continue
		}
		rows, err := f.store.Database.Admin.Query(t.Context(), "SELECT r::text FROM "+pgx.Identifier{table}.Sanitize()+" r ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		prints[table] = fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(texts, "\n"))))
	}
	return prints
}

// A ticket's text is stored as it is, whatever language it is written in, and nothing else changes.
func TestInjectedSQLIsStoredAsText(t *testing.T) {
	f := newFixture(t)
	before := f.fingerprint(t)
	for i, text := range injections() {
		ticketID := strconv.Itoa(7000 + i)
		rec, got, _ := f.sendSigned(t, payload(t, map[string]any{"ticket_id": ticketID, "subject": text, "description": text, "priority": text[:min(len(text), 30)]}))
		if rec.Code != http.StatusAccepted {
			t.Errorf("%q: %d %s", text, rec.Code, rec.Body)
			continue
		}
		var subject, description, tenantID string
		err := f.store.Database.Admin.QueryRow(t.Context(), "SELECT tenant_id, subject, description FROM enhancement_history WHERE job_id = $1", got.JobID).
			Scan(&tenantID, &subject, &description)
		if err != nil || subject != text || description != text || tenantID != "alpha" {
			t.Errorf("%q is stored as %q and %q of %s, %v", text, subject, description, tenantID, err)
		}
	}
	if n := f.jobs(t); n != len(injections()) {
		t.Errorf("%d rows for %d webhooks", n, len(injections()))
	}
	for table, now := range f.fingerprint(t) {
		if before[table] != now {
			t.Errorf("%s has changed", table)
		}
	}
}

// In the fields that have a form, the same texts are refused before they reach the database.
func TestInjectedSQLIsNoTenantTicketOrTime(t *testing.T) {
	f := newFixture(t)
	for _, text := range injections() {
		for _, field := range []string{"tenant_id", "ticket_id", "event", "timestamp"} {
			body := payload(t, map[string]any{field: text})
			rec, _, _ := f.send(t, body, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body))
			if rec.Code != http.StatusBadRequest {
				t.Errorf("%s %q: %d %s", field, text, rec.Code, rec.Body)
			}
		}
	}
	if n := f.jobs(t); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// Answers are data: a browser that somebody tricks into showing one must not find a page in it.
func TestAnswersAreNoPages(t *testing.T) {
	f := newFixture(t)
	const script = `<script>alert(1)</script>`
	for name, body := range map[string][]byte{
		"a field":           payload(t, map[string]any{script: 1}),
		"a tenant":          payload(t, map[string]any{"tenant_id": script}),
		"a ticket":          payload(t, map[string]any{"ticket_id": script}),
		"a wrong type":      payload(t, map[string]any{"priority": map[string]any{script: script}}),
		"a time":            payload(t, map[string]any{"timestamp": script}),
		"no object":         []byte(script),
		"a wrong signature": payload(t, map[string]any{"tenant_id": "gamma", "subject": script}),
	} {
		rec, _, _ := f.sendSigned(t, body)
		if rec.Code < 400 || strings.Contains(rec.Body.String(), "<") || rec.Header().Get("Content-Type") != "application/problem+json" ||
			rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v %s", name, rec.Code, rec.Header(), rec.Body)
		}
	}
}

// What was recorded is of no use: not again, not later, not for another tenant.
func TestARecordedWebhookIsOfNoUse(t *testing.T) {
	f := newFixture(t)
	body := payload(t, nil)
	signature := webhook.Sign(tenantstoretest.SigningSecret("alpha"), body)
	first, job, _ := f.send(t, body, signature)
	if first.Code != http.StatusAccepted {
		t.Fatalf("the first: %d %s", first.Code, first.Body)
	}
	for range 5 {
		if rec, again, _ := f.send(t, body, signature); rec.Code != http.StatusAccepted || again != job {
			t.Errorf("again: %d %s", rec.Code, rec.Body)
		}
	}
	if n := f.jobs(t); n != 1 {
		t.Errorf("%d jobs for one event", n)
	}
	for name, age := range map[string]time.Duration{"later": -6 * time.Minute, "much later": -24 * time.Hour, "from the future": 6 * time.Minute} {
		old := payload(t, map[string]any{"ticket_id": "1002", "timestamp": time.Now().Add(age).UTC().Format(time.RFC3339)})
		if rec, _, _ := f.sendSigned(t, old); rec.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	// beta recorded nothing of alpha's secret: its own does not sign for alpha, nor alpha's signature for beta.
	forged := payload(t, map[string]any{"ticket_id": "1003"})
	if rec, _, _ := f.send(t, forged, webhook.Sign(tenantstoretest.SigningSecret("beta"), forged)); rec.Code != http.StatusUnauthorized {
		t.Errorf("signed by beta for alpha: %d %s", rec.Code, rec.Body)
	}
	moved := payload(t, map[string]any{"tenant_id": "beta"})
	for _, signature := range []string{signature, webhook.Sign(tenantstoretest.SigningSecret("alpha"), moved)} {
		if rec, _, _ := f.send(t, moved, signature); rec.Code != http.StatusUnauthorized {
			t.Errorf("alpha's for beta: %d %s", rec.Code, rec.Body)
		}
	}
	var all int
	if err := f.store.Database.Admin.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history").Scan(&all); err != nil || all != 1 {
		t.Errorf("%d jobs at the end, %v", all, err)
	}
}
