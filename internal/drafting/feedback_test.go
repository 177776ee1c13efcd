package drafting_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

type oneTenant struct{}

func (oneTenant) Tenant(_ context.Context, id string) (tenant.Tenant, error) {
	return tenant.Tenant{ID: id}, nil
}

// linked makes a link that tells for whom.
type linked struct{ err error }

func (l linked) Link(tenantID, jobID string) (string, error) {
	if l.err != nil {
		return "", l.err
	}
	return "https://agents.example.com/feedback/" + tenantID + "-" + jobID, nil
}

func TestANoteCarriesTheLinkOfItsJob(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		feedback drafting.Feedback
		jobID    string
		want     string
	}{
		"a job":             {linked{}, "one", "https://agents.example.com/feedback/alpha-one"},
		"a preview":         {linked{}, "", ""},
		"nobody takes it":   {nil, "one", ""},
		"it cannot be made": {linked{errors.New("example")}, "one", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := drafting.New(drafting.Deps{
				Tenants: oneTenant{}, Synthesizer: synthesis.New(nil, synthesis.Options{}), Feedback: c.feedback, Logger: slog.New(slog.DiscardHandler),
			})
			draft, err := d.Draft(t.Context(), drafting.Request{TenantID: "alpha", JobID: c.jobID})
			if err != nil {
				t.Fatal(err)
			}
			if got := draft.Note.Footer; got != (synthesis.Footer{JobID: c.jobID, FeedbackURL: c.want}) {
				t.Errorf("the footer is %+v", got)
			}
			rendered := synthesis.Render(draft.Note, synthesis.FormatHTML)
			if strings.Contains(rendered, "<a ") != (c.want != "") || !strings.Contains(rendered, c.want) {
				t.Errorf("the note is\n%s", rendered)
			}
		})
	}
}
