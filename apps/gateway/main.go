// Command gateway is the only process that the outside reaches: it takes webhooks, proves where they come
// from, enters them in the ledger and queues them. And it takes what technicians say of the notes.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/feedback/page"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// appName is how logs and audit log call this process.
const appName = "gateway"

// auditGrace is how long the last security events may take to get into the audit log.
const auditGrace = 5 * time.Second

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
		fmt.Fprintln(os.Stderr, "gateway:", err)
		return exitSettings
	}
	logger := telemetry.NewLogger(os.Stdout, appName, cfg.Log)
	if err := run(ctx, cfg, logger); err != nil {
		logger.Error("the gateway stopped", "error", err)
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
	secrets, err := dapr.Secrets(ctx, []string{sidecar.SecretDatabaseURL, sidecar.SecretTenantKeyset}, nil)
	if err != nil {
		return err
	}
	sealer, err := tenant.NewSealer(secrets[sidecar.SecretTenantKeyset])
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, secrets[sidecar.SecretDatabaseURL], cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()

	metrics := telemetry.MetricsOf(telemetry.AppGateway, cfg.Metrics)
	metrics.WatchPool(db.Connections)
	tracer, err := tracing.Start(ctx, cfg.Traces, appName, metrics.SpansDropped, logger)
	if err != nil {
		return err
	}
	defer tracer.Close(context.WithoutCancel(ctx))
	health := httpserver.NewHealth(logger, map[string]httpserver.Check{
		"postgres": db.Ping, "sidecar": dapr.Ready, "redis": dapr.StateReady,
	})
	copies := tenantcache.New(dapr.Cache(), tenantstore.New(db, sealer), sealer, time.Now, metrics, logger)
	trail := audit.NewTrail(ctx, audit.New(db), metrics.AuditDropped, logger)
	webhooks, err := newWebhookHandler(cfg, copies, ledger.New(db), dapr, trail, metrics, tracer, logger)
	if err != nil {
		return err
	}
	votes, err := page.New(page.Deps{
		Tokens: feedback.NewTokens(sealer, time.Now), Votes: feedback.NewStore(db), Client: cfg.TrustedProxies.Client,
		Voted: metrics.FeedbackVoted, Now: time.Now, Logger: logger,
	})
	if err != nil {
		return err
	}
	public := httpserver.New(cfg.PublicAddr, publicRoutes(webhooks, votes), logger)
	internal := httpserver.New(cfg.Internal.Addr(), internalRoutes(health, metrics, sidecar.OnlySidecar(cfg.Sidecar.AppToken, sidecar.Receive(copies.Changed, logger))), logger)
	go health.Watch(ctx, metrics.DependencyUp)
	logger.Info("the gateway listens", "public", public.Addr, "internal", internal.Addr)
	err = httpserver.Run(ctx, cfg.Grace, health.Leave(cfg.Delay), public, internal)
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditGrace)
	defer cancel()
	return errors.Join(err, trail.Close(draining))
}
