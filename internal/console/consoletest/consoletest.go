// Package consoletest owns a console in the process of a test or a measurement: the admin API and the pages that apps/console serves, on
// a database that is there, without a sidecar.
package consoletest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/console"
	"github.com/ai-agents/ai-agents/internal/console/reach"
	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/console/web"
	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

const (
	// callsPerMinute is a pace at which nothing waits.
	callsPerMinute = 60_000
	badTokens      = 1000
	maxConns       = 4
	timeout        = 30 * time.Second
)

// Options say what the console is to be like.
type Options struct {
	// DatabaseURL connects as console_user.
	DatabaseURL string
	// NoToken leaves the bootstrap token unused.
	NoToken bool
	// GatewayURL is where test webhooks are sent.
	GatewayURL string
	// Issuer and Audience are of the identity provider; none when empty.
	Issuer, Audience string
	// Guarded keeps tenants' URLs from leading to this machine, as in production. Otherwise they may.
	Guarded bool
	// Importer stands in for the mirror; nil for the mirror itself.
	Importer console.Importer
	// Now is the pages' clock; nil for this machine's. The API has the machine's.
	Now func() time.Time
	// Previews stands in for the enhancer; nil for one that is down.
	Previews console.Previewer
}

// Console is a running one.
type Console struct {
	URL string
	// Token may do everything; empty with Options.NoToken.
	Token tenant.Secret
	// Bootstrap is the bootstrap token.
	Bootstrap tenant.Secret
	DB        *postgres.DB
	Tenants   *tenantstore.Store

	api    *console.Server
	server *httptest.Server
	stop   context.CancelFunc
}

// Start runs a console until Close.
func Start(ctx context.Context, opts Options) (_ *Console, err error) {
	logger := slog.New(slog.DiscardHandler)
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		return nil, err
	}
	sealer, err := tenant.NewSealer(keyset)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, opts.DatabaseURL, postgres.Config{MaxConns: maxConns, ConnectTimeout: timeout})
	if err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Console{Bootstrap: tenant.Secret(rand.Text() + rand.Text()), DB: db, Tenants: tenantstore.New(db, sealer), stop: stop}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	persons, err := opts.persons(working, logger)
	if err != nil {
		return nil, err
	}
	c.server = httptest.NewUnstartedServer(http.NotFoundHandler())
	c.URL = "http://" + c.server.Listener.Addr().String()
	if c.api, err = c.newAPI(opts, sealer, persons, logger); err != nil {
		return nil, fmt.Errorf("make the console: %w", err)
	}
	pages := web.Config{API: c.api, Sessions: sessionstore.New(db, sealer, opts.now()), Sealer: sealer, Now: opts.now(), Logger: logger}
	if persons != nil {
		pages.SignIn = persons.SignIn(c.URL+web.PathCallback, "")
	}
	site, err := web.New(pages)
	if err != nil {
		return nil, fmt.Errorf("make the console's pages: %w", err)
	}
	c.server.Config.Handler = site
	c.server.Start()
	if opts.NoToken {
		return c, nil
	}
	c.Token, err = firstToken(ctx, c.URL, c.Bootstrap)
	return c, err
}

func (c *Console) newAPI(opts Options, sealer *tenant.Sealer, persons *oidc.Verifier, logger *slog.Logger) (*console.Server, error) {
	authenticator := access.Config{Tokens: tokenstore.New(c.DB, time.Now), Now: time.Now, Logger: logger}
	if persons != nil {
		authenticator.Persons = persons
	}
	var reachable outbound.Config
	if !opts.Guarded {
		reachable.AllowedNetworks = outbound.Networks{netip.MustParsePrefix("127.0.0.0/8")}
	}
	guard := outbound.New(reachable, logger)
	if opts.Importer == nil {
		opts.Importer = mirror.New(c.DB, mirrored{desk.New(c.Tenants, guard, timeout, telemetry.NewMetrics(), logger)},
			mirror.Config{ResolvedStatuses: []string{"Resolved", "Closed"}, CloudCalls: callsPerMinute, OnPremCalls: callsPerMinute, Logger: logger})
	}
	if opts.Previews == nil {
		opts.Previews = preview.Remote{Invoker: noEnhancer{}, Sealer: sealer, Now: time.Now}
	}
	return console.New(console.Config{BadTokens: badTokens, GatewayURL: opts.GatewayURL, Bootstrap: c.Bootstrap}, console.Deps{
		DB: c.DB, Tenants: c.Tenants, Sealer: sealer, Authenticator: access.NewAuthenticator(authenticator), Publisher: unheard{}, Importer: opts.Importer,
		Reach: reach.New(reach.Config{
			Tenants: c.Tenants, Transport: guard.Transport(), Timeout: timeout,
			Desk: func(t tenant.Tenant, credentials tenant.Credentials) (reach.Desk, error) {
				return desk.NewClient(t, credentials, guard, timeout, telemetry.NewMetrics(), logger)
			},
		}),
		Previews: opts.Previews, Gateway: &http.Client{}, Metrics: telemetry.NewMetrics(), Logger: logger, Now: time.Now,
	})
}

// firstToken exchanges the bootstrap token for one that may do everything.
func firstToken(ctx context.Context, url string, bootstrap tenant.Secret) (tenant.Secret, error) {
	client, err := adminapi.NewClient(adminapi.Options{BaseURL: url, Token: bootstrap})
	if err != nil {
		return "", err
	}
	issued, err := client.Bootstrap(ctx)
	return tenant.Secret(issued.Secret), err
}

func (o Options) now() func() time.Time {
	if o.Now == nil {
		return time.Now
	}
	return o.Now
}

// persons recognises those of the provider, which it waits for; nil without one.
func (o Options) persons(ctx context.Context, logger *slog.Logger) (*oidc.Verifier, error) {
	if o.Issuer == "" {
		return nil, nil //nolint:nilnil // no provider is a valid choice
	}
	verifier, err := oidc.NewVerifier(oidc.Config{
		Issuer: o.Issuer, Audience: o.Audience, ClientID: "console", Scopes: []string{"openid", "profile"}, RolesClaim: "roles",
		AdminRole: "ai-agents-admin", OperatorRole: "ai-agents-operator", ViewerRole: "ai-agents-viewer",
	}, oidc.Options{Logger: logger})
	if err != nil {
		return nil, err
	}
	go func() { _ = verifier.Run(ctx) }() // it ends with ctx
	found := time.Now().Add(timeout)
	for !verifier.Ready() {
		if time.Now().After(found) {
			return nil, fmt.Errorf("find the identity provider %s: %w", o.Issuer, access.ErrProviderUnavailable)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return verifier, nil
}

// Close ends the console.
func (c *Console) Close() {
	c.stop()
	if c.server != nil {
		c.api.Drain()
		c.server.Close()
	}
	c.DB.Close()
}

// unheard is nobody to tell that a tenant has changed.
type unheard struct{}

// Publish implements console.Publisher.
func (unheard) Publish(context.Context, string, any) error { return nil }

// noEnhancer is an enhancer that is down.
type noEnhancer struct{}

// Invoke implements preview.Invoker.
func (noEnhancer) Invoke(context.Context, string, string, any, any) error {
	return sidecar.ErrNotInvoked
}

// mirrored are the tenants' desks as the mirror sees them.
type mirrored struct{ clients *desk.Desks }

// Mirrored implements mirror.Desks.
func (m mirrored) Mirrored(ctx context.Context, tenantID string) (mirror.Desk, error) {
	client, _, err := m.clients.Client(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return client, nil
}
