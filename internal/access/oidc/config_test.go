package oidc_test

import (
	"strings"
	"testing"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/access/oidc"
)

func TestOIDCIsOffWithoutAnIssuer(t *testing.T) {
	var cfg oidc.Config
	if err := envconfig.Process("", &cfg); err != nil {
		t.Fatal(err)
	}
	if cfg.Enabled() || cfg.Validate() != nil {
		t.Errorf("%+v: %v", cfg, cfg.Validate())
	}
	if _, err := oidc.NewVerifier(cfg, oidc.Options{}); err == nil {
		t.Error("there is a verifier without an issuer")
	}
	if cfg.RolesClaim != "roles" || cfg.AdminRole != "ai-agents-admin" || cfg.OperatorRole != "ai-agents-operator" || cfg.ViewerRole != "ai-agents-viewer" {
		t.Errorf("the defaults: %+v", cfg)
	}
}

func TestOIDCSettingsThatAreWrongAreNamed(t *testing.T) {
	good := oidc.Config{Issuer: "https://idp.example.com/realms/msp", Audience: "console", RolesClaim: "roles", AdminRole: "a"}
	for name, c := range map[string]struct {
		change func(*oidc.Config)
		named  string
	}{
		"right":                   {func(*oidc.Config) {}, ""},
		"loopback":                {func(c *oidc.Config) { c.Issuer = "http://127.0.0.1:8080" }, ""},
		"loopback by name":        {func(c *oidc.Config) { c.Issuer = "http://localhost:8080/realms/x" }, ""},
		"loopback of version 6":   {func(c *oidc.Config) { c.Issuer = "http://[::1]:8080" }, ""},
		"plain HTTP":              {func(c *oidc.Config) { c.Issuer = "http://idp.example.com" }, "OIDC_ISSUER"},
		"nearly loopback":         {func(c *oidc.Config) { c.Issuer = "http://localhost.example.com" }, "OIDC_ISSUER"},
		"loopback as a user":      {func(c *oidc.Config) { c.Issuer = "http://127.0.0.1@idp.example.com" }, "OIDC_ISSUER"},
		"credentials":             {func(c *oidc.Config) { c.Issuer = "https://u:p@idp.example.com" }, "OIDC_ISSUER"},
		"no URL":                  {func(c *oidc.Config) { c.Issuer = "idp.example.com" }, "OIDC_ISSUER"},
		"another scheme":          {func(c *oidc.Config) { c.Issuer = "file:///etc/passwd" }, "OIDC_ISSUER"},
		"a query":                 {func(c *oidc.Config) { c.Issuer = "https://idp.example.com/?a=b" }, "OIDC_ISSUER"},
		"no audience":             {func(c *oidc.Config) { c.Audience = "" }, "OIDC_AUDIENCE"},
		"no claim":                {func(c *oidc.Config) { c.RolesClaim = "" }, "OIDC_ROLES_CLAIM"},
		"nobody could do a thing": {func(c *oidc.Config) { c.AdminRole = "" }, "OIDC_ADMIN_ROLE"},
	} {
		cfg := good
		c.change(&cfg)
		_, err := oidc.NewVerifier(cfg, oidc.Options{})
		if (err == nil) != (c.named == "") || err != nil && !strings.Contains(err.Error(), c.named) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
