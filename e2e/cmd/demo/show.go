package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// sections must all stand in a note.
var sections = [...]string{"Similar Tickets", "Documentation", "System Info", "Recommendations"} //nolint:gochecknoglobals // a constant

// show takes one new ticket of each sample client all the way, and fails with the station that failed. It returns the last job.
func show(ctx context.Context, t terminal, p *platform.Platform) (last enhancement.Job, err error) {
	t.headline("Onboarding two sample clients")
	for _, sample := range simulator.Tenants() {
		c, err := platform.SampleClient(sample.ID)
		if err != nil {
			return last, fmt.Errorf("read the sample data: %w", err)
		}
		if err := p.Onboard(ctx, c); err != nil {
			return last, fmt.Errorf("onboard a client: %w", err)
		}
		t.linef("  %-16s %-7s %d past tickets, %d systems", c.ID, c.Profile, len(c.Tickets), len(c.Systems))
	}
	for _, sample := range simulator.Tenants() {
		if last, err = enhance(ctx, t, p, sample.ID); err != nil {
			return last, fmt.Errorf("%s: %w", sample.ID, err)
		}
	}
	return last, nil
}

func enhance(ctx context.Context, t terminal, p *platform.Platform, tenantID string) (job enhancement.Job, err error) {
	data, err := simulator.Sample(tenantID)
	if err != nil {
		return job, fmt.Errorf("read the sample data: %w", err)
	}
	ticket := data.NewTickets[0].NewTicket
	t.headline("A ticket opens at " + tenantID)
	t.quote(ticket.Subject + "\n" + ticket.Description)
	began := time.Now()
	opened, err := p.OpenTicket(ctx, tenantID, ticket, simulator.EmitDefault)
	if err != nil {
		return job, err
	}
	if opened.Accepted.JobID == "" {
		return job, fmt.Errorf("the gateway did not accept the webhook: status %d: %s", opened.Status, opened.Body)
	}
	t.linef("  ticket %s, webhook accepted after %s as job %s", opened.TicketID, since(began), opened.Accepted.JobID)
	waiting, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	job, err = p.AwaitJob(waiting, tenantID, opened.Accepted.JobID)
	if err != nil {
		return job, err
	}
	note, err := arrived(ctx, p, job)
	if err != nil {
		return job, err
	}
	t.headline("The note that arrived")
	t.note(note)
	return job, steps(ctx, t, p, job, opened.PageURL)
}

// arrived fetches the note from ServiceDesk Plus, where the technician reads it, and not from our books.
func arrived(ctx context.Context, p *platform.Platform, job enhancement.Job) (string, error) {
	ticket, err := p.Ticket(ctx, job.TenantID, job.Ticket.ID)
	if err != nil {
		return "", err
	}
	if len(ticket.Notes) != 1 {
		return "", fmt.Errorf("ticket %s has %d notes, want one", job.Ticket.ID, len(ticket.Notes))
	}
	note := ticket.Notes[0].Description
	for _, section := range sections {
		if !strings.Contains(note, section) {
			return "", fmt.Errorf("the note on ticket %s lacks the section %q", job.Ticket.ID, section)
		}
	}
	return note, nil
}

func steps(ctx context.Context, t terminal, p *platform.Platform, job enhancement.Job, page string) error {
	records, err := p.Admin().Job(ctx, job.TenantID, job.ID)
	if err != nil {
		return fmt.Errorf("look at the job's steps: %w", err)
	}
	t.headline("How long it took")
	for _, name := range []enhancement.Step{
		enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch,
		enhancement.StepSynthesize, enhancement.StepUpdateTicket,
	} {
		i := slices.IndexFunc(records.Steps, func(s adminapi.Step) bool { return s.Step == name })
		if i < 0 {
			return fmt.Errorf("step %s left no record", name)
		}
		r := records.Steps[i]
		t.linef("  %-14s %6d ms  %s %s", name, r.DurationMS, r.Outcome, r.Detail)
	}
	t.linef("  %-14s %6d ms  from webhook to note", "in all", job.FinishedAt.Sub(job.ReceivedAt).Milliseconds())
	t.linef("\n  Read it as the technician does: %s", page)
	return nil
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }
