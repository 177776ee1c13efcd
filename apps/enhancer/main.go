// Command enhancer does the jobs: it takes them from the queue, starts one workflow for each, and runs
// the workflow's steps.
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

	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/dispatch"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/sweep"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/workflows"
)

// appName is how logs and traces call this process.
const appName = "enhancer"

// Exit statuses besides 0.
const (
	exitFailed   = 1
	exitSettings = 2
)

// stopSidecar is how long the sidecar may take to answer that it will stop.
const stopSidecar = 5 * time.Second

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if httpserver.IsProbe(os.Args) {
		return httpserver.Probe(ctx, os.Getenv, os.Stderr)
	}
	cfg, err := loadConfig()
	if err != nil {
		fmt.Fprintln(os.Stderr, "enhancer:", err)
		return exitSettings
	}
	logger := telemetry.NewLogger(os.Stdout, appName, cfg.Log)
	if err := run(ctx, cfg, logger); err != nil {
		logger.Error("the enhancer stopped", "error", err)
		return exitFailed
	}
	return 0
}

func run(ctx context.Context, cfg config, logger *slog.Logger) error {
	metrics := telemetry.MetricsOf(telemetry.AppEnhancer, cfg.Metrics)
	tracer, err := tracing.Start(ctx, cfg.Traces, appName, metrics.SpansDropped, logger)
	if err != nil {
		return err
	}
	defer tracer.Close(context.WithoutCancel(ctx)) // the last, for the end of the rest is traced, too
	return work(ctx, cfg, metrics, tracer, logger)
}

func work(ctx context.Context, cfg config, metrics *telemetry.Metrics, tracer *tracing.Tracer, logger *slog.Logger) (err error) {
	dapr, err := sidecar.Connect(ctx, cfg.Sidecar, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dapr.Close()) }()
	secrets, sealer, err := readSecrets(ctx, dapr)
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, secrets[sidecar.SecretDatabaseURL], cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()

	metrics.WatchPool(db.Connections)
	books, store := ledger.New(db).Of(cfg.Tenant), tenantstore.New(db, sealer)
	embedder, err := newEmbedder(cfg.Embeddings, secrets[sidecar.SecretEmbeddingsAPIKey], logger)
	if err != nil {
		return err
	}
	guard := outbound.New(cfg.Outbound, logger)
	copies := tenantcache.New(dapr.Cache(), store, sealer, time.Now, metrics, logger)
	engine, running := dapr.Workflows(), dapr.Instances()
	starts := &starter{ledger: books, engine: engine, tracer: tracer, instances: running, logger: logger}
	dispatcher := dispatch.New(cfg.Queue, dispatch.Deps{Queue: books, Pauses: shownPauses{suspension.New(db), cfg.Tenant}, Crew: crew.NewRegister(db), Engine: starts, Metrics: metrics, Logger: logger})
	clients := desk.New(copies, guard, cfg.DeskTimeout, metrics, logger)
	known := desks{tenants: copies, clients: clients}
	activities, err := newActivities(cfg, db, guard, known, dapr.Cache(), embedder, sealer, secrets, metrics, logger)
	if err != nil {
		return err
	}
	activities.Ended, activities.Tracer = dispatcher.Wake, tracer
	// The worker hears of the end after the listener has stopped, so that what was received meanwhile
	// still gets its workflow.
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	hand, err := newHand(db, cfg.Tenant, engine, activities, dispatcher, dapr.WorkerReady, metrics, logger)
	if err != nil {
		return err
	}
	if err := hand.Start(working); err != nil {
		return err
	}

	health := httpserver.NewHealth(logger, map[string]httpserver.Check{
		"postgres": db.Ping, "sidecar": dapr.Ready, "redis": dapr.StateReady, "workflows": hand.Ready,
	})
	server := httpserver.New(cfg.Internal.Addr(), routes(newDeliveries(cfg.Tenant, db, books, dispatcher, copies, metrics, tracer, logger),
		newPreviews(cfg, db, known, activities, sealer, metrics, logger), cfg.Sidecar.AppToken, health, metrics), logger)
	background := newBackground(ctx, cfg, db, store, clients, embedder,
		sweep.New(cfg.Sweep, sweep.Deps{Ledger: books, Engine: running, Starter: starts, Metrics: metrics, Tracer: tracer, Logger: logger}), dispatcher,
		newReconciler(cfg, db, store, clients, books, dispatcher.Wake, metrics, tracer, logger), logger)
	background.add(hand.Run)
	logger.Info("the enhancer listens", "internal", server.Addr)
	err = serve(ctx, cfg.Grace, dapr, hand, metrics, health, server)
	stopWorking()
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Grace)
	defer cancel()
	return errors.Join(err, background.stop(draining), activities.Drain(draining))
}

