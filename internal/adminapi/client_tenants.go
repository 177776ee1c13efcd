package adminapi

import (
	"context"
	"iter"
	"net/http"
)

const pathTenants = "/tenants"

func tenantPath(id string, more ...string) string {
	return pathTenants + below(append([]string{id}, more...)...)
}

// CreateTenant makes a tenant.
func (c *Client) CreateTenant(ctx context.Context, in CreateTenant) (Tenant, error) {
	var out Tenant
	err := c.do(ctx, call{method: http.MethodPost, path: pathTenants, in: in}, &out)
	return out, err
}

// Tenant shows a tenant of any status. The calls that change it take its ETag, so that they change what was looked at and
// nothing newer; those that do not have to know may leave it empty.
func (c *Client) Tenant(ctx context.Context, id string) (Tenant, error) {
	var out Tenant
	err := c.do(ctx, get(tenantPath(id), nil), &out)
	return out, err
}

// Tenants lists the tenants by id, those of one status or, with an empty one, all.
func (c *Client) Tenants(ctx context.Context, status TenantStatus) iter.Seq2[Tenant, error] {
	return pages[Tenant](ctx, c, pathTenants, filter("status", string(status)))
}

// TenantsPage lists one page of the tenants.
func (c *Client) TenantsPage(ctx context.Context, status TenantStatus, s Slice) (Page[Tenant], error) {
	return slice[Tenant](ctx, c, pathTenants, filter("status", string(status)), s)
}

// UpdateTenant sets everything of a tenant but its signing secret and its status, and those keys that in has.
func (c *Client) UpdateTenant(ctx context.Context, id, etag string, in UpdateTenant) (Tenant, error) {
	var out Tenant
	err := c.do(ctx, call{method: http.MethodPut, path: tenantPath(id), in: in, ifMatch: etag}, &out)
	return out, err
}

// EnableTenant has a tenant's webhooks accepted.
func (c *Client) EnableTenant(ctx context.Context, id, etag string) (Tenant, error) {
	return c.moveTenant(ctx, id, etag, "enable")
}

// DisableTenant has a tenant's webhooks refused; its data stays.
func (c *Client) DisableTenant(ctx context.Context, id, etag string) (Tenant, error) {
	return c.moveTenant(ctx, id, etag, "disable")
}

// DeleteTenant marks a tenant as deleted and says what a purge would remove.
func (c *Client) DeleteTenant(ctx context.Context, id, etag string) (Deletion, error) {
	var out Deletion
	err := c.do(ctx, call{method: http.MethodDelete, path: tenantPath(id), ifMatch: etag, slow: true}, &out)
	return out, err
}

// RestoreTenant takes a deletion back. The tenant is disabled then.
func (c *Client) RestoreTenant(ctx context.Context, id, etag string) (Tenant, error) {
	return c.moveTenant(ctx, id, etag, "restore")
}

// PurgeTenant removes a deleted tenant with all its rows, for good.
func (c *Client) PurgeTenant(ctx context.Context, id, etag string) (Purged, error) {
	var out Purged
	err := c.do(ctx, call{
		method: http.MethodPost, path: tenantPath(id, "purge"), in: PurgeTenant{Confirm: id}, ifMatch: etag, slow: true,
	}, &out)
	return out, err
}

// TestConnections tries whether what the tenant depends on can be reached.
func (c *Client) TestConnections(ctx context.Context, id string) (ConnectionTest, error) {
	var out ConnectionTest
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(id, "connection-test"), slow: true}, &out)
	return out, err
}

// RotateSigningSecret replaces what the tenant signs its webhooks with.
func (c *Client) RotateSigningSecret(ctx context.Context, id, etag string, in RotateSigningSecret) (Tenant, error) {
	return c.replaceSecret(ctx, id, etag, "signing-secret", in)
}

// ReplaceAPIKey replaces the key to the tenant's ServiceDesk Plus.
func (c *Client) ReplaceAPIKey(ctx context.Context, id, etag string, in ReplaceSecret) (Tenant, error) {
	return c.replaceSecret(ctx, id, etag, "api-key", in)
}

// ReplaceKnowledgeKey replaces the key to the tenant's knowledge base; an empty one removes it.
func (c *Client) ReplaceKnowledgeKey(ctx context.Context, id, etag string, in ReplaceSecret) (Tenant, error) {
	return c.replaceSecret(ctx, id, etag, "kb-api-key", in)
}

func (c *Client) moveTenant(ctx context.Context, id, etag, to string) (Tenant, error) {
	var out Tenant
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(id, to), ifMatch: etag}, &out)
	return out, err
}

func (c *Client) replaceSecret(ctx context.Context, id, etag, which string, in any) (Tenant, error) {
	var out Tenant
	err := c.do(ctx, call{method: http.MethodPut, path: tenantPath(id, which), in: in, ifMatch: etag}, &out)
	return out, err
}
