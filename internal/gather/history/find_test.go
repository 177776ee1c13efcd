package history_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func findWith(t *testing.T, d *gathertest.Database, opts history.Options, asked ticket.Ticket) []gather.Item {
	t.Helper()
	if opts.Clock == nil {
		opts.Clock = func() time.Time { return resolvedOn(20) }
	}
	result, err := history.New(d.DB, opts).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: asked})
	if err != nil {
		t.Fatal(err)
	}
	return result.Items
}

// A hundred alerts of one kind are one result, and leave room for others.
func TestFindFoldsAlerts(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	const alerts = 60
	for i := range alerts {
		add(t, d, gathertest.Tenant, past{
			id: fmt.Sprintf("alert-%d", i), subject: "Monitoring: disk of the database server is nearly full", resolution: "Removed old logs.", resolved: resolvedOn(1),
			description: fmt.Sprintf("The monitoring reports that the data disk of the database server srv%d is filled by more than ninety percent", i),
		})
	}
	for i := range alerts { // others, so that the alerts' words have a weight
		add(t, d, gathertest.Tenant, past{id: fmt.Sprintf("other-%d", i), subject: "Telephone rings", resolution: "x", resolved: resolvedOn(1)})
	}
	add(t, d, gathertest.Tenant, past{
		id: "cause", subject: "Database server writes too many logs", description: "The disk fills up each night because of debug logs",
		resolution: "Turned the debug level off.", resolved: resolvedOn(1),
	})
	got := find(t, d, ticket.Ticket{
		ID: "alert-59", Subject: "Monitoring: disk of the database server is nearly full",
		Description: "The monitoring reports that the data disk of the database server srv59 is filled by more than ninety percent with debug logs",
	})
	if len(got) != 2 || got[0].Similar != alerts-2 || got[1].ID != "cause" || got[1].Similar != 0 {
		t.Errorf("found %+v, want one alert for all %d but itself, and the cause", got, alerts)
	}
}

// In a history that is nothing but one monitor's alerts, their words say little and the new host's name a lot: the
// alerts are found all the same.
func TestFindInAHistoryOfAlertsOnly(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	for i := range 60 {
		add(t, d, gathertest.Tenant, past{
			id: strconv.Itoa(i), subject: fmt.Sprintf("Disk of srv%d is nearly full", i), description: "The monitoring reports it.",
			resolution: "Removed old logs.", resolved: resolvedOn(1),
		})
	}
	got := find(t, d, ticket.Ticket{ID: "new", Subject: "Disk of mailhost is nearly full", Description: "The monitoring reports it."})
	if len(got) == 0 {
		t.Error("none of 60 alerts of the same kind is found")
	}
}

func TestFindPrefersTheRecentMildly(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	now := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	asked := ticket.Ticket{
		ID: "asked", Subject: "Scanner cannot reach the file share", Description: "Scan to folder fails with access denied since the password of the service account changed",
	}
	add(t, d, gathertest.Tenant,
		past{id: "old twin", subject: asked.Subject, description: asked.Description + " one two three four five six seven", resolution: "x", resolved: now.AddDate(-10, 0, 0)},
		past{id: "new twin", subject: asked.Subject, description: asked.Description + " eins zwei drei vier acht neun zehn", resolution: "x", resolved: now.AddDate(0, 0, -1)},
		past{id: "related", subject: "Scanner: access denied", description: "After the password of its account changed it says so.", resolution: "x", resolved: now},
		past{id: "from tomorrow", subject: "Scanner: access denied", description: "The service account has no right to the folder.", resolution: "x", resolved: now.AddDate(0, 0, 1)},
	)
	for i := range 20 { // others, so that words have a weight
		add(t, d, gathertest.Tenant, past{id: fmt.Sprintf("other-%d", i), subject: fmt.Sprintf("Telephone %d rings", i), description: fmt.Sprintf("All day %d", i), resolution: "x", resolved: now})
	}
	got := findWith(t, d, history.Options{Clock: func() time.Time { return now }}, asked)
	if len(got) < 3 || got[0].ID != "new twin" || got[1].ID != "old twin" {
		t.Fatalf("order %q, want the new twin, the old one although it is ten years old, and then others", ids(got))
	}
	if share := got[1].Relevance / got[0].Relevance; share < 0.9 || share > 0.93 {
		t.Errorf("ten years cost %v, want a tenth", 1-share)
	}
	for _, item := range got {
		if item.Relevance > 1 {
			t.Errorf("%s has relevance %v", item.ID, item.Relevance)
		}
	}
}

func TestFindNothingForAnUnrelatedTicket(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	topics := []string{"printer prints blank pages", "mailbox is over its quota", "telephone rings without end", "monitor stays black", "keyboard lacks letters"}
	for i := range 100 {
		add(t, d, gathertest.Tenant, past{
			id: strconv.Itoa(i), subject: "The " + topics[i%5], resolved: resolvedOn(1), resolution: "x",
			description: fmt.Sprintf("Since this morning the %s in room %d, could somebody have a look at it today?", topics[i%5], i),
		})
	}
	unrelated := ticket.Ticket{
		ID: "asked", Subject: "Payroll export misses the overtime of March",
		Description: "Since this morning the salaries in SAP lack overtime; could somebody have a look at the interface?",
	}
	if got := find(t, d, unrelated); len(got) != 0 {
		t.Errorf("found %+v, which shares everyday words only", got)
	}
	if got := find(t, d, ticket.Ticket{ID: "asked", Subject: "Printer gives blank pages"}); len(got) == 0 || !strings.Contains(got[0].Title, "printer") {
		t.Errorf("found %q for a related one", ids(got))
	}
}

// stand-ins for the embedding model and the tenants' settings.
type reranker struct {
	relevance map[string]float64
	err       error
	asked     *[]gather.Candidate
}

