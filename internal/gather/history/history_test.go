package history_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// past is a row of the history; the zero time stands for "not resolved".
type past struct {
	id, subject, description, resolution, url string
	requester                                 string
	resolved                                  time.Time
}

func resolvedOn(day int) time.Time { return time.Date(2025, time.March, day, 9, 30, 0, 0, time.UTC) }

func add(t testing.TB, d *gathertest.Database, tenantID string, tickets ...past) {
	t.Helper()
	rows := make([]history.PastTicket, len(tickets))
	for i, p := range tickets {
		rows[i] = history.PastTicket{
			ID: p.id, Subject: p.subject, Description: p.description, Resolution: p.resolution, URL: p.url, ResolvedAt: p.resolved, Requester: p.requester,
		}
	}
	if _, err := history.NewStore(d.DB).Put(t.Context(), tenantID, gather.OriginFile, rows); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, d *gathertest.Database, asked ticket.Ticket) []gather.Item {
	t.Helper()
	result, err := history.New(d.DB, history.Options{}).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: asked})
	if err != nil {
		t.Fatal(err)
	}
	return result.Items
}

func ids(items []gather.Item) []string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = item.ID
	}
	return all
}

func TestConformance(t *testing.T) {
	t.Parallel()
	gathertest.Run(t, func(t *testing.T) gathertest.Fixture {
		t.Helper()
		d := gathertest.NewDatabase(t)
		return gathertest.Fixture{
			Source: history.New(d.DB, history.Options{}), Kind: gather.KindTicket, MaxItems: history.MaxTickets,
			Tenant: gathertest.Tenant, Neighbour: gathertest.Neighbour,
			Ticket: ticket.Ticket{ID: "1", Subject: "VPN drops", Description: "The tunnel drops every few minutes"},
			Seed: func(t *testing.T, tenantID string, n int) []string {
				t.Helper()
				ids := make([]string, n)
				for i := range n {
					ids[i] = fmt.Sprintf("%s-%d", tenantID, i)
					add(t, d, tenantID, past{
						id: ids[i], subject: "VPN tunnel drops", resolution: "Lowered the MTU to 1360.", resolved: resolvedOn(1),
						description: fmt.Sprintf("Connection drops after minutes %[1]dq %[1]dw %[1]de %[1]dr %[1]dt", i), // unlike the others
					})
				}
				return ids
			},
			Stall: func(t *testing.T) {
				t.Helper()
				d.Lock(t, "ticket_history")
			},
		}
	})
}

