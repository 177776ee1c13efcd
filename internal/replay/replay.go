// Package replay owns the replay of past tickets: what would be said on them today, under one configuration or two, what it costs,
// and the reports of it. The notes themselves are previews, which the console gives.
package replay

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Previewer drafts a note; see adminapi.Client.
type Previewer interface {
	Preview(ctx context.Context, tenantID string, in adminapi.PreviewRequest) (adminapi.Preview, error)
}

// Configuration is what notes are drafted under.
type Configuration struct {
	Name string `json:"name"`
	// Preferences are nil for the tenant's own.
	Preferences *tenant.Preferences `json:"preferences,omitempty"`
}

// Plan says what is replayed, and how.
type Plan struct {
	TenantID string `json:"tenant_id"`
	// AsOf leaves out of the sources what was resolved after a ticket was created.
	AsOf bool `json:"as_of"`
	// Configurations are one, or two that are compared.
	Configurations []Configuration `json:"configurations"`
}

// Result is what would be said on a ticket.
type Result struct {
	TicketID   string     `json:"ticket_id"`
	Subject    string     `json:"subject"`
	CreatedAt  *time.Time `json:"created_at,omitempty"`
	ResolvedAt time.Time  `json:"resolved_at"`
	AsOf       *time.Time `json:"as_of,omitempty"`
	// Drafts are as many as there are configurations, in their order.
	Drafts []Draft `json:"drafts"`
}

// Draft is a preview, or why there is none.
type Draft struct {
	Preview *adminapi.Preview `json:"preview,omitempty"`
	Error   string            `json:"error,omitempty"`
}

// Failed says whether a draft of the ticket is missing: it failed, or has yet to be made.
func (r Result) Failed() bool {
	return slices.ContainsFunc(r.Drafts, func(d Draft) bool { return d.Preview == nil })
}

// CostUSD is what the ticket's drafts cost together.
func (r Result) CostUSD() (sum float64) {
	for _, d := range r.Drafts {
		if d.Preview != nil {
			sum += d.Preview.Account.CostUSD
		}
	}
	return sum
}

// Estimate is what a replay is likely to cost, by what has been drafted.
type Estimate struct {
	Drafted, Left int
	SpentUSD      float64
	// LeftUSD is the mean of what was drafted, times what is left.
	LeftUSD float64
}

// Runner replays tickets.
type Runner struct {
	Previews    Previewer
	Concurrency int
	// Confirm is asked once, as soon as a ticket has cost something and others are left; an error of it ends the replay.
	Confirm func(Estimate) error
	// Drafted is told of each draft as it comes, with what there is of its ticket, one at a time: what was paid for is not to be lost when
	// the rest of the ticket takes long, or never comes. An error of it ends the replay; nil for nobody.
	Drafted func(Result) error
	// Done is told of each result as it comes, one at a time; an error of it ends the replay.
	Done func(Result) error
	// Wait pauses before a preview that was refused for lack of room, or of an enhancer, is asked for again; pause.For when nil.
	Wait func(context.Context, time.Duration) error
}

// run is a replay under way.
type run struct {
	Runner

	plan  Plan
	total int
	// begun are tickets of which there are some drafts.
	begun map[string]Result

	mu        sync.Mutex
	version   int64 // the tenant's, under which its own preferences are drafted; 0 before the first
	results   []Result
	confirmed bool
}

// Run drafts what earlier has no drafts of, and gives all results, in the tickets' order. When it ends early, because of ctx, because
// the tenant was changed (ErrTenantChanged) or because nothing can come of it, it gives those that there are beside the error.
func (r Runner) Run(ctx context.Context, plan Plan, tickets []adminapi.ResolvedTicket, earlier []Result) ([]Result, error) {
	if r.Wait == nil {
		r.Wait = pause.For
	}
	now := &run{Runner: r, plan: plan, total: len(tickets), begun: map[string]Result{}}
	known := map[string]bool{}
	for _, e := range earlier {
		if e.Failed() {
			now.begun[e.TicketID] = e
			continue
		}
		known[e.TicketID] = true
		now.results = append(now.results, e)
	}
	var left []adminapi.ResolvedTicket
	for _, t := range tickets {
		if !known[t.TicketID] {
			left = append(left, t)
		}
	}
	err := now.sameTenantAs(earlier)
	if err == nil {
		err = now.confirm()
	}
	if err == nil && len(left) > 0 {
		err = now.one(ctx, left[0]) // alone: it shows what the others cost
		left = left[1:]
	}
	if err == nil {
		err = now.all(ctx, left)
	}
	return ordered(now.results, tickets), err
}

func (r *run) all(ctx context.Context, tickets []adminapi.ResolvedTicket) error {
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.Concurrency))
	for _, t := range tickets {
		if going.Err() != nil {
			break
		}
		group.Go(func() error { return r.one(going, t) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func (r *run) add(result Result) error {
	r.mu.Lock()
	r.results = append(r.results, result)
	err := r.Done(result)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return r.confirm()
}

// confirm asks whether to go on, once, when it is known that it costs something. No ticket is begun meanwhile.
func (r *run) confirm() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := Estimate{Drafted: len(r.results), Left: r.total - len(r.results)}
	for _, result := range r.results {
		e.SpentUSD += result.CostUSD()
	}
	if r.confirmed || e.SpentUSD == 0 || e.Left <= 0 {
		return nil
	}
	e.LeftUSD = e.SpentUSD / float64(e.Drafted) * float64(e.Left)
	if err := r.Confirm(e); err != nil {
		return err
	}
	r.confirmed = true
	return nil
}

// ordered gives the results of the tickets in their order.
func ordered(results []Result, tickets []adminapi.ResolvedTicket) []Result {
	place := map[string]int{}
	for i, t := range tickets {
		place[t.TicketID] = i
	}
	kept := slices.DeleteFunc(results, func(r Result) bool { _, is := place[r.TicketID]; return !is })
	slices.SortFunc(kept, func(a, b Result) int { return place[a.TicketID] - place[b.TicketID] })
	return kept
}
