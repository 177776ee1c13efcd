// Package drafting owns how a note is drafted for a tenant: under its preferences, with what is masked before a model sees it,
// within its budget. The workflow's step and a preview draft in the same way.
package drafting

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Tenants knows the tenants; tenant.ErrNotFound says that one is gone or disabled.
type Tenants interface {
	Tenant(ctx context.Context, tenantID string) (tenant.Tenant, error)
}

// Synthesizer writes a note; it falls back to the gathered context and therefore never fails.
type Synthesizer interface {
	Synthesize(ctx context.Context, in synthesis.Input) synthesis.Output
}

// Feedback makes the link by which a reader says whether the job's note helped; empty where nobody takes it.
type Feedback interface {
	Link(tenantID, jobID string) (string, error)
}

// Request is what a note is drafted from.
type Request struct {
	TenantID  string
	JobID     string // empty for a preview
	Ticket    ticket.Ticket
	Tickets   synthesis.Found
	Articles  synthesis.Found
	Systems   synthesis.Found
	Reference string
	// Preferences are used in place of the tenant's own when set.
	Preferences *tenant.Preferences
}

// Draft is a note and the account of how it came about.
type Draft struct {
	synthesis.Output

	Account Account
}

// Account is how a note came about, in figures. It is stored with the step, and holds no text of a ticket.
type Account struct {
	// TenantVersion is the version of the tenant's settings under which it was drafted.
	TenantVersion  int64                `json:"tenant_version"`
	Generated      bool                 `json:"generated"`
	FallbackReason synthesis.Reason     `json:"fallback_reason,omitempty"`
	Confidence     float64              `json:"confidence,omitempty"`
	Words          int                  `json:"words"`
	Sources        int                  `json:"sources"`
	Dropped        map[string]int       `json:"dropped,omitempty"`
	Masked         map[masking.Kind]int `json:"masked,omitempty"`
	Cached         bool                 `json:"cached,omitempty"`
	// Abstained: see synthesis.Output.
	Abstained bool `json:"abstained,omitempty"`
	// ModelIgnored is the model that the tenant prefers and that is not offered, so that another was asked.
	ModelIgnored string `json:"model_ignored,omitempty"`
	// Model is the one whose answer the note is made from, or that failed last; empty when none was asked.
	Model            string  `json:"model,omitempty"`
	Calls            int     `json:"calls,omitempty"`
	PromptTokens     int     `json:"prompt_tokens,omitempty"`
	CompletionTokens int     `json:"completion_tokens,omitempty"`
	CostUSD          float64 `json:"cost_usd,omitempty"`
}

// Deps are what a Drafter works with.
type Deps struct {
	Tenants     Tenants
	Synthesizer Synthesizer
	// Feedback may be nil: notes then have no link.
	Feedback Feedback
	// Budget says whether a model may still be asked, and takes down what is no job's; nil for no limits and no books.
	Budget Budget
	// Offers says whether a model that a tenant prefers is one of those that are asked; nil for all.
	Offers func(model string) bool
	// Meter counts requests to models; nil for nobody.
	Meter  Meter
	Logger *slog.Logger
}

// Drafter drafts notes. It may be used concurrently.
type Drafter struct{ deps Deps }

// New makes a Drafter.
func New(d Deps) *Drafter { return &Drafter{deps: d} }

// Draft drafts a note. It fails only where the tenant's settings, or how much of its budget is spent, cannot be read: without them
// nothing may leave for a model. What a job's draft cost is the caller's to record, with the step; that of others is entered here.
func (d *Drafter) Draft(ctx context.Context, r Request) (Draft, error) {
	t, err := d.deps.Tenants.Tenant(ctx, r.TenantID)
	if err != nil {
		return Draft{}, fmt.Errorf("read the preferences of tenant %s: %w", r.TenantID, err)
	}
	limits := t.Preferences.Budget // what is tried out is paid with the tenant's own
	if r.Preferences != nil {
		t.Preferences = *r.Preferences
	}
	prefs := t.Preferences
	in := synthesis.Input{
		Ticket: r.Ticket, Tickets: relevant(r.Tickets, prefs), Articles: relevant(r.Articles, prefs), Systems: r.Systems, Reference: r.Reference,
		TenantID: r.TenantID, Voice: voice(prefs), Model: prefs.Model, Temperature: prefs.Temperature,
		Footer: synthesis.Footer{JobID: r.JobID, FeedbackURL: d.feedbackURL(ctx, r)},
	}
	if in.Without, err = d.without(ctx, r.TenantID, limits); err != nil {
		return Draft{}, err
	}
	mask := newMask(prefs, in)
	in.Veil = mask
	out := d.deps.Synthesizer.Synthesize(ctx, in)
	d.account(ctx, r, limits, out)
	d.tellMasked(ctx, r, mask.Counts())
	a := account(t.Version, in, out, mask)
	if out.Model != "" && in.Model != "" && d.deps.Offers != nil && !d.deps.Offers(in.Model) {
		a.ModelIgnored = in.Model
	}
	return Draft{Output: out, Account: a}, nil
}

// feedbackURL is empty for a preview, which nobody votes on, and where there is no link: the note is worth more than it.
func (d *Drafter) feedbackURL(ctx context.Context, r Request) string {
	if r.JobID == "" || d.deps.Feedback == nil {
		return ""
	}
	link, err := d.deps.Feedback.Link(r.TenantID, r.JobID)
	if err != nil {
		d.deps.Logger.WarnContext(ctx, "the note has no link for feedback", "error", err)
	}
	return link
}

// relevant leaves out what is less relevant than the tenant wants to see.
func relevant(found synthesis.Found, prefs tenant.Preferences) synthesis.Found {
	var items []gather.Item
	for _, item := range found.Items {
		if item.Relevance >= prefs.MinRelevance {
			items = append(items, item)
		}
	}
	found.Items = items
	return found
}

func voice(prefs tenant.Preferences) synthesis.Voice {
	v := synthesis.Voice{
		Language: prefs.Language, Tone: string(prefs.Tone), Instructions: prefs.Instructions, PinnedFacts: prefs.PinnedFacts,
	}
	for _, section := range prefs.SectionsOff {
		v.Off = append(v.Off, string(section))
	}
	return v
}

func account(version int64, in synthesis.Input, out synthesis.Output, mask *masking.Masker) Account {
	a := Account{
		TenantVersion: version, Generated: out.Note.Generated, FallbackReason: out.FallbackReason,
		Words: synthesis.WordCount(synthesis.Text(out.Note)), Dropped: out.Dropped, Masked: mask.Counts(), Cached: out.Cached, Abstained: out.Abstained,
		Sources: len(in.Tickets.Items) + len(in.Articles.Items) + len(in.Systems.Items),
	}
	if out.Note.Confidence != nil {
		a.Confidence = out.Note.Confidence.Score
	}
	a.Model, a.Calls = out.Model, len(out.Calls)
	for _, call := range out.Calls {
		a.PromptTokens += call.PromptTokens
		a.CompletionTokens += call.CompletionTokens
		a.CostUSD += call.CostUSD
	}
	return a
}