func TestFindGivesAllOfATicket(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	add(t, d, gathertest.Tenant, past{
		id: "4711", subject: "Outlook cannot send mail", description: "Outlook shows error 0x800CCC0F when sending.",
		resolution: "Repaired the Outlook profile.", url: "https://sdp.example.com/4711", resolved: resolvedOn(2), requester: "Jane  Example",
	})
	got := find(t, d, ticket.Ticket{ID: "1", Subject: "Sending mails fails", Description: "Outlook reports 0x800CCC0F"})
	want := []gather.Item{{
		Kind: gather.KindTicket, ID: "4711", Title: "Outlook cannot send mail",
		Text: "Outlook shows error 0x800CCC0F when sending.", Resolution: "Repaired the Outlook profile.",
		URL: "https://sdp.example.com/4711", ResolvedAt: resolvedOn(2), People: []string{"Jane Example"},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(gather.Item{}, "Relevance")); diff != "" {
		t.Errorf("Find (-want +got):\n%s", diff)
	}
}

func TestFindLeavesOutWhatIsNoHelp(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	const subject, text, fix = "Printer prints blank pages", "All pages from the printer are blank", "New toner."
	add(t, d, gathertest.Tenant,
		past{id: "1", subject: subject, description: text, resolution: fix, resolved: resolvedOn(1)},
		past{id: "2", subject: subject, description: text, resolution: fix, resolved: resolvedOn(2)},
		past{id: "3", subject: subject, description: text, resolution: "", resolved: resolvedOn(3)},
		past{id: "4", subject: subject, description: text, resolution: fix},
		past{
			id: "5", subject: "Mailbox is over its quota", resolution: "Archived.", resolved: resolvedOn(5),
			description: "Hello, I can neither send nor receive since the mailbox of our team is all full. Thanks in advance for a quick answer.",
		},
	)
	got := find(t, d, ticket.Ticket{ID: "1", Subject: subject, Description: text + " in our department, thanks for help"})
	if diff := cmp.Diff([]string{"2"}, ids(got)); diff != "" {
		t.Errorf("neither itself, unresolved, without resolution nor unlike (-want +got):\n%s", diff)
	}
}

func TestFindRanks(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	asked := ticket.Ticket{
		ID: "1", Subject: "Scanner cannot reach the file share",
		Description: "Scan to folder fails with access denied since the password of the service account changed",
	}
	add(t, d, gathertest.Tenant,
		past{id: "older twin", subject: asked.Subject, description: asked.Description, resolution: "x", resolved: resolvedOn(1)},
		past{id: "twin", subject: asked.Subject, description: asked.Description, resolution: "x", resolved: resolvedOn(2)},
		past{
			id: "related", subject: "Scan to folder: access denied", description: "The service account was locked.",
			resolution: "x", resolved: resolvedOn(3),
		},
		past{
			id: "distant", subject: "Password expired", description: "The password of a user expired over the holidays.",
			resolution: "x", resolved: resolvedOn(4),
		},
	)
	got := find(t, d, asked)
	if diff := cmp.Diff([]string{"twin", "related"}, ids(got)[:min(2, len(got))]); diff != "" {
		t.Fatalf("order (-want +got):\n%s", diff)
	}
	if got[0].Similar != 1 {
		t.Errorf("the twin stands for %d others, want the older twin", got[0].Similar)
	}
	if got[0].Relevance < 0.9 || got[1].Relevance > 0.7 {
		t.Errorf("relevance of the twin %v, want nearly 1; of the related ticket %v, want less", got[0].Relevance, got[1].Relevance)
	}
}

// A word with a meaning in tsquery syntax must be searched for like any other.
func TestFindTakesTermsLiterally(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	const path = `/srv/it's/o\'brien` // one token for the text search parser in part, quoted in any case
	add(t, d, gathertest.Tenant, past{
		id: "9", subject: "Backup of " + path + " fails", description: `See C:\Users\o'brien\x & !y`,
		resolution: "x", resolved: resolvedOn(1),
	})
	got := find(t, d, ticket.Ticket{ID: "1", Subject: path + ` C:\Users\o'brien\x & !y | (z:* <-> q)`})
	if diff := cmp.Diff([]string{"9"}, ids(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFindBoundsTexts(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	add(t, d, gathertest.Tenant, past{
		id: "9", subject: "Backup fails " + strings.Repeat("näx ", 500), description: "Backup fails. " + strings.Repeat("größe ", 5000),
		resolution: strings.Repeat("überprüft ", 5000), resolved: resolvedOn(1),
	})
	got := find(t, d, ticket.Ticket{ID: "1", Subject: "Backup fails"})
	if len(got) != 1 {
		t.Fatalf("found %d tickets, want 1", len(got))
	}
	for _, field := range []struct {
		text string
		most int
	}{{got[0].Title, ticket.MaxSubject}, {got[0].Text, history.MaxText}, {got[0].Resolution, history.MaxResolution}} {
		if n := utf8.RuneCountInString(field.text); n > field.most || n < field.most-15 || !strings.HasSuffix(field.text, "…") {
			t.Errorf("%d characters ending in %q, want about %d and an ellipsis", n, field.text[len(field.text)-12:], field.most)
		}
	}
}

// A card's number that begins before the end of what is kept of a text, and goes on behind it, is not kept.
func TestFindCutsNoValueInTwo(t *testing.T) {
	t.Parallel()
	const card = "4111 1111 1111 1111"
	d := gathertest.NewDatabase(t)
	across := func(limit int) string {
		return "Backup fails. " + strings.Repeat("ab ", limit/3-10) + strings.Repeat("x", 6) + " " + card + strings.Repeat(" and so on", 300)
	}
	add(t, d, gathertest.Tenant, past{
		id: "9", subject: "Backup fails", description: across(history.MaxText), resolution: across(history.MaxResolution), resolved: resolvedOn(1),
	})
	got := find(t, d, ticket.Ticket{ID: "1", Subject: "Backup fails"})
	if len(got) != 1 {
		t.Fatalf("found %d tickets, want 1", len(got))
	}
	for _, text := range []string{got[0].Text, got[0].Resolution} {
		if strings.Contains(text, "4111") || !strings.HasSuffix(text, "xxxxxx…") {
			t.Errorf("kept …%q", text[len(text)-40:])
		}
	}
}

type brokenDatabase struct{ err error }

func (b brokenDatabase) InTenantSnapshot(context.Context, string, func(postgres.Tx) error) error {
	return b.err
}

func TestFindTellsWhatFailed(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	_, err := history.New(brokenDatabase{down}, history.Options{}).Find(t.Context(), gather.Query{
		TenantID: gathertest.Tenant, Ticket: ticket.Ticket{Subject: "VPN drops"},
	})
	if !errors.Is(err, down) || !strings.Contains(err.Error(), "history") {
		t.Errorf("Find = %v, want the cause and where it happened", err)
	}
}
