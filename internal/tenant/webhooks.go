package tenant

import "cmp"

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
