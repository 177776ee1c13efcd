package access

import (
	"slices"
	"time"
)

// Kind tells persons from programs.
type Kind string

// The kinds.
const (
	KindPerson Kind = "person"
	KindToken  Kind = "token"
)

// Prefixes of subjects, which is how the audit log tells who acted.
const (
	PersonPrefix = "person:"
	TokenPrefix  = "token:"
)

// Principal is a client that has shown who it is.
type Principal struct {
	// Subject names it in the audit log: "token:" and the id, or "person:" with a name for reading and, in parentheses,
	// the provider's id of the person, which is never given to another.
	Subject string
	Kind    Kind
	// Roles are a person's; a token has permissions only. A person without a role is known and may do nothing.
	Roles       []Role
	Permissions []Permission
	// Tenants are the only ones it reaches; empty for all.
	Tenants   []string
	ExpiresAt time.Time
	// TokenID is the id of an API token; empty for a person.
	TokenID string
	// Founding says that it is the API token that the bootstrap token was exchanged for.
	Founding bool
}

// Restricted says whether p reaches some tenants only.
func (p *Principal) Restricted() bool { return len(p.Tenants) > 0 }

// Reaches says whether tenantID is within p's reach, whatever p may do there.
func (p *Principal) Reaches(tenantID string) bool {
	return tenantID != "" && (!p.Restricted() || slices.Contains(p.Tenants, tenantID))
}

// May says whether p may do what permission is for: to tenantID, or to the whole platform when tenantID is empty. A
// principal that is restricted to tenants may do nothing to the platform.
func (p *Principal) May(permission Permission, tenantID string) bool {
	if p == nil || !slices.Contains(p.Permissions, permission) {
		return false
	}
	if !p.Restricted() {
		return true
	}
	return !permission.OfPlatform() && p.Reaches(tenantID)
}
