package security_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/desk/pace"
	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/report/reportstore"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	// victim has data of all kinds, canary in each of its texts; stranger has none.
	victim, stranger = "alpha", "mallory"
	canary           = "canary7316"
	deskHost         = "sdp.example.com"
)

// world is a platform with two tenants, and what the victim's rows are called.
type world struct {
	store    *tenantstoretest.Store
	ledger   *ledger.Ledger
	quota    *quota.Ledger
	pace     *pace.Pace
	history  *history.Store
	articles *knowledge.Store
	systems  *inventory.Store
	backfill *embedding.Backfill
	budget   *budget.Guard
	rerank   *embedding.Reranker
	votes    *feedback.Store
	reports  *reportstore.Store
	pauses   *suspension.Store

	job     enhancement.Job // pending
	running enhancement.Job
	failed  enhancement.Job
	counted quota.Acceptance // of the pending one
	terms   map[string]quota.Terms
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store := tenantstoretest.New(t)
	terms := map[string]quota.Terms{}
	for id, name := range map[string]string{victim: canary, stranger: "Example"} {
		example, credentials := tenantstoretest.Example(id)
		example.Name, example.Preferences.Instructions = name, name
		store.Put(t, example, credentials)
		record, err := store.Console.Read(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		terms[id] = quota.Terms{PerMinute: 100, Version: record.Version}
	}
	w := &world{
		store: store, terms: terms, ledger: ledger.New(store.DB), history: history.NewStore(store.DB), articles: knowledge.NewStore(store.DB),
		systems: inventory.NewStore(store.DB), backfill: embedding.NewBackfill(store.DB, model{}, embedding.BackfillOptions{}),
	}
	w.quota, w.pace, w.votes = quota.NewLedger(w.ledger, time.Now), pace.New(store.DB, nil), feedback.NewStore(store.DB)
	w.pauses, w.reports = suspension.New(store.ConsoleDB), reportstore.New(store.ConsoleDB)
	w.budget = budget.NewGuard(budget.New(store.DB), telemetry.NewMetrics(), slog.New(slog.DiscardHandler), time.Now)
	var err error
	if w.rerank, err = embedding.NewReranker(store.DB, model{}, embedding.RerankOptions{}); err != nil {
		t.Fatal(err)
	}
	w.job, w.running, w.failed = w.newJob(victim, "1001"), w.newJob(victim, "1002"), w.newJob(victim, "1003")
	past, article := w.pastTicket(), w.article()
	steps := []func() error{
		func() (err error) {
			w.counted, err = w.quota.Accept(t.Context(), w.job, w.terms[victim])
			return err
		},
		func() error { _, err := w.ledger.Accept(t.Context(), w.running); return err },
		func() error { _, err := ledgertest.Claim(t.Context(), w.ledger, victim, w.running.ID); return err },
		func() error {
			_, err := w.ledger.DependencyFailed(t.Context(), victim, ledger.Failure{
				Dependency: enhancement.DependencyServiceDesk, JobID: w.running.ID, Run: 1, Step: enhancement.StepUpdateTicket, Reason: canary,
			})
			return err
		},
		func() error { _, err := w.ledger.AcceptQueued(t.Context(), w.newJob(victim, "1004")); return err },
		func() error { _, err := w.ledger.Accept(t.Context(), w.failed); return err },
		func() error { _, err := w.ledger.Fail(t.Context(), victim, w.failed.ID, 1, "example"); return err },
		func() error {
			return w.ledger.RecordStep(t.Context(), victim, w.running.ID, step(), enhancement.LLMCall{Model: canary, CostUSD: 2, CalledAt: time.Now()})
		},
		func() error {
			_, err := w.ledger.HoldNote(t.Context(), victim, "1002", w.running.ID, time.Hour)
			return err
		},
		func() error {
			_, err := w.votes.Record(t.Context(), feedback.Note{TenantID: victim, JobID: w.running.ID}, feedback.Vote{Value: feedback.Down, Comment: canary})
			return err
		},
		func() error { _, err := w.history.Put(t.Context(), victim, gather.OriginFile, past); return err },
		func() error { _, err := w.articles.Put(t.Context(), victim, gather.OriginFile, article); return err },
		func() error { _, err := w.systems.Put(t.Context(), victim, gather.OriginFile, systems()); return err },
		func() error {
			_, err := w.systems.PutSubnets(t.Context(), victim, gather.OriginFile, subnets(canary))
			return err
		},
		func() error { _, err := w.backfill.Run(t.Context(), victim); return err },
		func() error { _, err := w.pace.Reserve(t.Context(), victim, deskHost, 60); return err },
		func() error { _, err := w.pace.Block(t.Context(), victim, deskHost, 0, time.Nanosecond); return err },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d of the seed: %v", i, err)
		}
	}
	return w
}

