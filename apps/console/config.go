package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/console/web"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

type config struct {
	Log       telemetry.LogConfig
	Metrics   telemetry.MetricsConfig
	Sidecar   sidecar.Config
	Database  postgres.Config
	Internal  httpserver.InternalConfig
	OIDC      oidc.Config
	Outbound  outbound.Config
	Retention audit.Retention

	// Addr is for people and programs; the internal listener is not.
	Addr string `envconfig:"CONSOLE_ADDR" default:"127.0.0.1:8083"`
	// TLSCert and TLSKey are files; empty for plain HTTP.
	TLSCert string `envconfig:"CONSOLE_TLS_CERT"`
	TLSKey  string `envconfig:"CONSOLE_TLS_KEY"`
	// AllowPlainHTTP: something before the console does TLS. Otherwise tokens would travel in clear.
	AllowPlainHTTP bool           `envconfig:"CONSOLE_ALLOW_PLAIN_HTTP" default:"false"`
	TrustedProxies origin.Proxies `envconfig:"TRUSTED_PROXIES"`
	// BadTokens is how many an address may show in a minute before it is refused unheard.
	BadTokens int `envconfig:"CONSOLE_BAD_TOKENS_PER_MINUTE" default:"30"`
	// PublicURL is how browsers reach the console: an identity provider sends them back to it.
	PublicURL string `envconfig:"CONSOLE_PUBLIC_URL"`
	// TraceURL is where a trace is shown, with web.TracePlace in place of its id; empty for nowhere.
	TraceURL string `envconfig:"CONSOLE_TRACE_URL"`
	// GatewayURL is where test webhooks go.
	GatewayURL string `envconfig:"GATEWAY_URL" default:"http://127.0.0.1:8080"`
	// NamespacePrefix, before a tenant's id, is the Kubernetes namespace of the tenant's own enhancer; empty for the console's.
	NamespacePrefix string `envconfig:"DEDICATED_NAMESPACE_PREFIX"`
	// UpkeepInterval is how often secrets are sealed anew, and old audit entries and tokens removed.
	UpkeepInterval time.Duration `envconfig:"CONSOLE_UPKEEP_INTERVAL" default:"1h"`
	Grace          time.Duration `envconfig:"SHUTDOWN_GRACE" default:"20s"`

	// As the enhancer has them: the same model is tried, the same tickets are kept, and the calls to a tenant's server shared.
	LLM         openai.Server
	LLMFallback openai.Fallback
	// Prices name the models that tenants may choose besides these.
	Prices           openai.PriceTable `envconfig:"LLM_PRICES"`
	ResolvedStatuses []string          `envconfig:"MIRROR_RESOLVED_STATUSES" default:"Resolved,Closed"`
	CloudCalls       int               `envconfig:"MIRROR_CLOUD_CALLS_PER_MINUTE" default:"25"`
	OnPremCalls      int               `envconfig:"MIRROR_ONPREM_CALLS_PER_MINUTE" default:"30"`
}

// namespacePrefix leaves room for an id of 49 characters.
var namespacePrefix = regexp.MustCompile(`^([a-z][a-z0-9-]{0,12}-)?$`)

func loadConfig() (config, error) {
	var cfg config
	if err := envconfig.Process("", &cfg); err != nil {
		return config{}, fmt.Errorf("settings from the environment: %w", err)
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	cfg.GatewayURL = strings.TrimRight(cfg.GatewayURL, "/")
	return cfg, cfg.validate()
}

// validate names everything that is wrong.
func (c config) validate() error {
	errs := []error{c.Metrics.Validate(), c.OIDC.Validate(), c.Retention.Validate(), c.validateTransport(), c.validateAddresses()}
	if c.BadTokens < 1 {
		errs = append(errs, fmt.Errorf("CONSOLE_BAD_TOKENS_PER_MINUTE: %d is not at least 1", c.BadTokens))
	}
	if !namespacePrefix.MatchString(c.NamespacePrefix) {
		errs = append(errs, fmt.Errorf("DEDICATED_NAMESPACE_PREFIX: %q does not begin the name of a namespace, such as tenant-", c.NamespacePrefix))
	}
	if c.UpkeepInterval <= 0 {
		errs = append(errs, fmt.Errorf("CONSOLE_UPKEEP_INTERVAL: %s is not positive", c.UpkeepInterval))
	}
	if c.Grace <= 0 {
		errs = append(errs, fmt.Errorf("SHUTDOWN_GRACE: %s is not positive", c.Grace))
	}
	return errors.Join(errs...)
}

// validateTransport refuses to take tokens in clear from other machines, unless that was chosen.
func (c config) validateTransport() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("CONSOLE_TLS_CERT and CONSOLE_TLS_KEY: set both, or none")
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("CONSOLE_ADDR: %q is not of the form host:port", c.Addr)
	}
	if c.tls() || c.AllowPlainHTTP || isLoopback(host) {
		return nil
	}
	return fmt.Errorf("CONSOLE_ADDR: %s can be reached from other machines, and tokens would travel in clear: set CONSOLE_TLS_CERT and "+
		"CONSOLE_TLS_KEY, or CONSOLE_ALLOW_PLAIN_HTTP=true when something before the console does TLS", c.Addr)
}

// validateAddresses checks what browsers are sent to.
func (c config) validateAddresses() error {
	var errs []error
	if c.PublicURL != "" && !address(c.PublicURL) {
		errs = append(errs, fmt.Errorf("CONSOLE_PUBLIC_URL: %q is not how browsers reach the console, such as https://console.example.com; http is for this machine only", c.PublicURL))
	}
	if c.PublicURL == "" && c.OIDC.ClientID != "" {
		errs = append(errs, errors.New("CONSOLE_PUBLIC_URL: is missing; with OIDC_CLIENT_ID, browsers are sent back to it"))
	}
	if c.TraceURL != "" && (!strings.Contains(c.TraceURL, web.TracePlace) || !address(strings.ReplaceAll(c.TraceURL, web.TracePlace, "0"))) {
		errs = append(errs, fmt.Errorf("CONSOLE_TRACE_URL: %q is not where a trace is shown, such as https://jaeger.example.com/trace/%s", c.TraceURL, web.TracePlace))
	}
	return errors.Join(errs...)
}

// address says whether text is an absolute URL: https, or http on this machine.
func address(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}

func (c config) tls() bool { return c.TLSCert != "" }

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
