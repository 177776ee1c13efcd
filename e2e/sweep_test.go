package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Redis loses all that it has: the queue with its messages, and the engine's state of the workflows. What was accepted is
// enhanced all the same, once.
func TestRedisLosesItsData(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, id string) []platform.Opened{
		// The engine has what is under way in memory as well, and stores parts of it again.
		"under way": func(t *testing.T, _ string) []platform.Opened {
			t.Helper()
			redis(t, "FLUSHALL")
			return nil
		},
		// Nothing is left of jobs but their rows, some of them running and some pending.
		"with the engine": func(t *testing.T, id string) []platform.Opened {
			t.Helper()
			if err := running.Process("enhancer-dapr").Kill(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			kill(t, "enhancer")
			waiting := []platform.Opened{open(t, id), open(t, id)}
			redis(t, "FLUSHALL")
			restartEnhancer(t)
			return waiting
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := "e2e-lost-" + strings.ReplaceAll(name, " ", "-")
			onboard(t, id, servicedesk.ProfileOnPrem)
			setFaults(t, id, "knowledge", knowledgetest.Faults{LatencyMS: 700})
			opened := []platform.Opened{open(t, id), open(t, id), open(t, id)}
			awaitRunning(t, id, opened[0].Accepted.JobID)
			opened = append(opened, lose(t, id)...)
			for _, o := range opened {
				job, ticket := await(t, id, o.Accepted.JobID)
				noted(t, job, ticket)
			}
			began := time.Now()
			o := open(t, id)
			job, ticket := await(t, id, o.Accepted.JobID)
			noted(t, job, ticket)
			t.Logf("a ticket afterwards took %s", time.Since(began).Round(time.Millisecond))
		})
	}
}

// A gateway that dies between ledger and queue leaves a row of which nobody knows.
func TestAJobWithoutAMessageIsEnhanced(t *testing.T) {
	t.Parallel()
	const id = "e2e-no-message"
	onboard(t, id, servicedesk.ProfileOnPrem)
	o, err := users.OpenTicket(t.Context(), id,
		simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitNone)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), running.DatabaseURL(), postgres.Config{MaxConns: 1, ConnectTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lost := enhancement.New(id, enhancement.EventCreated,
		ticket.Ticket{ID: o.TicketID, Subject: exampleSubject, Description: exampleText, Priority: "High"}, "example-lost")
	if _, err := ledger.New(db).Accept(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	job, ticket := await(t, id, lost.ID)
	noted(t, job, ticket)
}

// What the engine keeps of a workflow goes when its job has ended for long enough, and not while it has something left to
// do: a write of unknown outcome is looked after a minute later.
func TestEndedWorkflowsAreRemovedFromTheEngine(t *testing.T) {
	t.Parallel()
	const id = "e2e-purge"
	onboard(t, id, servicedesk.ProfileOnPrem)
	setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{
		{Kind: servicedesktest.FaultFailNext, Operation: servicedesktest.OperationWriteNote, Remaining: 1},
	}})
	busy := open(t, id)
	job, seen := await(t, id, busy.Accepted.JobID)
	noted(t, job, seen)
	o := open(t, id)
	job, seen = await(t, id, o.Accepted.JobID)
	noted(t, job, seen)
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for {
		left := redis(t, "EVAL", "return #redis.call('KEYS', ARGV[1])", "0", "*"+o.Accepted.JobID+"*")
		if left == ":0" {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("keys are left in Redis: %s", left)
		case <-time.After(500 * time.Millisecond):
		}
	}
	if kept := redis(t, "EVAL", "return #redis.call('KEYS', ARGV[1])", "0", "*"+busy.Accepted.JobID+"*"); kept == ":0" {
		t.Error("a workflow that has yet to tidy up was removed")
	}
}

// redis has the stack's Redis do a command, and returns the first line of its answer.
func redis(t *testing.T, command ...string) string {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", running.RedisAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	answer := ""
	for _, words := range [][]string{{"AUTH", running.RedisPassword()}, command} {
		var sent strings.Builder
		fmt.Fprintf(&sent, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(&sent, "$%d\r\n%s\r\n", len(word), word)
		}
		if _, err := conn.Write([]byte(sent.String())); err != nil {
			t.Fatal(err)
		}
		if answer, err = answers.ReadString('\n'); err != nil || strings.HasPrefix(answer, "-") {
			t.Fatalf("%s: %q, %v", words[0], answer, err)
		}
	}
	return strings.TrimSpace(answer)
}
