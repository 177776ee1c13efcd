package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// Keys are the credentials that the simulated world accepts, for any number of tenants. Whoever holds the
// master secret derives the same ones and can onboard a tenant without asking. They do not print.
type Keys struct {
	master []byte
}

// NewKeys derives from master.
func NewKeys(master string) Keys { return Keys{[]byte(master)} }

// APIKey is the technician's key of the tenant's ServiceDesk Plus on premises.
func (k Keys) APIKey(tenantID string) string { return k.derive("servicedesk-api-key", tenantID) }

// SigningSecret signs the tenant's webhooks.
func (k Keys) SigningSecret(tenantID string) string {
	return k.derive("webhook-signing-secret", tenantID)
}

// KnowledgeAPIKey opens the tenant's knowledge base.
func (k Keys) KnowledgeAPIKey(tenantID string) string { return k.derive("knowledge-api-key", tenantID) }

// OAuth is the grant of the tenant's ServiceDesk Plus in the cloud; baseURL is the world's.
func (k Keys) OAuth(tenantID, baseURL string) servicedesk.OAuth {
	return servicedesk.OAuth{
		AccountsURL:  deskURL(baseURL, tenantID),
		ClientID:     k.derive("oauth-client-id", tenantID),
		ClientSecret: k.derive("oauth-client-secret", tenantID),
		RefreshToken: k.derive("oauth-refresh-token", tenantID),
	}
}

// String hides the secret.
func (Keys) String() string { return "[redacted]" }

// GoString hides the secret from %#v.
func (Keys) GoString() string { return "[redacted]" }

// LogValue hides the secret from slog.
func (Keys) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// derive separates purpose and tenant by NUL, which neither can contain.
func (k Keys) derive(purpose, tenantID string) string {
	mac := hmac.New(sha256.New, k.master)
	mac.Write([]byte(purpose + "\x00" + tenantID))
	return hex.EncodeToString(mac.Sum(nil))
}
