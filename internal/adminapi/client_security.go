package adminapi

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Bootstrap exchanges the bootstrap token, which the client was made with, for the first API token.
func (c *Client) Bootstrap(ctx context.Context) (IssuedToken, error) {
	var out IssuedToken
	err := c.do(ctx, call{method: http.MethodPost, path: "/bootstrap"}, &out)
	return out, err
}

// WhoAmI is who the console takes the client for.
func (c *Client) WhoAmI(ctx context.Context) (Identity, error) {
	var out Identity
	err := c.do(ctx, get("/identity", nil), &out)
	return out, err
}

// CreateToken makes an API token, whose secret is in this one answer.
func (c *Client) CreateToken(ctx context.Context, in CreateToken) (IssuedToken, error) {
	var out IssuedToken
	err := c.do(ctx, call{method: http.MethodPost, path: "/tokens", in: in}, &out)
	return out, err
}

// Tokens lists the API tokens, without their secrets.
func (c *Client) Tokens(ctx context.Context) iter.Seq2[Token, error] {
	return pages[Token](ctx, c, "/tokens", nil)
}

// RevokeToken has a token accepted no more.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	err := c.do(ctx, call{method: http.MethodDelete, path: "/tokens" + below(id)}, nil)
	return err
}

// Keyset is which keys seal the tenants' secrets.
func (c *Client) Keyset(ctx context.Context) (Keyset, error) {
	var out Keyset
	err := c.do(ctx, get("/keyset", nil), &out)
	return out, err
}

// AuditQuery says which entries of the audit log to read. Its zero value reads all.
type AuditQuery struct {
	TenantID, Operation, Actor string
	Since, Until               time.Time
}

func (q AuditQuery) values() url.Values {
	return filter("tenant_id", q.TenantID, "operation", q.Operation, "actor", q.Actor, "since", instant(q.Since), "until", instant(q.Until))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Audit lists entries of the audit log, the newest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) iter.Seq2[AuditRecord, error] {
	return pages[AuditRecord](ctx, c, "/audit", q.values())
}

// AuditPage lists one page of the audit log, the newest entries first.
func (c *Client) AuditPage(ctx context.Context, q AuditQuery, s Slice) (Page[AuditRecord], error) {
	return slice[AuditRecord](ctx, c, "/audit", q.values(), s)
}

// VerifyAudit has the console verify the whole audit log. An entry to be found again is given as NUMBER:HASH; none when
// empty.
func (c *Client) VerifyAudit(ctx context.Context, expect string) (AuditVerification, error) {
	var out AuditVerification
	ask := get("/audit/verification", filter("expect", expect))
	ask.slow = true
	err := c.do(ctx, ask, &out)
	return out, err
}

// ExportAudit hands over the entries that q selects, the oldest first, each with the line that it came in, which is what
// can be verified. It is ErrCutOff when not all of them came.
func (c *Client) ExportAudit(ctx context.Context, q AuditQuery, record func(r AuditRecord, line []byte) error) error {
	return c.stream(ctx, get("/audit/export", q.values()), func(line []byte) error {
		r, err := decodeLine[AuditRecord](line)
		if err != nil {
			return err
		}
		return record(r, line)
	})
}
