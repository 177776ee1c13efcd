package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// gateway takes webhooks as the real one does, and hands the job to then.
type gateway struct {
	*httptest.Server

	then func(enhancement.Job)
}

// withGateway gives agentctl a console that sends its webhooks to a gateway.
func withGateway(t *testing.T) (*world, *gateway) {
	t.Helper()
	g := &gateway{then: func(enhancement.Job) {}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.Body); err != nil {
			t.Error(err)
		}
		message, err := webhook.Parse(body.Bytes())
		if err != nil {
			t.Error(err)
			return
		}
		payload, err := message.Payload(tenant.Preferences{})
		if err != nil || webhook.Verify("example-signing-secret", body.Bytes(), r.Header.Get(webhook.SignatureHeader)) != nil {
			http.Error(w, "refused", http.StatusUnauthorized)
			return
		}
		job := enhancement.New(payload.TenantID, payload.Event, payload.Ticket, "c")
		g.then(job)
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]string{"job_id": job.ID, "status": "pending"})
	}))
	t.Cleanup(g.Close)
	w := newWorld(t, consoletest.Options{GatewayURL: g.URL})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	mustApply(t)
	return w, g
}

func TestSmoke(t *testing.T) {
	w, g := withGateway(t)
	books := ledger.New(w.DB)
	ctx := context.WithoutCancel(t.Context())
	arrive := func(end func(enhancement.Job) error) {
		g.then = func(job enhancement.Job) {
			if _, err := books.Accept(ctx, job); err != nil {
				t.Error(err)
			}
			if err := end(job); err != nil {
				t.Error(err)
			}
		}
	}
	smoke := func(ticketID string, more ...string) (string, error) {
		return agentctl(t.Context(), "", append([]string{"smoke", "--tenant", "alpha", "--ticket", ticketID, "--description", "VPN drops"}, more...)...)
	}
	arrive(func(job enhancement.Job) error { return complete(ctx, books, job) })
	out, err := smoke("1")
	if err != nil || !strings.Contains(out, "completed") || !strings.Contains(out, "  synthesize") || !strings.Contains(out, "12 + 3 tokens") {
		t.Errorf("%v: %s", err, out)
	}
	arrive(func(job enhancement.Job) error {
		_, err := books.Fail(ctx, "alpha", job.ID, 1, "example: bad key")
		return err
	})
	if _, err := smoke("2"); !errors.Is(err, errNotEnhanced) || !strings.Contains(err.Error(), "bad key") || exitStatus(err) != exitNotEnhanced {
		t.Errorf("a failed job: %v", err)
	}
	arrive(func(enhancement.Job) error { return nil })
	if _, err := smoke("3", "--wait", "300ms"); !errors.Is(err, errNotEnhanced) || !strings.Contains(err.Error(), "within 300ms") {
		t.Errorf("a job that never ends: %v", err)
	}
	voted := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1"}, "")
	said := feedback.Vote{Value: feedback.Down, Reason: feedback.ReasonWrong, Comment: "Two\nlines \x1b[2J."}
	if _, err := feedback.NewStore(w.DB).Record(ctx, feedback.Note{TenantID: "alpha", JobID: voted.ID}, said); err != nil {
		t.Fatal(err)
	}
	if shown := must(t, "", "job show --tenant alpha "+voted.ID); !strings.Contains(shown, "it did not help  wrong") ||
		!strings.Contains(shown, "Two lines [2J.\n") {
		t.Errorf("shows %s", shown)
	}
	list := must(t, "", "job list --tenant alpha")
	if strings.Count(list, "\n") != 4 || !strings.Contains(list, "example: bad key") {
		t.Errorf("lists %s", list)
	}
	for args, want := range map[string]int{"--status failed": 2, "--ticket 1": 2, "--limit 2": 3, "--status running": 1, "--json": 3} {
		if list := must(t, "", "job list --tenant alpha "+args); strings.Count(list, "\n") != want {
			t.Errorf("%s lists %s", args, list)
		}
	}
	fails(t, "", "job list --tenant alpha --status odd", "status")
	fails(t, "", "job list --tenant alpha --withheld live", "withheld")
}

