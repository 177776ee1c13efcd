package feedback_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// write has the job make a note that cites past tickets, an article and a system.
func write(t *testing.T, tenants *tenantstoretest.Store, n feedback.Note, tickets ...string) {
	t.Helper()
	var cited []synthesis.Item
	for _, id := range tickets {
		cited = append(cited, synthesis.Item{Text: "x", Sources: []synthesis.Ref{{Kind: gather.KindTicket, Text: "#" + id}}})
	}
	result, err := json.Marshal(synthesis.Note{Sections: []synthesis.Section{
		{Title: "Similar Tickets", Items: cited},
		{Title: "Documentation", Items: []synthesis.Item{}, Empty: "none"},
		{Title: "System Info", Items: []synthesis.Item{{Text: "x", Sources: []synthesis.Ref{{Kind: gather.KindSystem, Text: "srv-1"}}}}},
		{Title: "Recommendations", Items: []synthesis.Item{{Text: "x", Sources: append([]synthesis.Ref{{Kind: gather.KindArticle, Text: "Printers"}}, cited[0].Sources...)}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	step := enhancement.StepRecord{Run: 1, Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Result: result}
	if err := ledger.New(tenants.DB).RecordStep(t.Context(), n.TenantID, n.JobID, step); err != nil {
		t.Fatal(err)
	}
}

func keys(parts []feedback.Part) (all []string) {
	for _, p := range parts {
		all = append(all, p.Key()+" "+string(p.Vote))
	}
	return all
}

// What can be voted on is what the note has, as package synthesis writes it; the last vote on each part counts, and can be taken back.
func TestPartsOfANote(t *testing.T) {
	t.Parallel()
	tenants, votes, note := world(t)
	if parts, err := votes.Parts(t.Context(), note); err != nil || len(parts) != 0 {
		t.Fatalf("before there is a note: %v, %v", parts, err)
	}
	write(t, tenants, note, "900", "901")
	check := func(want ...string) {
		t.Helper()
		if parts, err := votes.Parts(t.Context(), note); err != nil || !slices.Equal(keys(parts), want) {
			t.Errorf("parts %q, %v; want %q", keys(parts), err, want)
		}
	}
	record := func(on ...feedback.PartVote) error {
		t.Helper()
		_, err := votes.Record(t.Context(), note, feedback.Vote{Value: feedback.Up}, on...)
		return err
	}
	check("section:similar_tickets ", "section:system_info ", "section:recommendations ", "ticket:#900 ", "ticket:#901 ", "article:Printers ")
	for key, want := range map[string]error{"ticket:#902": feedback.ErrNoPart, "system:srv-1": feedback.ErrNoPart, "section:documentation": feedback.ErrNoPart, "": feedback.ErrNoPart} {
		if err := record(feedback.PartVote{Key: key, Value: feedback.Up}); !errors.Is(err, want) {
			t.Errorf("%q: %v", key, err)
		}
	}
	up, down := feedback.PartVote{Key: "ticket:#900", Value: feedback.Up}, feedback.PartVote{Key: "article:Printers", Value: feedback.Down}
	for name, on := range map[string][]feedback.PartVote{"twice": {up, up}, "no value": {{Key: up.Key, Value: "sideways"}}} {
		if err := record(on...); !errors.Is(err, feedback.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if vote, err := votes.Given(t.Context(), note); vote != nil || err != nil {
		t.Errorf("what was refused has left a vote: %+v, %v", vote, err)
	}
	if err := record(up, down, feedback.PartVote{Key: "ticket:#901"}); err != nil {
		t.Fatal(err)
	}
	check("section:similar_tickets ", "section:system_info ", "section:recommendations ", "ticket:#900 up", "ticket:#901 ", "article:Printers down")
	if err := record(feedback.PartVote{Key: up.Key, Value: feedback.Down}, feedback.PartVote{Key: down.Key}); err != nil {
		t.Fatal(err)
	}
	if given, err := votes.GivenParts(t.Context(), note); err != nil || !slices.Equal(keys(given), []string{"ticket:#900 down"}) {
		t.Errorf("given %q, %v", keys(given), err)
	}
	if given, err := votes.GivenParts(t.Context(), feedback.Note{TenantID: "beta", JobID: note.JobID}); err != nil || len(given) != 0 {
		t.Errorf("another tenant reads %q, %v", keys(given), err)
	}
}
