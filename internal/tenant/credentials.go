package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Credentials are a tenant's secrets in clear. They stay in memory.
type Credentials struct {
	// APIKey is the authtoken on premises, and the OAuth grant as JSON (servicedesk.OAuth) in the cloud.
	APIKey          Secret
	SigningSecret   Secret
	KnowledgeAPIKey Secret // empty when the tenant has no knowledge base

	// PreviousSigningSecret is accepted besides SigningSecret until PreviousUntil; empty for none. Ask SigningSecrets.
	PreviousSigningSecret Secret
	PreviousUntil         time.Time
}

// SigningSecrets are those that a webhook may be signed with now, the current one first. The previous one is left out once
// its time is over, however long ago c was loaded.
func (c Credentials) SigningSecrets(now time.Time) []Secret {
	if c.PreviousSigningSecret == "" || !now.Before(c.PreviousUntil) {
		return []Secret{c.SigningSecret}
	}
	return []Secret{c.SigningSecret, c.PreviousSigningSecret}
}

// MinSigningSecret is how many characters a signing secret has at least.
const MinSigningSecret = 16

// ValidateSigningSecret says what is wrong with s.
func ValidateSigningSecret(s Secret) error {
	if len(s) < MinSigningSecret {
		return fmt.Errorf("signing_secret: use at least %d characters", MinSigningSecret)
	}
	return nil
}

// ValidateAPIKey says what is wrong with key, by the rules of the profile.
func ValidateAPIKey(profile Profile, key Secret) error {
	switch {
	case key == "":
		return errors.New("api_key: is missing")
	case profile == ProfileCloud && !json.Valid([]byte(key)):
		return errors.New(`api_key: for the cloud, give JSON with "accounts_url", "client_id", "client_secret", "refresh_token"`)
	}
	return nil
}

// Validate names every missing secret, by the rules of t's profile.
func (c Credentials) Validate(t Tenant) error {
	return errors.Join(ValidateSigningSecret(c.SigningSecret), ValidateAPIKey(t.Profile, c.APIKey))
}