// A job whose note was withheld says so, and can be told from the others.
func TestAWithheldNoteIsTold(t *testing.T) {
	w, _ := withGateway(t)
	books := ledger.New(w.DB)
	for mode, want := range map[tenant.Mode]string{
		tenant.ModeShadow: "not posted: the tenant was in shadow mode", tenant.ModeOff: "none: the tenant's notes were off",
	} {
		job := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1", Subject: string(mode)}, "c")
		job.ID = enhancement.JobID("alpha", enhancement.EventUpdated, job.Ticket)
		if _, err := books.Accept(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		if ended, err := books.Withhold(t.Context(), ledger.Withholding{
			TenantID: "alpha", JobID: job.ID, Run: 1, Mode: mode, Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
		}); err != nil || !ended {
			t.Fatal(ended, err)
		}
		if out := must(t, "", "job show --tenant alpha "+job.ID); !strings.Contains(out, want) {
			t.Errorf("says %s", out)
		}
		list := must(t, "", "job list --tenant alpha --withheld "+string(mode))
		if strings.Count(list, "\n") != 2 || !strings.Contains(list, job.ID) {
			t.Errorf("lists %s", list)
		}
	}
}

func complete(ctx context.Context, books *ledger.Ledger, job enhancement.Job) error {
	step := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Duration: time.Millisecond}
	call := enhancement.LLMCall{Model: "example", PromptTokens: 12, CompletionTokens: 3, CalledAt: time.Now()}
	return errors.Join(
		books.RecordStep(ctx, "alpha", job.ID, step, call),
		books.Complete(ctx, ledger.Completion{
			TenantID: "alpha", JobID: job.ID, TicketID: job.Ticket.ID, NoteID: "337",
			Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
		}, "0f8fad5b-d9cb-469f-a165-70867728950e"))
}

func TestWebhookSend(t *testing.T) {
	_, g := withGateway(t)
	const send = "webhook send --tenant alpha --ticket 1 --description d"
	want := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1"}, "")
	if out := must(t, "", send); !strings.Contains(out, want.ID) {
		t.Errorf("says %s", out)
	}
	fails(t, "", "webhook send --tenant nobody --ticket 1 --description d", "no such tenant")
	fails(t, "", "webhook send --tenant alpha --ticket x --description d", "ticket_id")
	must(t, "", "tenant rotate-secret alpha --generate --overlap 0") // which the gateway does not know
	fails(t, "", send, "gateway", "401")
	g.Close()
	fails(t, "", send, "gateway")
}

func TestJobShow(t *testing.T) {
	environment(t)
	mustApply(t)
	for _, id := range []string{"9f8b6979-8851-86b3-9a47-07088f6081d1", "not-an-id"} {
		fails(t, "", "job show --tenant alpha "+id, "no such job")
	}
	fails(t, "", "job show --tenant nobody 9f8b6979-8851-86b3-9a47-07088f6081d1", "no such")
}

func TestJobRetry(t *testing.T) {
	w, g := withGateway(t)
	books := ledger.New(w.DB)
	ctx := context.WithoutCancel(t.Context())
	var failed enhancement.Job
	g.then = func(job enhancement.Job) {
		failed = job
		_, err := books.Accept(ctx, job)
		_, failErr := books.Fail(ctx, "alpha", job.ID, 1, "example: bad key")
		if err := errors.Join(err, failErr); err != nil {
			t.Error(err)
		}
	}
	must(t, "", "webhook send --tenant alpha --ticket 1 --description d")
	retry := "job retry --tenant alpha " + failed.ID
	if out := must(t, "", retry); !strings.Contains(out, failed.ID+" is pending, run 2") {
		t.Errorf("says %s", out)
	}
	fails(t, "", retry, "the job is pending", "only a failed job")
	fails(t, "", "job retry --tenant alpha 9f8b6979-8851-86b3-9a47-07088f6081d1", "no such job")
	if _, err := books.Fail(ctx, "alpha", failed.ID, 2, "example"); err != nil {
		t.Fatal(err)
	}
	// What it took is counted from when it was begun anew, and not over the days before.
	w.exec(t, "UPDATE enhancement_history SET received_at = now() - interval '2 days', queued_at = now() - interval '3 s', finished_at = now() WHERE job_id = '"+failed.ID+"'")
	if out := must(t, "", "job show --tenant alpha "+failed.ID); !regexp.MustCompile(`took +3s`).MatchString(out) || !strings.Contains(out, "begun anew") {
		t.Errorf("shows %s", out)
	}
	if out := must(t, "", retry+" --json"); !strings.Contains(out, `"run": 3`) {
		t.Errorf("says %s", out)
	}
}

func TestReindex(t *testing.T) {
	environment(t)
	mustApply(t)
	file := write(t, "t.jsonl", `{"ticket_id": "1", "subject": "Printer jams", "resolution": "New rollers.", "resolved_at": "2026-01-02T03:04:05Z"}`)
	must(t, "", "import tickets --tenant alpha --quiet --file "+file)
	for flag, want := range map[string]string{"--rebuild=false": "0 tickets indexed", "--rebuild": "1 tickets indexed"} {
		if out := must(t, "", "reindex --tenant alpha "+flag); !strings.Contains(out, want) {
			t.Errorf("%s: %s, want %q", flag, out, want)
		}
	}
	fails(t, "", "reindex --tenant unknown", "no such tenant")
}
