// Package oidc owns how a person is recognised by the JWT of an OpenID Connect provider: finding the provider and its keys,
// what of a JWT has to be right, and which roles its claims stand for.
package oidc

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/ai-agents/ai-agents/internal/access"
)

// Config says whom to believe, and what they say means.
type Config struct {
	// Issuer is the provider's URL exactly as it stands in the claim iss. Empty: no person is recognised.
	Issuer string `envconfig:"OIDC_ISSUER"`
	// Audience is what the claim aud has to hold.
	Audience string `envconfig:"OIDC_AUDIENCE"`
	// AuthorizedParties are the clients that a JWT may have been given to (azp). Empty for all.
	AuthorizedParties []string `envconfig:"OIDC_AUTHORIZED_PARTIES"`
	// ClientID is what the provider calls the console, for sign-in with a browser; empty for none.
	ClientID string `envconfig:"OIDC_CLIENT_ID"`
	// Scopes are those that a sign-in with a browser asks for.
	Scopes []string `envconfig:"OIDC_SIGN_IN_SCOPES" default:"openid,profile"`
	// RolesClaim is where the roles are: the name of a claim, or names with dots between, one within the other.
	RolesClaim   string `envconfig:"OIDC_ROLES_CLAIM" default:"roles"`
	AdminRole    string `envconfig:"OIDC_ADMIN_ROLE" default:"ai-agents-admin"`
	OperatorRole string `envconfig:"OIDC_OPERATOR_ROLE" default:"ai-agents-operator"`
	ViewerRole   string `envconfig:"OIDC_VIEWER_ROLE" default:"ai-agents-viewer"`
}

// Enabled says whether there is a provider.
func (c Config) Enabled() bool { return c.Issuer != "" }

// Validate names everything that is wrong with c, setting by setting. Without a provider nothing is.
func (c Config) Validate() error {
	if !c.Enabled() {
		if c.ClientID != "" {
			return errors.New("OIDC_CLIENT_ID: has no provider to be of: set OIDC_ISSUER, too")
		}
		return nil
	}
	var errs []error
	if c.ClientID != "" && !slices.Contains(c.Scopes, "openid") {
		errs = append(errs, errors.New("OIDC_SIGN_IN_SCOPES: has no openid, without which a provider tells nothing of the person"))
	}
	if c.ClientID != "" && len(c.AuthorizedParties) > 0 && !slices.Contains(c.AuthorizedParties, c.ClientID) {
		errs = append(errs, errors.New("OIDC_AUTHORIZED_PARTIES: does not have OIDC_CLIENT_ID, so nobody who signs in with a browser would be accepted"))
	}
	if err := secureURL(c.Issuer); err != nil {
		errs = append(errs, fmt.Errorf("OIDC_ISSUER: %w", err))
	}
	if c.Audience == "" {
		errs = append(errs, errors.New("OIDC_AUDIENCE: is missing; without it, tokens for any other application would be accepted"))
	}
	if c.RolesClaim == "" {
		errs = append(errs, errors.New("OIDC_ROLES_CLAIM: is empty"))
	}
	if c.AdminRole == "" && c.OperatorRole == "" && c.ViewerRole == "" {
		errs = append(errs, errors.New("OIDC_ADMIN_ROLE, OIDC_OPERATOR_ROLE, OIDC_VIEWER_ROLE: all are empty, so nobody could do anything"))
	}
	return errors.Join(errs...)
}

// roles gives the roles that the names stand for. An empty setting stands for nothing.
func (c Config) roles(names []string) []access.Role {
	var roles []access.Role
	for _, known := range []struct {
		name string
		role access.Role
	}{{c.AdminRole, access.RoleAdmin}, {c.OperatorRole, access.RoleOperator}, {c.ViewerRole, access.RoleViewer}} {
		for _, name := range names {
			if known.name != "" && name == known.name {
				roles = append(roles, known.role)
				break
			}
		}
	}
	return roles
}

// secureURL refuses a URL over which someone else could answer: whoever can change what the provider says is everybody.
func secureURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("expected an absolute https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("has credentials, a query or a fragment")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return errors.New("use https; http is for loopback only")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