func (r reranker) Rerank(_ context.Context, q gather.Query, kind gather.Kind, candidates []gather.Candidate) ([]gather.Candidate, error) {
	if r.asked != nil {
		*r.asked = append(*r.asked, candidates...)
	}
	if q.TenantID != gathertest.Tenant || kind != gather.KindTicket || !strings.Contains(q.Ticket.Text(), "Scanner") || r.err != nil {
		return nil, errors.Join(r.err, errors.New("no vector"))
	}
	var blended []gather.Candidate
	for id, relevance := range r.relevance {
		blended = append(blended, gather.Candidate{ID: id, Relevance: relevance})
	}
	return blended, nil
}

type links struct{ err error }

func (l links) TicketURL(_ context.Context, tenantID string) (tenant.LinkTemplate, error) {
	return tenant.LinkTemplate("https://sdp.example.com/" + tenantID + "/{id}"), l.err
}

// scanners are two tickets, of which the words prefer the first.
func scanners(t *testing.T) *gathertest.Database {
	t.Helper()
	d := gathertest.NewDatabase(t)
	add(t, d, gathertest.Tenant,
		past{id: "words", subject: "Scanner hangs", description: "It hangs at once", resolution: "x", resolved: resolvedOn(1)},
		past{id: "sense", subject: "Scanner does not respond", description: "It stopped", resolution: "x", resolved: resolvedOn(1), url: "https://sdp.example.com/own"},
	)
	return d
}

func TestFindReranks(t *testing.T) {
	t.Parallel()
	d := scanners(t)
	asked := ticket.Ticket{ID: "asked", Subject: "Scanner hangs"}
	before := findWith(t, d, history.Options{}, asked)
	if diff := cmp.Diff([]string{"words", "sense"}, ids(before)); diff != "" {
		t.Fatalf("by words (-want +got):\n%s", diff)
	}
	var candidates []gather.Candidate
	got := findWith(t, d, history.Options{Reranker: reranker{relevance: map[string]float64{"words": 0.3, "sense": 0.8}, asked: &candidates}}, asked)
	if diff := cmp.Diff([]string{"sense", "words"}, ids(got)); diff != "" || got[0].Relevance != 0.8 {
		t.Errorf("by meaning, relevance %v (-want +got):\n%s", got[0].Relevance, diff)
	}
	if len(candidates) != 2 || candidates[0] != (gather.Candidate{ID: "words", Relevance: before[0].Relevance}) {
		t.Errorf("the model was asked about %+v", candidates)
	}
	var log bytes.Buffer
	got = findWith(t, d, history.Options{Reranker: reranker{err: errors.New("model down")}, Logger: slog.New(slog.NewTextHandler(&log, nil))}, asked)
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("without the model (-want +got):\n%s", diff)
	}
	if !strings.Contains(log.String(), "model down") || !strings.Contains(log.String(), gathertest.Tenant) {
		t.Errorf("the failure is not logged: %s", &log)
	}
}

func TestFindLinks(t *testing.T) {
	t.Parallel()
	d := scanners(t)
	asked := ticket.Ticket{ID: "asked", Subject: "Scanner hangs"}
	got := findWith(t, d, history.Options{Links: links{}}, asked)
	if got[0].URL != "https://sdp.example.com/north/words" || got[1].URL != "https://sdp.example.com/own" {
		t.Errorf("links %q and %q, want the tenant's and the ticket's own", got[0].URL, got[1].URL)
	}
	var log bytes.Buffer
	got = findWith(t, d, history.Options{Links: links{errors.New("no settings")}, Logger: slog.New(slog.NewTextHandler(&log, nil))}, asked)
	if len(got) != 2 || got[0].URL != "" || !strings.Contains(log.String(), "no settings") {
		t.Errorf("found %+v, log %s; want a ticket without a link", got, &log)
	}
}

// While the model is asked, no connection is held: it needs one itself.
func TestFindHoldsNoConnectionWhileItReranks(t *testing.T) {
	t.Parallel()
	d := scanners(t)
	counted := &countedTenants{DB: d.DB}
	asking := rerankFunc(func() {
		if counted.open != 0 {
			t.Errorf("%d transactions are open", counted.open)
		}
		counted.asked = true
	})
	_, err := history.New(counted, history.Options{Reranker: asking}).Find(t.Context(), gather.Query{
		TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "asked", Subject: "Scanner hangs"},
	})
	if err != nil || !counted.asked {
		t.Errorf("asked %t, %v", counted.asked, err)
	}
}

type countedTenants struct {
	*postgres.DB

	open  int
	asked bool
}

func (c *countedTenants) InTenantSnapshot(ctx context.Context, tenantID string, fn func(postgres.Tx) error) error {
	c.open++
	defer func() { c.open-- }()
	return c.DB.InTenantSnapshot(ctx, tenantID, fn)
}

type rerankFunc func()

func (f rerankFunc) Rerank(_ context.Context, _ gather.Query, _ gather.Kind, candidates []gather.Candidate) ([]gather.Candidate, error) {
	f()
	return candidates, nil
}

func TestFindMoreThanTheUsual(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	words := newVocabulary()
	for i := range 120 {
		add(t, d, gathertest.Tenant, past{id: strconv.Itoa(i), subject: "Scanner hangs " + words.text(4), resolution: "x", resolved: resolvedOn(1)})
	}
	asked := ticket.Ticket{ID: "asked", Subject: "Scanner hangs"}
	for most, want := range map[int]int{0: history.MaxTickets, 1: 1, 110: 110} {
		if got := findWith(t, d, history.Options{MaxTickets: most}, asked); len(got) != want {
			t.Errorf("at most %d: found %d, want %d", most, len(got), want)
		}
	}
}
