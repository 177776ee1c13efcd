package access

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Limits of tokens.
const (
	// MaxValid is how long a token can be valid: a year, and the day that a leap year has more.
	MaxValid = 366 * 24 * time.Hour
	// MinValid is the shortest.
	MinValid = time.Minute
	// MaxTokenName is how long its name can be, in characters, and MaxTokenTenants to how many tenants it can be restricted.
	MaxTokenName    = 100
	MaxTokenTenants = 1000
)

// Token is an API token, without its secret.
type Token struct {
	ID          string
	Name        string
	Permissions []Permission
	// Tenants are the only ones it is good for; empty for all.
	Tenants    []string
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time // within a minute; nil when it was never used
	RevokedAt  *time.Time
}

// Principal is who shows the token.
func (t Token) Principal() *Principal {
	return &Principal{
		Subject: TokenPrefix + t.ID, Kind: KindToken, Permissions: t.Permissions, Tenants: t.Tenants,
		ExpiresAt: t.ExpiresAt, TokenID: t.ID, Founding: t.CreatedBy == BootstrapSubject,
	}
}

// Ended gives the reason why the token is no longer good at that time; empty while it is.
func (t Token) Ended(at time.Time) Reason {
	switch {
	case t.RevokedAt != nil:
		return ReasonRevoked
	case !at.Before(t.ExpiresAt):
		return ReasonExpired
	default:
		return ""
	}
}

// NewToken is what is asked for.
type NewToken struct {
	Name        string
	Permissions []Permission
	Tenants     []string // empty for all
	Valid       time.Duration
}

// Checked gives n in its normal form (each permission and tenant once), after checking it (ErrInvalid, which names
// all that is wrong), and that by has all of it (ErrExceeds). A token that is made by another one is valid no longer than
// that: else a short one could live on in those that it made. The one of the bootstrap token is excepted, for it is there to
// make those that are to stay.
func (n NewToken) Checked(by *Principal, now time.Time) (NewToken, error) {
	if err := n.validate(); err != nil {
		return NewToken{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	n.Permissions = ordered(n.Permissions)
	n.Tenants = slices.Compact(slices.Sorted(slices.Values(n.Tenants)))
	if err := n.within(by); err != nil {
		return NewToken{}, err
	}
	if by.Kind == KindToken && !by.Founding && !by.ExpiresAt.IsZero() {
		n.Valid = min(n.Valid, by.ExpiresAt.Sub(now))
	}
	return n, nil
}

func (n NewToken) validate() error {
	var errs []error
	if length := utf8.RuneCountInString(n.Name); length < 1 || length > MaxTokenName {
		errs = append(errs, fmt.Errorf("name: use 1 to %d characters", MaxTokenName))
	}
	for _, r := range n.Name {
		if !unicode.IsPrint(r) { // an invalid byte reads as U+FFFD, which is printed
			errs = append(errs, errors.New("name: holds a character that cannot be shown"))
			break
		}
	}
	if !utf8.ValidString(n.Name) {
		errs = append(errs, errors.New("name: is not UTF-8"))
	}
	if len(n.Permissions) == 0 {
		errs = append(errs, errors.New("permissions: name at least one"))
	}
	for _, p := range n.Permissions {
		if !slices.Contains(All(), p) {
			errs = append(errs, fmt.Errorf("permissions: there is no %q", p))
		}
	}
	if len(n.Tenants) > MaxTokenTenants {
		errs = append(errs, fmt.Errorf("tenants: name at most %d", MaxTokenTenants))
	}
	for _, id := range n.Tenants {
		if !tenant.ValidID(id) {
			errs = append(errs, fmt.Errorf("tenants: %q is no tenant id", id))
		}
	}
	if n.Valid < MinValid || n.Valid > MaxValid {
		errs = append(errs, fmt.Errorf("validity: choose between %s and %d days", MinValid, int(MaxValid.Hours())/24)) //nolint:mnd // hours of a day
	}
	return errors.Join(errs...)
}

// within compares n with what by has. It does not ask whether by may make tokens at all.
func (n NewToken) within(by *Principal) error {
	exceeds := ExceedsError{}
	for _, p := range n.Permissions {
		// What a restricted principal was given of the platform's permissions has no effect, and is not passed on either.
		if by == nil || !slices.Contains(by.Permissions, p) || by.Restricted() && p.OfPlatform() {
			exceeds.Permissions = append(exceeds.Permissions, p)
		}
	}
	if by != nil && by.Restricted() {
		exceeds.Unrestricted = len(n.Tenants) == 0
		for _, id := range n.Tenants {
			if !by.Reaches(id) {
				exceeds.Tenants = append(exceeds.Tenants, id)
			}
		}
	}
	if len(exceeds.Permissions) > 0 || len(exceeds.Tenants) > 0 || exceeds.Unrestricted {
		return &exceeds
	}
	return nil
}
