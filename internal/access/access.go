// Package access owns who a client of the console is and what they may do: permissions, roles, the form of API tokens,
// and the decision about what a request shows. It knows neither SQL nor HTTP: tokens are kept by tokenstore, persons
// are vouched for by an OpenID Connect provider through oidc.
package access

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrUnauthenticated is all that a client is told when it is not let in. ReasonOf knows more, for the audit log.
	ErrUnauthenticated = errors.New("authentication is required: show a valid API token or sign in")
	// ErrProviderUnavailable says that a person cannot be recognised for now. API tokens work all the same.
	ErrProviderUnavailable = errors.New("sign-in is not available: the identity provider cannot be reached; API tokens work")
	// ErrExceeds says that a token was asked for that may more than who asks for it: *ExceedsError.
	ErrExceeds = errors.New("a token cannot have more than its creator")
	// ErrInvalid says that a token was asked for that there cannot be. The message says why.
	ErrInvalid = errors.New("no such token can be made")
	// ErrNoToken says that there is no token of that id.
	ErrNoToken = errors.New("no such token")
	// ErrBootstrapUsed says that the bootstrap token was right and has been used before, which it can be once.
	ErrBootstrapUsed = errors.New("the bootstrap token has been used: put a new one into the secret store")
)

// Reason says why a client was not let in.
type Reason string

// The reasons. They are written to the audit log and are not told to the client.
const (
	ReasonMissing     Reason = "missing"       // no credential at all
	ReasonMalformed   Reason = "malformed"     // neither an API token nor a JWT
	ReasonTooLong     Reason = "too_long"      // more than MaxAuthorization
	ReasonChecksum    Reason = "checksum"      // an API token with a typing error, or made up
	ReasonUnknown     Reason = "unknown_token" // no such id
	ReasonSecret      Reason = "wrong_secret"  // the id is there, the secret is another
	ReasonRevoked     Reason = "revoked"
	ReasonExpired     Reason = "expired"
	ReasonNotYetValid Reason = "not_yet_valid"
	ReasonPersonsOff  Reason = "persons_off"     // a JWT, and no provider is configured
	ReasonIssuer      Reason = "wrong_issuer"    // of another provider, or another realm
	ReasonAudience    Reason = "wrong_audience"  // meant for another application
	ReasonParty       Reason = "wrong_party"     // given to a client that may not use the console
	ReasonSignature   Reason = "wrong_signature" // algorithm, key or signature
	ReasonClaims      Reason = "wrong_claims"    // what has to be in it is missing or of another type
	ReasonBootstrap   Reason = "wrong_bootstrap" // another value than the secret store's
	ReasonNoBootstrap Reason = "bootstrap_off"   // the secret store has none, or one that is too short
)

// DeniedError is ErrUnauthenticated with what the audit log should know. Its message is the one for the client, so that
// printing it gives nothing away.
type DeniedError struct {
	Reason Reason
	// TokenID is the id that the client claimed; empty when it claimed none.
	TokenID string
}

// Deny makes a DeniedError.
func Deny(reason Reason) error { return &DeniedError{Reason: reason} }

// Error implements error.
func (*DeniedError) Error() string { return ErrUnauthenticated.Error() }

// Is makes every DeniedError an ErrUnauthenticated.
func (*DeniedError) Is(target error) bool { return target == ErrUnauthenticated }

// ReasonOf gives the reason of a refusal, and the id of the token that was claimed; both are empty for other errors.
func ReasonOf(err error) (reason Reason, tokenID string) {
	if denied, ok := errors.AsType[*DeniedError](err); ok {
		return denied.Reason, denied.TokenID
	}
	return "", ""
}

// ExceedsError is ErrExceeds with what was too much.
type ExceedsError struct {
	Permissions []Permission
	// Tenants are those the creator does not reach; Unrestricted is true when all were asked for.
	Tenants      []string
	Unrestricted bool
}

// Error names what the creator does not have.
func (e *ExceedsError) Error() string {
	var parts []string
	if len(e.Permissions) > 0 {
		parts = append(parts, "permissions "+join(e.Permissions))
	}
	if len(e.Tenants) > 0 {
		parts = append(parts, "tenants "+strings.Join(e.Tenants, ", "))
	}
	if e.Unrestricted {
		parts = append(parts, "all tenants (name those that it is for)")
	}
	return fmt.Sprintf("%s: %s", ErrExceeds, strings.Join(parts, "; "))
}

// Unwrap makes it an ErrExceeds.
func (*ExceedsError) Unwrap() error { return ErrExceeds }
