// Command console serves the admin API and the pages of the console, and looks after what only it may write: sealed secrets, API tokens, the audit log.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/console"
	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/console/web"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// Exit statuses besides 0.
const (
	exitFailed   = 1
	exitSettings = 2
)

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if httpserver.IsProbe(os.Args) {
		return httpserver.Probe(ctx, os.Getenv, os.Stderr)
	}
	cfg, err := loadConfig()
	if err != nil {
		fmt.Fprintln(os.Stderr, "console:", err)
		return exitSettings
	}
	logger := telemetry.NewLogger(os.Stdout, "console", cfg.Log)
	if err := run(ctx, cfg, logger); err != nil {
		logger.Error("the console stopped", "error", err)
		return exitFailed
	}
	return 0
}

func run(ctx context.Context, cfg config, logger *slog.Logger) (err error) {
	dapr, err := sidecar.Connect(ctx, cfg.Sidecar, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dapr.Close()) }()
	secrets, err := dapr.Secrets(ctx,
		[]string{sidecar.SecretConsoleDatabaseURL, sidecar.SecretTenantKeyset},
		[]string{access.BootstrapSecret, oidc.ClientSecret, sidecar.SecretLLMAPIKey, sidecar.SecretLLMFallbackAPIKey})
	if err != nil {
		return err
	}
	sealer, err := tenant.NewSealer(secrets[sidecar.SecretTenantKeyset])
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, secrets[sidecar.SecretConsoleDatabaseURL], cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()

	metrics := telemetry.MetricsOf(telemetry.AppConsole, cfg.Metrics)
	metrics.WatchPool(db.Connections)
	health := httpserver.NewHealth(logger, map[string]httpserver.Check{"postgres": db.Ping, "sidecar": dapr.Ready})
	tenants, tokens, sessions := tenantstore.New(db, sealer), tokenstore.New(db, time.Now), sessionstore.New(db, sealer, time.Now)
	persons, err := newPersons(cfg.OIDC, logger)
	if err != nil {
		return err
	}
	tester, importer, err := newOutward(cfg, db, tenants, secrets, metrics, logger)
	if err != nil {
		return err
	}
	api, err := console.New(console.Config{
		Proxies: cfg.TrustedProxies, BadTokens: cfg.BadTokens, GatewayURL: cfg.GatewayURL,
		Bootstrap: tenant.Secret(secrets[access.BootstrapSecret]), TLS: cfg.tls(),
	}, console.Deps{
		DB: db, Tenants: tenants, Sealer: sealer, Authenticator: newAuthenticator(tokens, persons, logger), Publisher: dapr,
		Importer: importer, Reach: tester, Previews: preview.Remote{Invoker: dapr, Sealer: sealer, Now: time.Now, NamespacePrefix: cfg.NamespacePrefix},
		Models: offered(cfg), Gateway: newGatewayClient(), Metrics: metrics, Logger: logger, Now: time.Now,
	})
	if err != nil {
		return err
	}
	public, err := newPublic(cfg, web.Config{
		API: api, Sessions: sessions, SignIn: newSignIn(cfg, persons, secrets), Sealer: sealer, Secure: cfg.tls() || cfg.AllowPlainHTTP,
		TraceURL: cfg.TraceURL, Now: time.Now, Logger: logger,
	})
	if err != nil {
		return err
	}
	internal := httpserver.New(cfg.Internal.Addr(), internalRoutes(health, metrics), logger)
	background := newBackground(ctx, cfg, db, tenants, tokens, sessions, persons, logger,
		func(ctx context.Context) { health.Watch(ctx, metrics.DependencyUp) },
		expiries{tokens: tokens, certificate: cfg.TLSCert, metrics: metrics, logger: logger}.watch)
	logger.Info("the console listens", "public", public.Addr, "tls", cfg.tls(), "internal", internal.Addr)
	err = httpserver.Run(ctx, cfg.Grace, func() { health.Drain(); api.Drain() }, public, internal)
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Grace)
	defer cancel()
	return errors.Join(err, background.stop(draining))
}

// newPublic is the listener for people and programs: the admin API and the pages, which ask it.
func newPublic(cfg config, pages web.Config) (*http.Server, error) {
	site, err := web.New(pages)
	if err != nil {
		return nil, err
	}
	public := httpserver.New(cfg.Addr, site, pages.Logger)
	if cfg.tls() {
		if err := httpserver.UseTLS(public, cfg.TLSCert, cfg.TLSKey); err != nil {
			return nil, err
		}
	}
	return public, nil
}

// newPersons is nil when no identity provider is configured: then there are API tokens only.
func newPersons(cfg oidc.Config, logger *slog.Logger) (*oidc.Verifier, error) {
	if !cfg.Enabled() {
		return nil, nil //nolint:nilnil // no provider is a valid choice
	}
	return oidc.NewVerifier(cfg, oidc.Options{Logger: logger})
}

// newSignIn is nil where persons do not sign in with a browser.
func newSignIn(cfg config, persons *oidc.Verifier, secrets sidecar.Secrets) *oidc.SignIn {
	if persons == nil {
		return nil
	}
	return persons.SignIn(cfg.PublicURL+web.PathCallback, tenant.Secret(secrets[oidc.ClientSecret]))
}

func newAuthenticator(tokens *tokenstore.Tokens, persons *oidc.Verifier, logger *slog.Logger) *access.Authenticator {
	cfg := access.Config{Tokens: tokens, Now: time.Now, Logger: logger}
	if persons != nil {
		cfg.Persons = persons
	}
	return access.NewAuthenticator(cfg)
}
