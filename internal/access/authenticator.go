package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// MaxAuthorization is how long the header Authorization can be, in bytes. Tokens of providers that list a person's groups
// are long; what is longer than this is not looked at.
const MaxAuthorization = 16 << 10

// scheme is compared without regard to case (RFC 9110, section 11.1).
const scheme = "bearer "

// usedEvery is how exactly it is known when a token was last used. Writing it down at every request would make each read of
// the API a write.
const usedEvery = time.Minute

// Tokens is where API tokens are kept.
type Tokens interface {
	// Find gives the token and the hash of its secret, also when it has expired or was revoked; ErrNoToken when there is none.
	Find(ctx context.Context, id string) (Token, Hash, error)
	// Used writes down that the token was used at that time, unless another request has done so in the minute before.
	Used(ctx context.Context, id string, at time.Time, every time.Duration) error
}

// Persons recognises people by the JWT that their identity provider signed for them.
type Persons interface {
	// Verify is ErrUnauthenticated for a JWT that is not good, and ErrProviderUnavailable when that cannot be told.
	Verify(ctx context.Context, jwt string) (*Principal, error)
}

// Config is what an Authenticator decides by.
type Config struct {
	Tokens Tokens
	// Persons is nil when no provider is configured.
	Persons Persons
	Now     func() time.Time
	Logger  *slog.Logger
}

// Authenticator tells who sends a request.
type Authenticator struct {
	cfg Config
}

// NewAuthenticator makes an Authenticator.
func NewAuthenticator(cfg Config) *Authenticator { return &Authenticator{cfg: cfg} }

// Authenticate gives the principal that the header Authorization stands for. It is ErrUnauthenticated, in the same words
// whatever the reason, when there is none (ReasonOf), ErrProviderUnavailable when a person's token cannot be checked, and
// another error when the tokens cannot be read.
func (a *Authenticator) Authenticate(ctx context.Context, authorization string) (*Principal, error) {
	if len(authorization) > MaxAuthorization {
		return nil, Deny(ReasonTooLong)
	}
	if authorization == "" {
		return nil, Deny(ReasonMissing)
	}
	if len(authorization) < len(scheme) || !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return nil, Deny(ReasonMalformed)
	}
	credential := strings.TrimSpace(authorization[len(scheme):])
	switch {
	case credential == "":
		return nil, Deny(ReasonMissing)
	case strings.HasPrefix(credential, SecretPrefix):
		return a.token(ctx, credential)
	case strings.Count(credential, ".") != 2: // a signed JWT has three parts
		return nil, Deny(ReasonMalformed)
	case a.cfg.Persons == nil:
		return nil, Deny(ReasonPersonsOff)
	default:
		return a.cfg.Persons.Verify(ctx, credential)
	}
}

func (a *Authenticator) token(ctx context.Context, credential string) (*Principal, error) {
	id, reason := ParseSecret(credential)
	if reason != "" {
		return nil, Deny(reason)
	}
	shown := HashOf(credential)
	token, kept, err := a.cfg.Tokens.Find(ctx, id)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNoToken) {
		return nil, fmt.Errorf("look up an API token: %w", err)
	}
	// For an id that is not known, the hash is compared with zeros: the same steps, and never equal.
	same := subtle.ConstantTimeCompare(kept[:], shown[:]) == 1
	now := a.cfg.Now()
	switch ended := token.Ended(now); {
	case !known:
		return nil, &DeniedError{Reason: ReasonUnknown, TokenID: id}
	case !same:
		return nil, &DeniedError{Reason: ReasonSecret, TokenID: id}
	case ended != "":
		return nil, &DeniedError{Reason: ended, TokenID: id}
	}
	if token.LastUsedAt == nil || now.Sub(*token.LastUsedAt) >= usedEvery {
		if err := a.cfg.Tokens.Used(ctx, id, now, usedEvery); err != nil {
			// Nobody is turned away because a time could not be written down.
			a.cfg.Logger.WarnContext(ctx, "the use of an API token could not be recorded", "token_id", id, "error", err)
		}
	}
	return token.Principal(), nil
}