func (*world) newJob(tenantID, ticketID string) enhancement.Job {
	return enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{
		ID: ticketID, Subject: "VPN " + canary, Description: "192.0.2.10 " + canary, Priority: "High",
	}, "correlation")
}

func (*world) pastTicket() []history.PastTicket {
	at := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	return []history.PastTicket{{
		ID: "9001", Subject: "VPN drops " + canary, Description: "The VPN drops " + canary, Resolution: "Restarted " + canary,
		CreatedAt: at, ResolvedAt: at.Add(time.Hour), UpdatedAt: at.Add(time.Hour),
	}, {
		ID: "9002", Subject: "Printer " + canary, Description: "Paper jam " + canary, Resolution: "Cleaned " + canary,
		CreatedAt: at, ResolvedAt: at.Add(time.Hour), UpdatedAt: at.Add(time.Hour),
	}}
}

func (*world) article() []knowledge.Article {
	return []knowledge.Article{{ID: "KB-1", Title: "VPN " + canary, Body: "The VPN drops: restart " + canary, UpdatedAt: time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)}}
}

func systems() []inventory.System {
	return []inventory.System{{ID: "LT-1", Hostname: "vpn01.example.com", Address: "192.0.2.10", Role: canary, Client: canary, Location: canary}}
}

func subnets(name string) []inventory.Subnet {
	return []inventory.Subnet{{Network: "192.0.2.0/24", Name: name, Role: name, Client: name, Location: name}}
}

func step() enhancement.StepRecord {
	return enhancement.StepRecord{Step: enhancement.StepTicketSearch, Outcome: enhancement.OutcomeOK, Detail: canary, FinishedAt: time.Now()}
}

// question is a ticket that the victim's texts answer.
func question(tenantID string) gather.Query {
	return gather.Query{TenantID: tenantID, Ticket: ticket.Ticket{
		ID: "1003", Subject: "VPN drops " + canary, Description: "The VPN drops on vpn01.example.com, 192.0.2.10 and 192.0.2.77 " + canary,
	}}
}

// print is of all rows of the victim, in all tables.
func (w *world) print(t *testing.T) string {
	t.Helper()
	query := func(sql string, args ...any) []string {
		rows, err := w.store.Database.Admin.Query(t.Context(), sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}
	hash := sha256.New()
	for _, table := range query(`SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`) {
		rows := query("SELECT r::text FROM "+pgx.Identifier{table}.Sanitize()+" r WHERE tenant_id = $1 ORDER BY 1", victim)
		fmt.Fprintf(hash, "%s\n%s\n", table, strings.Join(rows, "\n"))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// model is an embeddings model for which length is meaning.
type model struct{}

func (model) Model() string { return "example" }

func (model) Embed(_ context.Context, texts []string) ([]embedding.Result, error) {
	results := make([]embedding.Result, len(texts))
	for i, text := range texts {
		vector, err := embedding.NewVector([]float32{float32(len(text)), 1, 10})
		if err != nil {
			return nil, err
		}
		results[i] = embedding.Result{Vector: vector}
	}
	return results, nil
}
