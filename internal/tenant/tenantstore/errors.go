package tenantstore

import (
	"errors"
	"fmt"
)

// Why a change is not made. tenant.ErrNotFound is another reason.
var (
	// ErrExists says that a tenant of that id was created before.
	ErrExists = errors.New("there is such a tenant already")
	// ErrInvalid says that what is to be stored is not valid; the error names every field.
	ErrInvalid = errors.New("is not valid")
	// ErrStale says that the tenant was changed since it was looked at; see StaleError.
	ErrStale = errors.New("the tenant was changed meanwhile")
	// ErrDeleted says that a deleted tenant is not changed.
	ErrDeleted = errors.New("the tenant is deleted: restore it first")
	// ErrNotDeleted says that only a deleted tenant is restored or purged.
	ErrNotDeleted = errors.New("the tenant is not deleted")
	// ErrPurging says that a purge has begun, which nothing brings back.
	ErrPurging = errors.New("a purge of the tenant has begun: what it removed cannot be restored; purge it again to finish")
	// ErrSameSecret says that a rotation would change nothing.
	ErrSameSecret = errors.New("the new signing secret is the current one")
	// ErrKeyNeeded says that the server or the edition changes and the stored key would go there; see KeyNeededError.
	ErrKeyNeeded = errors.New("another server needs its own key in the same change")
	// ErrNotConsole says that the store is connected as a role that does not see all tenants.
	ErrNotConsole = errors.New("this needs the console's database role, console_user")
)

// StaleError is ErrStale with the version that the tenant has now.
type StaleError struct {
	TenantID string
	Version  int64
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("tenant %s: %v: its version is %d now", e.TenantID, ErrStale, e.Version)
}

// Unwrap makes it an ErrStale.
func (*StaleError) Unwrap() error { return ErrStale }