// readSecrets gives the app's secrets, and what opens those of tenants.
func readSecrets(ctx context.Context, dapr *sidecar.Sidecar) (sidecar.Secrets, *tenant.Sealer, error) {
	secrets, err := dapr.Secrets(ctx,
		[]string{sidecar.SecretDatabaseURL, sidecar.SecretTenantKeyset},
		[]string{sidecar.SecretLLMAPIKey, sidecar.SecretLLMFallbackAPIKey, sidecar.SecretEmbeddingsAPIKey})
	if err != nil {
		return nil, nil, err
	}
	sealer, err := tenant.NewSealer(secrets[sidecar.SecretTenantKeyset])
	return secrets, sealer, err
}

// newDeliveries are what the sidecar delivers, by route.
func newDeliveries(enhancer string, db *postgres.DB, books *ledger.Ledger, dispatcher *dispatch.Dispatcher, copies *tenantcache.Cache, metrics *telemetry.Metrics,
	tracer *tracing.Tracer, logger *slog.Logger,
) map[string]http.Handler {
	refusals := deadletter.NewRefusals()
	jobs := &receiver{enhancer: enhancer, ledger: books, wake: dispatcher.Wake, refusals: refusals, tracer: tracer, logger: logger}
	dead := &deadletter.Consumer{
		Jobs: books, Letters: deadletter.NewLetters(db), Refusals: refusals, Wake: dispatcher.Wake, Metrics: metrics, Logger: logger,
	}
	return map[string]http.Handler{
		event.RouteEnhancement: jobs.handler(), event.RouteDead: sidecar.ReceiveRaw(dead.Receive, logger),
		event.RouteTenantChanged: sidecar.Receive(copies.Changed, logger),
	}
}

// serve listens until ctx ends, or until the workflow engine turns out to have lost our worker; then the sidecar is asked
// to end too.
func serve(ctx context.Context, grace time.Duration, dapr *sidecar.Sidecar, hand *crew.Hand, metrics *telemetry.Metrics, health *httpserver.Health,
	server *http.Server,
) error {
	serving, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go health.Watch(serving, metrics.DependencyUp)
	go func() {
		active := func(is bool) { metrics.WorkerActive(is && hand.State() == crew.Working) }
		if err := (watchdog{worker: hand.Ready, active: active}).watch(serving); err != nil {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(serving), stopSidecar)
			defer cancel()
			giveUp(errors.Join(err, dapr.Stop(stopping)))
		}
	}()
	err := httpserver.Run(serving, grace, health.Drain, server)
	if ctx.Err() == nil {
		err = errors.Join(err, context.Cause(serving))
	}
	return err
}

func newActivities(cfg config, db *postgres.DB, guard *outbound.Guard, desks desks, cache knowledge.Cache, embedder embedding.Embedder,
	sealer *tenant.Sealer, secrets sidecar.Secrets, metrics *telemetry.Metrics, logger *slog.Logger,
) (*workflows.Activities, error) {
	reranker, err := newReranker(db, embedder, logger)
	if err != nil {
		return nil, err
	}
	drafter, err := newDrafter(cfg, db, desks, cache, sealer, secrets, metrics, logger)
	if err != nil {
		return nil, err
	}
	return &workflows.Activities{
		Ledger: ledger.New(db), Sources: newSources(cfg, db, guard, desks, cache, reranker, metrics, logger),
		Drafter: drafter, Desks: desks, Metrics: metrics, Logger: logger, HoldLimit: cfg.HoldLimit,
	}, nil
}
