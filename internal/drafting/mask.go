package drafting

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// newMask makes what hides values in the texts of one draft. It sees all of them beforehand: a password that a past ticket calls one is
// hidden in the ticket at hand, too, which only mentions it.
func newMask(prefs tenant.Preferences, in synthesis.Input) *masking.Masker {
	mask := masking.New(Masked(prefs), people(in))
	mask.Learn(in.Ticket.Subject, in.Ticket.Description, in.Ticket.Priority, in.Voice.Instructions)
	mask.Learn(in.Voice.PinnedFacts...)
	for _, found := range []synthesis.Found{in.Tickets, in.Articles, in.Systems} {
		mask.Learn(found.Note)
		for _, item := range found.Items {
			mask.Learn(item.Title, item.Text, item.Resolution, item.Role, item.Client, item.Location, item.Address)
		}
	}
	return mask
}

// Masked are the kinds of data that no model sees under the preferences, sorted. Credentials always are.
func Masked(prefs tenant.Preferences) []masking.Kind {
	kinds := append([]masking.Kind{masking.KindCredential}, prefs.Mask...)
	if prefs.Mask == nil {
		kinds = masking.Defaults()
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// people are all names that the ticket and the past tickets tell of.
func people(in synthesis.Input) []string {
	names := append([]string(nil), in.Ticket.People...)
	for _, item := range in.Tickets.Items {
		names = append(names, item.People...)
	}
	return names
}

// tellMasked says how much was hidden, and nothing of what.
func (d *Drafter) tellMasked(ctx context.Context, r Request, counts map[masking.Kind]int) {
	if len(counts) == 0 {
		return
	}
	var said []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if d.deps.Meter != nil {
			d.deps.Meter.Masked(string(kind), counts[kind])
		}
		// Not a field for each: one that is called a credential is blanked out.
		said = append(said, fmt.Sprintf("%d %s", counts[kind], kind))
	}
	if d.deps.Logger != nil {
		d.deps.Logger.InfoContext(ctx, "texts masked", telemetry.KeyTenant, r.TenantID, telemetry.KeyTicket, r.Ticket.ID, "values", strings.Join(said, ", "))
	}
}
