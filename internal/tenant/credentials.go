package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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

// ValidateAPIKey says what is wrong with key, by the rules of the profile. On premises anything goes: a tenant moves to the cloud
// and back by way of a grant that is stored on premises.
func ValidateAPIKey(profile Profile, key Secret) error {
	switch {
	case key == "":
		return errors.New("api_key: is missing")
	case profile == ProfileCloud:
		return validateGrant(key)
	}
	return nil
}

// grant is servicedesk.OAuth, as far as it has to be there.
type grant struct {
	AccountsURL  string `json:"accounts_url"`
	ClientID     string `json:"client_id"`
	ClientSecret Secret `json:"client_secret"`
	RefreshToken Secret `json:"refresh_token"`
}

// validateGrant names every field that is wrong, and quotes none: a mistake is often a secret in the wrong place.
func validateGrant(key Secret) error {
	var g grant
	if err := json.Unmarshal([]byte(key), &g); err != nil {
		return errors.New(`api_key: for the cloud, give a JSON object with the strings "accounts_url", "client_id", "client_secret", "refresh_token"`)
	}
	var errs []error
	if err := validBaseURL(g.AccountsURL); err != nil {
		errs = append(errs, fmt.Errorf("api_key: accounts_url: %w", err))
	}
	for _, f := range []struct{ field, text string }{
		{"client_id", g.ClientID}, {"client_secret", g.ClientSecret.Reveal()}, {"refresh_token", g.RefreshToken.Reveal()},
	} {
		if !sendable(f.text) {
			errs = append(errs, fmt.Errorf("api_key: %s: is missing, or has a character that a header cannot carry", f.field))
		}
	}
	return errors.Join(errs...)
}

// sendable says whether s is something, and of visible ASCII characters only, as the client of ServiceDesk Plus takes it.
func sendable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Validate names every missing secret, by the rules of t's profile.
func (c Credentials) Validate(t Tenant) error {
	return errors.Join(ValidateSigningSecret(c.SigningSecret), ValidateAPIKey(t.Profile, c.APIKey))
}
