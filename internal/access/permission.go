package access

import (
	"fmt"
	"slices"
	"strings"
)

// Permission is something that a client may do.
type Permission string

// The permissions. They are stored with tokens: a name is never given another meaning.
const (
	TenantsRead     Permission = "tenants:read"
	TenantsWrite    Permission = "tenants:write"    // create, change, enable, disable
	TenantsDelete   Permission = "tenants:delete"   // delete, restore, purge
	SecretsWrite    Permission = "secrets:write"    // rotate and replace tenants' secrets
	ConnectionsTest Permission = "connections:test" // call a tenant's systems
	JobsRead        Permission = "jobs:read"
	JobsWrite       Permission = "jobs:write"    // begin failed ones anew, drop those that wait
	NotesRead       Permission = "notes:read"    // what notes say, and the past tickets' subjects: the clients' own texts
	NotesPreview    Permission = "notes:preview" // have notes drafted, at the tenant's cost
	WebhooksTest    Permission = "webhooks:test" // have a webhook signed and sent
	ContentWrite    Permission = "content:write" // batches, imports, reindexing
	TokensRead      Permission = "tokens:read"
	TokensWrite     Permission = "tokens:write"     // make and revoke
	OperationsWrite Permission = "operations:write" // pause and resume, drain workers
	AuditRead       Permission = "audit:read"
	KeysetRead      Permission = "keyset:read"
)

// All lists every permission.
func All() []Permission {
	return []Permission{
		TenantsRead, TenantsWrite, TenantsDelete, SecretsWrite, ConnectionsTest, JobsRead, JobsWrite, NotesRead, NotesPreview,
		WebhooksTest, ContentWrite, OperationsWrite, TokensRead, TokensWrite, AuditRead, KeysetRead,
	}
}

// OfPlatform says whether p concerns the platform and never a single tenant: a principal that is restricted to tenants
// does not have it, whatever was written down for it. A token that could make tokens, or see how all tenants' secrets
// are sealed, is not restricted.
func (p Permission) OfPlatform() bool {
	return p == TokensRead || p == TokensWrite || p == KeysetRead
}

// Role is a set of permissions that is given to persons.
type Role string

// The roles. Each has what the one before it has.
const (
	RoleViewer   Role = "viewer"
	RoleOperator Role = "operator"
	RoleAdmin    Role = "admin"
)

// Permissions lists what role has, in the order of All; nothing for a role that there is not.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleViewer:
		return []Permission{TenantsRead, JobsRead}
	case RoleOperator:
		return []Permission{
			TenantsRead, TenantsWrite, SecretsWrite, ConnectionsTest, JobsRead, JobsWrite, NotesRead, NotesPreview, WebhooksTest,
			ContentWrite, OperationsWrite, KeysetRead,
		}
	case RoleAdmin:
		return All()
	default:
		return nil
	}
}

// PermissionsOf lists what roles have together, each permission once, in the order of All.
func PermissionsOf(roles []Role) []Permission {
	var had []Permission
	for _, role := range roles {
		had = append(had, role.Permissions()...)
	}
	return ordered(had)
}

// ParsePermissions reads names of permissions, and of roles for all that a role has. Every name that is neither is in the
// error (ErrInvalid).
func ParsePermissions(names []string) ([]Permission, error) {
	var (
		had     []Permission
		unknown []string
	)
	for _, name := range names {
		switch {
		case slices.Contains(All(), Permission(name)):
			had = append(had, Permission(name))
		case len(Role(name).Permissions()) > 0:
			had = append(had, Role(name).Permissions()...)
		default:
			unknown = append(unknown, fmt.Sprintf("%q", name))
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("%w: %s is neither a permission (%s) nor a role (%s, %s, %s)", ErrInvalid,
			strings.Join(unknown, ", "), join(All()), RoleAdmin, RoleOperator, RoleViewer)
	}
	return ordered(had), nil
}

// ordered gives the permissions each once, in the order of All; what is no permission is left out.
func ordered(had []Permission) []Permission {
	return slices.DeleteFunc(All(), func(p Permission) bool { return !slices.Contains(had, p) })
}

func join(permissions []Permission) string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}
