package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// recordsAtOnce is how many records one press of the button imports: a page does not keep its reader waiting for an hour, and the next press
// goes on where this one stopped.
const recordsAtOnce = 500

// onboardingPage is how far a tenant is from its first note: the steps of `agentctl onboard`, each read from the platform.
type onboardingPage struct {
	Tenant adminapi.Tenant
	// Imported says that past tickets are there; Refused that the reader may not read so.
	Imported, Refused bool
	// Note is the latest job that was completed; nil before there is one.
	Note   *adminapi.Job
	Feeds  []field
	Ticket []field
	// Import is what the import that was asked for just now has done.
	Import *imported
	// Wrong is why something that was asked for did not happen.
	Wrong string
}

// imported is what an import did.
type imported struct {
	Feed    mirror.Feed
	Summary adminapi.ImportSummary
	// Problem is what ended it before its time.
	Problem string
}

func (s *Site) showOnboarding(v *visit) error {
	page, err := s.onboardingPage(v)
	if err != nil {
		return err
	}
	return s.show(v, "onboarding", "Onboarding of "+page.Tenant.TenantID, page)
}

func (*Site) onboardingPage(v *visit) (page onboardingPage, err error) {
	if page.Tenant, err = v.api.Tenant(v.ctx, v.tenantID()); err != nil {
		return page, fmt.Errorf("show an onboarding: %w", err)
	}
	for _, err := range v.api.PastTickets(v.ctx, v.tenantID(), time.Time{}, 1) {
		if page.Refused = refused(err); err != nil && !page.Refused {
			return page, fmt.Errorf("look for past tickets: %w", err)
		}
		page.Imported = err == nil
		break
	}
	done, err := v.api.JobsPage(v.ctx, v.tenantID(), adminapi.JobQuery{Status: enhancement.StatusCompleted}, adminapi.Slice{Limit: 1})
	if err != nil {
		return page, fmt.Errorf("look for a note: %w", err)
	}
	if len(done.Items) > 0 {
		page.Note = &done.Items[0]
	}
	page.Feeds = []field{{
		Name: "feed", Label: "What", Kind: kindSelect, Options: []option{
			{Value: string(mirror.FeedTickets), Label: "past tickets"},
			{Value: string(mirror.FeedArticles), Label: "articles of the knowledge base"},
			{Value: string(mirror.FeedAssets), Label: "systems"},
		},
	}}
	page.Ticket = []field{
		{Name: "ticket_id", Label: "Ticket id", Kind: kindText, Required: true, MaxLength: maxTicket, Hint: "Of a ticket that is there: the note is put on it, if the mode is live."},
		{Name: "description", Label: "Description", Kind: kindArea, MaxLength: maxDescription, Hint: "As the webhook has it; empty for a text that says that it is a test."},
	}
	return page, nil
}

// Shadow says that notes are made and not posted.
func (p onboardingPage) Shadow() bool { return p.Tenant.Preferences.NoteMode() == tenant.ModeShadow }

// importSome imports a part of a feed, and says whether there is more.
func (s *Site) importSome(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	feed := mirror.Feed(values.Get("feed"))
	summary, err := v.api.Import(v.ctx, v.tenantID(), adminapi.StartImport{Feed: feed, Limit: recordsAtOnce}, func(adminapi.ImportProgress) {})
	done := imported{Feed: feed, Summary: summary}
	if stopped, is := errors.AsType[*adminapi.StreamError](err); is {
		done.Problem = stopped.Text
		err = nil
	}
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	page, err := s.onboardingPage(v)
	if err != nil {
		return err
	}
	page.Import = &done
	choose(page.Feeds[0].Options, string(feed))
	return s.show(v, "onboarding", "Onboarding of "+v.tenantID(), page)
}

// testWebhook has a webhook sent as the tenant's ServiceDesk Plus would, and leads to its job, which shows how it goes.
func (s *Site) testWebhook(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	in := adminapi.TestWebhook{TicketID: strings.TrimSpace(values.Get("ticket_id")), Description: strings.TrimSpace(values.Get("description"))}
	if in.Description == "" {
		in.Description = "Test of the ticket enhancement, sent from its console."
	}
	taken, err := v.api.SendTestWebhook(v.ctx, v.tenantID(), in)
	if err == nil {
		return v.leadTo(jobPath(v.tenantID(), taken.JobID))
	}
	page, shown := s.onboardingPage(v)
	if shown != nil {
		return shown
	}
	again := form{Groups: []group{{Fields: page.Ticket}}}
	again.typed(values)
	if !again.blame(err, "body.") && adminapi.StatusOf(err) != http.StatusBadGateway {
		return fmt.Errorf("send a test webhook: %w", err)
	}
	page.Ticket, page.Wrong = again.Groups[0].Fields, again.Problem
	if page.Wrong == "" {
		page.Wrong = failure(err).Text
	}
	s.views.write(s.cfg.Logger, v.w, adminapi.StatusOf(err), "onboarding", v.frame("Onboarding of "+v.tenantID(), page))
	return nil
}
