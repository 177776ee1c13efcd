package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// probePatience bounds a call to the simulator or to Alertmanager.
	probePatience = 10 * time.Second
	// alertPatience is how long an alert may take to be seen.
	alertPatience = 15 * time.Second
	// probeAnswer is how much of an answer is read, in bytes.
	probeAnswer = 8 << 20
	// isolationTime is how long the restricted token is good for, should it not be revoked.
	isolationTime = time.Hour
	// mostPast is how many of each tenant's past tickets are compared.
	mostPast = 1000
)

// scenario is a fault of the simulated systems, and what the note has to be in spite of it.
type scenario struct {
	name, system, fault string
	// without is the step that the note has to do without; empty when nothing may be missing.
	without enhancement.Step
}

func scenarios() []scenario {
	return []scenario{
		{"ServiceDesk Plus fails once while the note is written", "servicedesk", `{"active":[{"kind":"fail_next","operation":"write_note","remaining":1}]}`, ""},
		{"the knowledge base does not answer in time", "knowledge", `{"hang":true}`, enhancement.StepDocSearch},
		{"partial context: the knowledge base answers 503", "knowledge", `{"status":503}`, enhancement.StepDocSearch},
	}
}

func (v *validation) tryFaults(ctx context.Context) {
	for _, s := range scenarios() {
		switch {
		case v.simulator == "":
			v.report.skip(groupFaults, s.name, "no --simulator: the systems of a client are not made to fail")
		case ctx.Err() != nil:
			v.report.skip(groupFaults, s.name, "interrupted")
		case s.system == "knowledge" && v.tenant.KnowledgeURL == "":
			v.report.skip(groupFaults, s.name, "the tenant has no knowledge base")
		default:
			v.report.try(groupFaults, s.name, func() (checkOutcome, string) { return v.tryFault(ctx, s) })
		}
	}
}

// tryFault switches the fault on, enhances a ticket, and switches it off, whatever happens.
func (v *validation) tryFault(ctx context.Context, s scenario) (outcome checkOutcome, detail string) {
	base := strings.TrimRight(v.simulator, "/") + "/api/tenants/" + url.PathEscape(v.tenantID)
	faults := base + "/faults/" + s.system
	if err := probe(ctx, http.MethodPut, faults, []byte(s.fault), nil); err != nil {
		return checkNotRun, "the fault could not be switched on: " + err.Error()
	}
	defer func() {
		if err := probe(context.WithoutCancel(ctx), http.MethodPut, faults, []byte("{}"), nil); err != nil {
			outcome, detail = checkFailed, detail+"; the fault could not be switched off again, do it by hand: "+err.Error()
		}
	}()
	before, err := v.knowledgeCalls(ctx, base)
	if err != nil {
		return checkNotRun, err.Error()
	}
	job, err := v.enhance(ctx, v.tickets[0], "Scenario: "+s.name)
	if err != nil {
		return checkFailed, err.Error()
	}
	said := fmt.Sprintf("job %s completed", job.JobID)
	if len(job.Degraded) > 0 {
		said += ", without " + strings.Join(job.Degraded, ", ")
	}
	switch missing := slices.Contains(job.Degraded, string(s.without)); {
	case s.without == "" || missing:
		return checkPassed, said
	default:
		after, err := v.knowledgeCalls(ctx, base)
		if err == nil && bytes.Equal(before, after) {
			return checkNotRun, said + "; the knowledge base was not asked, because the tenant's articles are mirrored"
		}
		return checkFailed, said + ", and its note does not say what it had to do without"
	}
}

// knowledgeCalls are the latest calls to the simulated knowledge base, to be compared.
func (v *validation) knowledgeCalls(ctx context.Context, base string) (json.RawMessage, error) {
	var calls struct {
		Knowledge json.RawMessage `json:"knowledge"`
	}
	err := probe(ctx, http.MethodGet, base+"/calls", nil, &calls)
	return calls.Knowledge, err
}

// probe makes a call outside of the console, and decodes the answer into out, which may be nil.
func probe(ctx context.Context, method, address string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s cannot be called: %w", address, err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err //nolint:wrapcheck // it names method and address
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, probeAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", address, err)
	}
	if resp.StatusCode/100 != 2 {
		const shownOf = 200
		return fmt.Errorf("%s %s answers %s: %.*s", method, address, resp.Status, shownOf, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer of %s cannot be read: %w", address, err)
	}
	return nil
}

