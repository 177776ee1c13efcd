package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// 200 signed webhooks for 5 tenants, 20 at a time: 200 notes, exactly one each, no row left pending.
func TestBurst(t *testing.T) {
	const tenants, tickets, concurrency = 5, 200, 20
	ids := make([]string, tenants)
	for i := range ids {
		ids[i] = fmt.Sprintf("e2e-burst-%d", i)
		onboard(t, ids[i], []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud}[i%2])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for i := range tickets {
		id := ids[i%tenants]
		group.Go(func() error { return enhanceOne(ctx, id, i) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tickets in %s", tickets, time.Since(began).Round(time.Millisecond))
	for _, id := range ids {
		if n := countUnfinished(t, id); n != 0 {
			t.Errorf("%s has %d jobs that have not ended", id, n)
		}
	}
}

func enhanceOne(ctx context.Context, id string, i int) error {
	o, err := users.OpenTicket(ctx, id, simulator.NewTicket{
		Subject: fmt.Sprintf("%s (%d)", exampleSubject, i), Description: exampleText, Priority: "High",
	}, simulator.EmitDefault)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", i, err)
	}
	if o.Accepted.JobID == "" {
		return fmt.Errorf("ticket %d: the webhook was answered %d: %s", i, o.Status, o.Body)
	}
	if _, err := users.AwaitJob(ctx, id, o.Accepted.JobID); err != nil {
		return fmt.Errorf("ticket %d: %w", i, err)
	}
	ticket, err := users.Ticket(ctx, id, o.TicketID)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", i, err)
	}
	if len(ticket.Notes) != 1 {
		return fmt.Errorf("ticket %d has %d notes", i, len(ticket.Notes))
	}
	return nil
}

// Behind hundreds of one tenant's tickets, another's single one is the next to be begun: hardly any of theirs is begun between its
// arrival and its start. BURST_TICKETS has it be more of them, such as 10000. How long its note takes is measured by make bench-burst.
func TestABurstDoesNotDelayAnotherTenant(t *testing.T) {
	t.Parallel()
	const crowd, neighbour = "e2e-burst-crowd", "e2e-burst-neighbour"
	waiting := 200
	if more := os.Getenv("BURST_TICKETS"); more != "" {
		var err error
		if waiting, err = strconv.Atoi(more); err != nil {
			t.Fatalf("BURST_TICKETS: %v", err)
		}
	}
	onboard(t, crowd, servicedesk.ProfileOnPrem)
	onboard(t, neighbour, servicedesk.ProfileCloud)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Duration(waiting)*time.Second)
	defer cancel()
	sample := simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}
	if err := users.Backlog(ctx, crowd, sample, waiting); err != nil {
		t.Fatal(err)
	}
	o := open(t, neighbour)
	job, ticket := await(t, neighbour, o.Accepted.JobID)
	noted(t, job, ticket)
	conn, err := pgx.Connect(ctx, running.AdminDatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	const (
		overtaken = `
			SELECT count(*) FILTER (WHERE crowd.started_at BETWEEN single.queued_at AND single.started_at),
			       count(*) FILTER (WHERE crowd.finished_at < single.started_at)
			FROM enhancement_history crowd, enhancement_history single
			WHERE crowd.tenant_id = $1 AND single.tenant_id = $2`
		few = 8
	)
	var between, done int
	if err := conn.QueryRow(ctx, overtaken, crowd, neighbour).Scan(&between, &done); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d were done when the neighbour's began, %d began while it waited", done, waiting, between)
	if between > few || done > waiting/2 {
		t.Errorf("%d of the crowd's began while the neighbour's waited, and %d were done by then", between, done)
	}
	for left := -1; left != 0; left = countUnfinished(t, crowd) {
		select {
		case <-ctx.Done():
			t.Fatalf("%d jobs have not ended", left)
		case <-time.After(time.Second):
		}
	}
}

func countUnfinished(t *testing.T, tenantID string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), running.AdminDatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var n int
	err = conn.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history WHERE tenant_id = $1 AND status <> $2",
		tenantID, enhancement.StatusCompleted).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
