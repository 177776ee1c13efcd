package feedback_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world has a job of alpha, which is there, and of beta.
func world(t *testing.T) (*tenantstoretest.Store, *feedback.Store, feedback.Note) {
	t.Helper()
	tenants := tenantstoretest.New(t)
	var note feedback.Note
	for _, id := range []string{"beta", "alpha"} {
		tenants.Save(t, id)
		job := enhancement.New(id, enhancement.EventCreated, ticket.Ticket{ID: "1001", Description: "d", Priority: "High"}, "example")
		if _, err := ledger.New(tenants.DB).Accept(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		note = feedback.Note{TenantID: id, JobID: job.ID}
	}
	return tenants, feedback.NewStore(tenants.DB), note
}

func TestTheLastVoteCounts(t *testing.T) {
	t.Parallel()
	_, votes, note := world(t)
	if vote, err := votes.Vote(t.Context(), note); vote != nil || err != nil {
		t.Fatalf("before any vote: %+v, %v", vote, err)
	}
	first, err := votes.Record(t.Context(), note, feedback.Vote{Value: feedback.Down, Reason: feedback.ReasonWrong, Comment: " The host\u202e is\x00 gone.\r\n "})
	if err != nil || first.Comment != "The host is gone." || first.FirstAt.IsZero() || !first.FirstAt.Equal(first.ChangedAt) {
		t.Fatalf("first %+v, %v", first, err)
	}
	second, err := votes.Record(t.Context(), note, feedback.Vote{Value: feedback.Up, Reason: feedback.ReasonWrong})
	if err != nil || !second.FirstAt.Equal(first.FirstAt) || !second.ChangedAt.After(first.ChangedAt) || second.Reason != feedback.ReasonNone {
		t.Fatalf("second %+v, %v", second, err)
	}
	for _, read := range []func(context.Context, feedback.Note) (*feedback.Vote, error){votes.Vote, votes.Given} {
		if vote, err := read(t.Context(), note); err != nil || vote == nil || *vote != second {
			t.Errorf("read %+v, %v", vote, err)
		}
	}
}

func TestWhatIsNoVote(t *testing.T) {
	t.Parallel()
	_, votes, note := world(t)
	for _, vote := range []feedback.Vote{
		{}, {Value: "sideways"}, {Value: feedback.Up, Reason: "boredom"}, {Value: feedback.Up, Comment: strings.Repeat("ä", feedback.MaxComment+1)},
	} {
		if _, err := votes.Record(t.Context(), note, vote); !errors.Is(err, feedback.ErrInvalid) {
			t.Errorf("%+v: %v", vote, err)
		}
	}
	if _, err := votes.Record(t.Context(), note, feedback.Vote{Value: feedback.Up, Comment: strings.Repeat("ä", feedback.MaxComment)}); err != nil {
		t.Errorf("the longest comment: %v", err)
	}
}

// Nothing can be said of a note that there is not, of another tenant's, and of that of a tenant who does not take part any more.
func TestThereHasToBeANote(t *testing.T) {
	t.Parallel()
	tenants, votes, note := world(t)
	refused := func(what string, n feedback.Note) {
		t.Helper()
		if _, err := votes.Vote(t.Context(), n); !errors.Is(err, feedback.ErrNoNote) {
			t.Errorf("%s: read %v", what, err)
		}
		if _, err := votes.Record(t.Context(), n, feedback.Vote{Value: feedback.Up}); !errors.Is(err, feedback.ErrNoNote) {
			t.Errorf("%s: recorded %v", what, err)
		}
	}
	refused("no such job", feedback.Note{TenantID: "alpha", JobID: jobID})
	refused("no such tenant", feedback.Note{TenantID: "gamma", JobID: note.JobID})
	refused("another's job", feedback.Note{TenantID: "beta", JobID: note.JobID})
	if _, err := votes.Record(t.Context(), note, feedback.Vote{Value: feedback.Up}); err != nil {
		t.Fatal(err)
	}
	for _, status := range []tenantstore.Status{tenantstore.StatusDisabled, tenantstore.StatusDeleted} {
		if _, err := tenants.Console.SetStatus(t.Context(), "alpha", status, 0, nil); err != nil {
			t.Fatal(err)
		}
		refused(string(status), note)
	}
	if vote, err := votes.Given(t.Context(), note); err != nil || vote == nil {
		t.Errorf("operators do not see it any more: %+v, %v", vote, err)
	}
}

// The gateway cannot take a vote away; the purge of the tenant does.
func TestVotesGoWithTheirTenant(t *testing.T) {
	t.Parallel()
	tenants, votes, note := world(t)
	if _, err := votes.Record(t.Context(), note, feedback.Vote{Value: feedback.Up}); err != nil {
		t.Fatal(err)
	}
	err := tenants.DB.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "DELETE FROM note_feedback")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("app_user removes votes: %v", err)
	}
	if _, err := tenants.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDeleted, 0, nil); err != nil {
		t.Fatal(err)
	}
	removed, err := tenants.Console.Purge(t.Context(), "alpha", 0, nil)
	if err != nil || removed["note_feedback"] != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
}
