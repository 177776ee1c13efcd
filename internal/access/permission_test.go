package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
)

func TestEachRoleHasWhatTheOneBelowHas(t *testing.T) {
	roles := []access.Role{access.RoleViewer, access.RoleOperator, access.RoleAdmin}
	for i, role := range roles[1:] {
		for _, p := range roles[i].Permissions() {
			if !slices.Contains(role.Permissions(), p) {
				t.Errorf("%s has not %s, which %s has", role, p, roles[i])
			}
		}
	}
	want := map[access.Role][]access.Permission{
		access.RoleViewer: {access.TenantsRead, access.JobsRead},
		access.RoleOperator: {
			access.TenantsRead, access.TenantsWrite, access.SecretsWrite, access.ConnectionsTest, access.JobsRead, access.JobsWrite, access.NotesRead,
			access.NotesPreview, access.WebhooksTest, access.ContentWrite, access.OperationsWrite, access.KeysetRead,
		},
		access.RoleAdmin: access.All(),
		"root":           nil,
		"":               nil,
	}
	for role, permissions := range want {
		if diff := cmp.Diff(permissions, role.Permissions()); diff != "" {
			t.Errorf("role %q: %s", role, diff)
		}
	}
}

func TestPermissionsAreReadByNameAndByRole(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  []access.Permission
	}{
		{[]string{"jobs:read"}, []access.Permission{access.JobsRead}},
		{[]string{"audit:read", "viewer", "jobs:read"}, []access.Permission{access.TenantsRead, access.JobsRead, access.AuditRead}},
		{[]string{"admin"}, access.All()},
		{nil, []access.Permission{}},
	} {
		got, err := access.ParsePermissions(c.names)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", c.names, err, diff)
		}
	}
}

func TestUnknownPermissionsAreAllNamed(t *testing.T) {
	_, err := access.ParsePermissions([]string{"jobs:read", "Admin", "*", ""})
	if !errors.Is(err, access.ErrInvalid) {
		t.Fatalf("error %v, want ErrInvalid", err)
	}
	for _, name := range []string{`"Admin"`, `"*"`, `""`, "tenants:delete"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

func TestMay(t *testing.T) {
	everything := &access.Principal{Permissions: access.All()}
	viewer := &access.Principal{Permissions: access.RoleViewer.Permissions()}
	restricted := &access.Principal{Permissions: access.All(), Tenants: []string{"alpha", "beta"}}
	nobody := &access.Principal{}
	for name, c := range map[string]struct {
		who        *access.Principal
		permission access.Permission
		tenant     string
		want       bool
	}{
		"an admin may do things to the platform":       {everything, access.TokensWrite, "", true},
		"an admin may do things to a tenant":           {everything, access.TenantsDelete, "alpha", true},
		"a viewer may look":                            {viewer, access.TenantsRead, "alpha", true},
		"a viewer may not change":                      {viewer, access.TenantsWrite, "alpha", false},
		"a restricted one may work on its tenants":     {restricted, access.TenantsWrite, "beta", true},
		"a restricted one may not touch others":        {restricted, access.TenantsWrite, "gamma", false},
		"a restricted one may not list all":            {restricted, access.TenantsRead, "", false},
		"a restricted one may read its own audit log":  {restricted, access.AuditRead, "alpha", true},
		"a restricted one may not read all of it":      {restricted, access.AuditRead, "", false},
		"a restricted one makes no tokens":             {restricted, access.TokensWrite, "", false},
		"a restricted one makes no tokens by a tenant": {restricted, access.TokensWrite, "alpha", false},
		"a restricted one sees no keys":                {restricted, access.KeysetRead, "alpha", false},
		"a part of an id is not the id":                {restricted, access.TenantsRead, "alph", false},
		"case matters":                                 {restricted, access.TenantsRead, "Alpha", false},
		"who has no role may nothing":                  {nobody, access.TenantsRead, "alpha", false},
		"a permission that there is not":               {everything, "tenants:*", "alpha", false},
		"nobody at all":                                {nil, access.TenantsRead, "alpha", false},
	} {
		if got := c.who.May(c.permission, c.tenant); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
