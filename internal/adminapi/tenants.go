package adminapi

import (
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TenantStatus says what becomes of a tenant's webhooks.
type TenantStatus string

// The states of a tenant.
const (
	// TenantEnabled: webhooks are accepted.
	TenantEnabled TenantStatus = "enabled"
	// TenantDisabled: webhooks are refused as if there were no such tenant; its data stays.
	TenantDisabled TenantStatus = "disabled"
	// TenantDeleted: disabled, and may be purged, or restored.
	TenantDeleted TenantStatus = "deleted"
)

// TenantSpec is what an operator sets for a tenant, but for its secrets.
type TenantSpec struct {
	Name           string             `json:"name"                        minLength:"1"        maxLength:"200"`
	ServiceDeskURL string             `json:"servicedesk_url"             doc:"Base of the tenant's ServiceDesk Plus API, up to and including /api/v3." maxLength:"2000"`
	Profile        tenant.Profile     `json:"servicedesk_profile"         enum:"onprem,cloud"`
	TechnicianID   string             `json:"technician_id,omitempty"     doc:"ServiceDesk Plus's id of the technician our key belongs to." maxLength:"50"`
	KnowledgeURL   string             `json:"kb_url,omitempty"            doc:"Base of the tenant's knowledge-base API; empty when it has none." maxLength:"2000"`
	Preferences    tenant.Preferences `json:"enhancement_prefs,omitempty"` //nolint:modernize // optional in a request, and {} in an answer
}

// Tenant is a tenant as the API shows it: never with a secret.
type Tenant struct {
	TenantID   string `json:"tenant_id"`
	TenantSpec        //nolint:embeddedstructfieldcheck // the id comes first

	Status    TenantStatus     `json:"status"               enum:"enabled,disabled,deleted"`
	Isolation tenant.Isolation `json:"isolation"            doc:"Whose enhancer works for it: the one that tenants share, or its own." enum:"shared,dedicated"`
	Version   int64            `json:"version"              doc:"Grows with every change; the ETag is made of it."`
	Secrets   TenantSecrets    `json:"secrets"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	DeletedAt *time.Time       `json:"deleted_at,omitempty"`
	// PurgeStartedAt is set on a tenant whose purge was cut off: what it removed is gone. Purge it again.
	PurgeStartedAt *time.Time `json:"purge_started_at,omitempty" doc:"Its purge was begun, and has to be finished: purge it again."`
}

// ETag stands for t as it is, in the headers ETag and If-Match.
func (t Tenant) ETag() string { return strconv.Quote(strconv.FormatInt(t.Version, 10)) }

// TenantSecrets says which secrets there are, and not what they are.
type TenantSecrets struct {
	APIKey          SecretState `json:"api_key"`
	SigningSecret   SecretState `json:"signing_secret"`
	KnowledgeAPIKey SecretState `json:"kb_api_key"`
	// PreviousSigningSecretUntil is when the signing secret before the present one ceases to be accepted.
	PreviousSigningSecretUntil *time.Time `json:"previous_signing_secret_until,omitempty"`
}

// SecretState is what may be known of a secret.
type SecretState struct {
	Set       bool       `json:"set"`
	ChangedAt *time.Time `json:"changed_at,omitempty"`
}

// CreateTenant is a new tenant with its secrets, which go in and never come out.
type CreateTenant struct {
	TenantID   string `json:"tenant_id" doc:"1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen; it cannot be changed." pattern:"^[a-z0-9][a-z0-9-]{0,62}$"`
	TenantSpec        //nolint:embeddedstructfieldcheck // the id comes first

	APIKey          string `json:"api_key"              doc:"On premises the technician's authtoken; in the cloud the OAuth grant as a JSON text with accounts_url, client_id, client_secret and refresh_token." maxLength:"4000" writeOnly:"true"`
	SigningSecret   string `json:"signing_secret"       doc:"What the tenant signs its webhooks with." maxLength:"500" minLength:"16" writeOnly:"true"`
	KnowledgeAPIKey string `json:"kb_api_key,omitempty" maxLength:"4000" writeOnly:"true"`
}

// UpdateTenant replaces a tenant's settings and, in the same change, those keys that it has. Keys go in and never come out.
type UpdateTenant struct {
	TenantSpec

	APIKey          string `json:"api_key,omitempty"    doc:"The key for servicedesk_url; the stored one stays when there is none. Required, as is the permission secrets:write, when scheme, host or port of servicedesk_url or servicedesk_profile change." maxLength:"4000" writeOnly:"true"`
	KnowledgeAPIKey string `json:"kb_api_key,omitempty" doc:"The key for kb_url; the stored one stays when there is none. Required, as is the permission secrets:write, when scheme, host or port of kb_url change and a key is stored; without a kb_url none is kept." maxLength:"4000" writeOnly:"true"`
}

// RotateSigningSecret replaces the signing secret. The old one is accepted for the overlap, so that the sender can be
// changed in its own time.
type RotateSigningSecret struct {
	Secret         string `json:"secret"          maxLength:"500" minLength:"16" writeOnly:"true"`
	OverlapSeconds int    `json:"overlap_seconds" doc:"For how long the old secret is accepted besides the new one; 0 when it has leaked." maximum:"604800" minimum:"0"`
}

// ReplaceSecret replaces the API key of ServiceDesk Plus or of the knowledge base.
type ReplaceSecret struct {
	Secret string `json:"secret" doc:"The new key. Empty removes the key of a knowledge base; ServiceDesk Plus needs one." maxLength:"4000" writeOnly:"true"`
}

// Deletion is what DELETE answers: nothing has gone yet.
type Deletion struct {
	Tenant Tenant           `json:"tenant"`
	Rows   map[string]int64 `json:"rows"  doc:"How many rows a purge would remove, by table; empty when uncounted."`
	Total  int64            `json:"total" doc:"All of rows; 0 when uncounted."`
	// Uncounted is beside a tenant that is deleted all the same.
	Uncounted bool `json:"uncounted,omitempty" doc:"The tenant is deleted, but its rows could not be counted in a few seconds: it has many."`
}

// PurgeTenant is the second step of a deletion.
type PurgeTenant struct {
	Confirm string `json:"confirm" doc:"The tenant's id once more."`
}

// Purged is what a purge removed.
type Purged struct {
	TenantID string           `json:"tenant_id"`
	Rows     map[string]int64 `json:"rows" doc:"How many rows were removed, by table."`
	Total    int64            `json:"total"`
}

// ConnectionTest is whether what a tenant depends on can be reached with its credentials.
type ConnectionTest struct {
	ServiceDesk Probe `json:"servicedesk"`
	Knowledge   Probe `json:"kb"`
	LLM         Probe `json:"llm"`
	LLMFallback Probe `json:"llm_fallback"`
}

// Probe is the outcome of one test.
type Probe struct {
	Outcome ProbeOutcome `json:"outcome" enum:"ok,failed,not_configured"`
	Detail  string       `json:"detail,omitempty" doc:"What is wrong and what to do about it."`
	TookMS  int64        `json:"took_ms"`
}

// ProbeOutcome is how a test went.
type ProbeOutcome string

// The outcomes.
const (
	ProbeOK            ProbeOutcome = "ok"
	ProbeFailed        ProbeOutcome = "failed"
	ProbeNotConfigured ProbeOutcome = "not_configured"
)
