package runbooks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// soon bounds what is waited for.
const soon = time.Minute

// opened counts tickets: no two are alike, so that no answer of the model is one that it gave before.
var opened atomic.Int64

func newTicket() simulator.NewTicket {
	n := opened.Add(1)
	return simulator.NewTicket{
		Subject: fmt.Sprintf("Scanner %d shows E-42", n), Description: fmt.Sprintf("Scanner %d shows E-42, 192.0.2.10 does not answer.", n),
		Priority: "High",
	}
}

// onboard makes a tenant for one drill, with a server of its own, a past ticket and an article.
func (w *world) onboard(t *testing.T, id string) {
	t.Helper()
	solved := time.Now().Add(-24 * time.Hour)
	err := w.users.Onboard(t.Context(), platform.Client{
		ID: id, Name: "Example " + id, Profile: servicedesk.ProfileOnPrem,
		Tickets: []history.PastTicket{{
			ID: "7001", Subject: "Scanner shows E-42", Description: "The scanner shows E-42.", Resolution: "Cleaned the glass of the scanner.",
			CreatedAt: solved, ResolvedAt: solved,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.users.AddArticle(t.Context(), id, platform.Article{
		ID: "KB-1", Title: "Scanner error E-42", Summary: "E-42: the glass of the scanner is dirty.", URL: "https://kb.example.com/" + id + "/1",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a ticket whose webhook is accepted.
func (w *world) open(t *testing.T, tenantID string) platform.Opened {
	t.Helper()
	o, err := w.users.OpenTicket(t.Context(), tenantID, newTicket(), simulator.EmitHex)
	if err != nil || o.Accepted.JobID == "" {
		t.Fatalf("the webhook was answered %d %s: %v", o.Status, o.Body, err)
	}
	return o
}

func (w *world) faults(t *testing.T, tenantID, system string, faults any) {
	t.Helper()
	// Also at the end of the test, when its own context is over.
	if err := w.users.SetFaults(context.WithoutCancel(t.Context()), tenantID, system, faults); err != nil {
		t.Fatal(err)
	}
}

// awaitNoted waits until the job has put its one note on its ticket.
func (w *world) awaitNoted(t *testing.T, tenantID, jobID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	job, err := w.users.AwaitJob(ctx, tenantID, jobID)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := w.users.Ticket(ctx, tenantID, job.Ticket.ID)
	if err != nil || len(ticket.Notes) != 1 {
		t.Fatalf("%d notes on ticket %s, %v", len(ticket.Notes), job.Ticket.ID, err)
	}
}

func (w *world) awaitFailed(t *testing.T, tenantID, jobID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if _, err := w.users.AwaitJob(ctx, tenantID, jobID); !errors.Is(err, platform.ErrJobFailed) {
		t.Fatalf("the job did not fail: %v", err)
	}
}

func (w *world) awaitHeld(t *testing.T, tenantID, jobID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if job, err := w.users.AwaitHeld(ctx, tenantID, jobID); err != nil || job.HeldFor == "" {
		t.Fatalf("the job is not held but %s: %v", job.Status, err)
	}
}

// eventually asks until the answer is good.
func eventually(t *testing.T, what string, good func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for !good() {
		select {
		case <-ctx.Done():
			t.Fatalf("within %s not: %s", soon, what)
		case <-again.C:
		}
	}
}

// sql runs a statement as the superuser.
func (w *world) sql(t *testing.T, statement string, args ...any) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, w.stack.Environment()["DATABASE_SUPER_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement, args...); err != nil {
		t.Fatal(err)
	}
}

// restart starts processes of the stack again, all at once: an app and its sidecar wait for each other.
func (w *world) restart(t *testing.T, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*soon)
	defer cancel()
	var all errgroup.Group
	for _, name := range names {
		all.Go(func() error { return w.stack.Process(name).Restart(ctx) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}

// kill ends processes of the stack at once, and waits until they are gone.
func (w *world) kill(t *testing.T, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), soon)
	defer cancel()
	for _, name := range names {
		process := w.stack.Process(name)
		if err := errors.Join(process.Kill(syscall.SIGKILL), process.Wait(ctx)); err != nil {
			t.Fatal(err)
		}
	}
}

// says fails the test when a text lacks one of the words.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("it does not say %q:\n%s", word, text)
		}
	}
}
