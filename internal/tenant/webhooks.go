package tenant

import (
	"cmp"
	"fmt"
)

// WebhookAuth is how a tenant's senders prove that a webhook is theirs.
type WebhookAuth string

// The ways. A tenant has one of them: what is right by the other is refused.
const (
	// AuthSignature is an HMAC of the body.
	AuthSignature WebhookAuth = "signature"
	// AuthStatic is the signing secret itself in a header, for senders that cannot compute an HMAC. It proves nothing about
	// the body, of which nothing but the ids and the event is believed.
	AuthStatic WebhookAuth = "static"
)

// LongDescriptions is what becomes of a webhook whose description has more characters than a ticket's may have.
type LongDescriptions string

// What becomes of them.
const (
	LongRefused   LongDescriptions = "reject"
	LongTruncated LongDescriptions = "truncate"
)

// Auth is how webhooks are proven: by signature unless the tenant chose.
func (p Preferences) Auth() WebhookAuth { return cmp.Or(p.WebhookAuth, AuthSignature) }

// Truncates says whether long descriptions are cut, and not refused, which is the default.
func (p Preferences) Truncates() bool { return p.LongDescriptions == LongTruncated }

// validateWebhooks says what is wrong with the preferences about webhooks.
func (p Preferences) validateWebhooks() (errs []error) {
	if a := p.Auth(); a != AuthSignature && a != AuthStatic {
		errs = append(errs, fmt.Errorf("enhancement_prefs.webhook_auth: %q is neither %q nor %q", a, AuthSignature, AuthStatic))
	}
	if l := cmp.Or(p.LongDescriptions, LongRefused); l != LongRefused && l != LongTruncated {
		errs = append(errs, fmt.Errorf("enhancement_prefs.long_descriptions: %q is neither %q nor %q", l, LongRefused, LongTruncated))
	}
	if n := p.WebhooksPerMinute; n < 0 || n > MaxWebhooksPerMinute {
		errs = append(errs, fmt.Errorf("enhancement_prefs.webhooks_per_minute: %d is not between 1 and %d; leave it out, or 0, for the default", n, MaxWebhooksPerMinute))
	}
	return errs
}