// isolationPermissions are what the restricted token may do, to its own tenant: with less, a refusal would prove nothing.
func isolationPermissions() []string {
	return []string{"tenants:read", "tenants:write", "jobs:read", "notes:read", "notes:preview", "connections:test"}
}

// tryIsolation makes a token for the tenant alone, and asks with it for what is the other one's.
func (v *validation) tryIsolation(ctx context.Context) {
	names := []string{"what is the other tenant's is refused", "a search finds nothing of the other tenant's"}
	skip := func(reason string) {
		for _, name := range names {
			v.report.skip(groupIsolation, name, reason)
		}
	}
	if v.otherTenant == "" {
		skip("no --other-tenant")
		return
	}
	if ctx.Err() != nil {
		skip("interrupted")
		return
	}
	if _, err := v.client.Tenant(ctx, v.otherTenant); err != nil {
		skip(fmt.Sprintf("%s cannot be looked at: %v", v.otherTenant, err))
		return
	}
	issued, err := v.client.CreateToken(ctx, adminapi.CreateToken{
		Name: "validation of " + v.tenantID, Permissions: isolationPermissions(), Tenants: []string{v.tenantID}, ValidSeconds: int(isolationTime / time.Second),
	})
	if err != nil {
		skip("no token restricted to the tenant could be made: " + err.Error())
		return
	}
	defer func() {
		if err := v.client.RevokeToken(context.WithoutCancel(ctx), issued.ID); err != nil {
			v.cmd.PrintErrf("The token %s could not be revoked; it expires in an hour: %v\n", issued.ID, err)
		}
	}()
	cfg, err := readSettings(v.cmd)
	if err != nil {
		skip(err.Error())
		return
	}
	restricted, err := cfg.client(tenant.Secret(issued.Secret))
	if err != nil {
		skip(err.Error())
		return
	}
	v.report.try(groupIsolation, names[0], func() (checkOutcome, string) { return v.tryToReach(ctx, restricted) })
	v.report.try(groupIsolation, names[1], func() (checkOutcome, string) { return v.tryToFind(ctx, restricted) })
}

// tryToReach asks for all that a token may ask for of a tenant. Nothing of it changes anything, should it be taken.
func (v *validation) tryToReach(ctx context.Context, restricted *adminapi.Client) (checkOutcome, string) {
	if _, err := restricted.Tenant(ctx, v.tenantID); err != nil {
		return checkNotRun, "the token does not reach its own tenant, so a refusal proves nothing: " + err.Error()
	}
	other := v.otherTenant
	asks := map[string]func() error{
		"settings": func() error { _, err := restricted.Tenant(ctx, other); return err },
		"settings, changed": func() error {
			_, err := restricted.UpdateTenant(ctx, other, `"0"`, adminapi.UpdateTenant{TenantSpec: v.tenant.TenantSpec}) // no tenant has version 0
			return err
		},
		"texts for ServiceDesk Plus": func() error { _, err := restricted.Setup(ctx, other, ""); return err },
		"connections":                func() error { _, err := restricted.TestConnections(ctx, other); return err },
		"jobs":                       func() error { return first(restricted.Jobs(ctx, other, adminapi.JobQuery{})) },
		"past tickets":               func() error { return first(restricted.PastTickets(ctx, other, time.Time{}, 1)) },
		"costs":                      func() error { _, err := restricted.Usage(ctx, other, "", ""); return err },
		"errors":                     func() error { _, err := restricted.Errors(ctx, other, time.Now().Add(-time.Hour)); return err },
		"previews": func() error {
			_, err := restricted.Preview(ctx, other, adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: "Validation"}})
			return err
		},
	}
	for job, err := range v.client.Jobs(ctx, other, adminapi.JobQuery{}) {
		if err == nil {
			asks["a job, as if it were one's own"] = func() error { _, err := restricted.Job(ctx, v.tenantID, job.JobID); return err }
		}
		break
	}
	var reached []string
	for what, ask := range asks {
		if status := adminapi.StatusOf(ask()); status != http.StatusForbidden && status != http.StatusNotFound {
			reached = append(reached, fmt.Sprintf("%s (status %d)", what, status))
		}
	}
	for t, err := range restricted.Tenants(ctx, "") {
		if err == nil && t.TenantID != v.tenantID {
			reached = append(reached, "the list names "+t.TenantID)
		}
	}
	if len(reached) > 0 {
		slices.Sort(reached)
		return checkFailed, "not refused: " + strings.Join(reached, "; ")
	}
	return checkPassed, fmt.Sprintf("%d kinds of requests for %s were refused", len(asks), other)
}

