package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// validationReport is what happened, and nothing else.
type validationReport struct {
	TenantID      string      `json:"tenant_id"`
	TenantVersion int64       `json:"tenant_version"`
	Mode          string      `json:"mode"`
	Profile       string      `json:"servicedesk_profile"`
	OtherTenant   string      `json:"other_tenant,omitempty"`
	BeganAt       time.Time   `json:"began_at"`
	EndedAt       time.Time   `json:"ended_at"`
	Passed        bool        `json:"passed"`
	NotRun        int         `json:"not_run"`
	Figures       figures     `json:"figures"`
	Tickets       []ticketRun `json:"tickets"`
	Checks        []check     `json:"checks"`
}

// check is one thing that was tried beside the tickets.
type check struct {
	Group   string       `json:"group"`
	Name    string       `json:"name"`
	Outcome checkOutcome `json:"outcome"`
	Detail  string       `json:"detail,omitempty"`
	TookMS  int64        `json:"took_ms"`
}

// checkOutcome is how it went.
type checkOutcome string

// The outcomes.
const (
	checkPassed checkOutcome = "passed"
	checkFailed checkOutcome = "failed"
	checkNotRun checkOutcome = "not run"
)

// The groups of checks.
const (
	groupFaults    = "error scenarios"
	groupIsolation = "isolation"
	groupAlerts    = "alerts"
)

// skip enters what was not tried, and why.
func (r *validationReport) skip(group, name, reason string) {
	r.Checks = append(r.Checks, check{Group: group, Name: name, Outcome: checkNotRun, Detail: reason})
}

// try does a check and enters what came of it.
func (r *validationReport) try(group, name string, do func() (checkOutcome, string)) {
	began := time.Now()
	outcome, detail := do()
	r.Checks = append(r.Checks, check{Group: group, Name: name, Outcome: outcome, Detail: detail, TookMS: time.Since(began).Milliseconds()})
}

// conclude computes what follows from what happened.
func (r *validationReport) conclude(now time.Time) {
	r.EndedAt, r.Figures = now, figuresOf(r.Tickets)
	r.NotRun = 0
	for _, c := range r.Checks {
		if c.Outcome == checkNotRun {
			r.NotRun++
		}
	}
	r.Passed = len(r.failures()) == 0
}

// failures are what failed, in words.
func (r *validationReport) failures() []string {
	var all []string
	if failed := r.Figures.Tickets - r.Figures.Enhanced; failed > 0 {
		all = append(all, plural(int64(failed), "ticket")+" not enhanced")
	}
	for _, c := range r.Checks {
		if c.Outcome == checkFailed {
			all = append(all, c.Group+": "+c.Name)
		}
	}
	return all
}

// markdown is the report for people.
func (r *validationReport) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Validation of %s\n", r.TenantID)
	verdict := "**Passed.**"
	if !r.Passed {
		verdict = "**Failed:** " + cell(strings.Join(r.failures(), "; ")) + "."
	}
	if r.NotRun > 0 {
		verdict += fmt.Sprintf(" Not run: %d of %d checks; see why below.", r.NotRun, len(r.Checks))
	}
	line("%s\n", verdict)
	line("| | |\n|---|---|")
	line("| Began, ended | %s, %s |", r.BeganAt.Format(time.RFC3339), r.EndedAt.Format(time.RFC3339))
	line("| Tenant | %s, version %d, %s, mode %s |", r.TenantID, r.TenantVersion, r.Profile, r.Mode)
	line("| Tickets enhanced | %d of %d (%.1f %%) |", r.Figures.Enhanced, r.Figures.Tickets, 100*r.Figures.SuccessRate)
	line("| Notes that had to do without something | %d |", r.Figures.Degraded)
	line("| Time to the note: p50, p95, p99 | %s, %s, %s |\n", seconds(r.Figures.P50MS), seconds(r.Figures.P95MS), seconds(r.Figures.P99MS))
	line("Times are those of the ledger, from the webhook to the job's end, of the tickets that were enhanced.\n")
	line("## Tickets\n\n| Ticket | Job | Outcome | Took | Without |\n|---|---|---|---|---|")
	for _, t := range r.Tickets {
		outcome := "note " + t.NoteID
		switch {
		case !t.Enhanced:
			outcome = "failed: " + t.Reason
		case t.Withheld != "":
			outcome = "not posted: mode " + t.Withheld
		}
		took := ""
		if t.TookMS > 0 {
			took = seconds(t.TookMS)
		}
		line("| %s | %s | %s | %s | %s |", cell(t.TicketID), cell(t.JobID), cell(outcome), took, cell(strings.Join(t.Degraded, ", ")))
	}
	for _, group := range []string{groupFaults, groupIsolation, groupAlerts} {
		line("\n## %s\n\n| Check | Outcome | What happened |\n|---|---|---|", strings.ToUpper(group[:1])+group[1:])
		for c := range slices.Values(r.Checks) {
			if c.Group == group {
				line("| %s | %s | %s |", cell(c.Name), c.Outcome, cell(c.Detail))
			}
		}
	}
	return b.String()
}

// cell is text that can stand in a table: other systems' words are among it.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'").Replace(plain(text))
}

func seconds(ms int64) string { return fmt.Sprintf("%.1f s", milliseconds(ms).Seconds()) }