// first takes one element, for the error alone.
func first[T any](all func(yield func(T, error) bool)) error {
	for _, err := range all {
		return err
	}
	return nil
}

// tryToFind drafts a note in the tenant on a past ticket of the other one, and looks for that one's tickets in it.
func (v *validation) tryToFind(ctx context.Context, restricted *adminapi.Client) (checkOutcome, string) {
	own := map[string]bool{}
	for t, err := range v.client.PastTickets(ctx, v.tenantID, time.Time{}, mostPast) {
		if err != nil {
			return checkNotRun, err.Error()
		}
		own[t.TicketID] = true
	}
	theirs, subject := map[string]bool{}, ""
	for t, err := range v.client.PastTickets(ctx, v.otherTenant, time.Time{}, mostPast) {
		if err != nil {
			return checkNotRun, err.Error()
		}
		if !own[t.TicketID] {
			theirs["#"+t.TicketID] = true
			if subject == "" {
				subject = t.Subject
			}
		}
	}
	if subject == "" {
		return checkNotRun, v.otherTenant + " has no past tickets whose ids the tenant does not have, too: nothing to look for"
	}
	drafted, err := restricted.Preview(ctx, v.tenantID, adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: subject, Description: subject}})
	if err != nil {
		return checkNotRun, "no note could be drafted: " + err.Error()
	}
	for _, c := range drafted.Note.Cited {
		if c.Kind == "ticket" && theirs[c.Text] {
			return checkFailed, "the note cites " + c.Text + ", which is a ticket of " + v.otherTenant
		}
	}
	return checkPassed, fmt.Sprintf("a note on a past ticket of %s cites none of its %d past tickets", v.otherTenant, len(theirs))
}

// tryAlert fires an alert and looks for it.
func (v *validation) tryAlert(ctx context.Context) {
	const name = "an alert arrives at Alertmanager"
	switch {
	case v.alertmanager == "":
		v.report.skip(groupAlerts, name, "no --alertmanager")
	case ctx.Err() != nil:
		v.report.skip(groupAlerts, name, "interrupted")
	default:
		v.report.try(groupAlerts, name, func() (checkOutcome, string) {
			receivers, err := v.fire(ctx)
			if err != nil {
				return checkFailed, err.Error()
			}
			return checkPassed, "it is there, for the receivers " + strings.Join(receivers, ", ")
		})
	}
}

// firedAlert is an alert as Alertmanager's API has it.
type firedAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Receivers   []struct {
		Name string `json:"name"`
	} `json:"receivers,omitempty"`
}

func (v *validation) fire(ctx context.Context) (receivers []string, err error) {
	base, now := strings.TrimRight(v.alertmanager, "/")+"/api/v2/alerts", time.Now().UTC()
	post := func(ctx context.Context, ends time.Time) error {
		body, err := json.Marshal([]firedAlert{{
			Labels:      map[string]string{"alertname": "AIAgentsValidation", "tenant_id": v.tenantID, "run": v.mark},
			Annotations: map[string]string{"summary": "A test by an operator: nothing is wrong."}, StartsAt: now, EndsAt: ends,
		}})
		if err != nil {
			return fmt.Errorf("encode the alert: %w", err)
		}
		return probe(ctx, http.MethodPost, base, body, nil)
	}
	if err := post(ctx, now.Add(time.Minute)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, post(context.WithoutCancel(ctx), time.Now().UTC())) }()
	for ended := time.Now().Add(alertPatience); time.Now().Before(ended); {
		var found []firedAlert
		if err := probe(ctx, http.MethodGet, base+"?filter="+url.QueryEscape(`run="`+v.mark+`"`), nil, &found); err != nil {
			return nil, err
		}
		for _, a := range found {
			for _, r := range a.Receivers {
				receivers = append(receivers, r.Name)
			}
			return receivers, nil
		}
		select {
		case <-ctx.Done():
			return nil, errInterrupted
		case <-time.After(smokePoll):
		}
	}
	return nil, fmt.Errorf("the alert was taken by Alertmanager, and was not there within %s", alertPatience)
}
