// Command simulator is the outside world for local runs: ServiceDesk Plus and a knowledge base for each
// tenant, and a language model, with an admin API and pages to read tickets on.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func main() {
	os.Exit(start(os.Stdout, os.Stderr))
}

// start gives the exit status: 2 for settings that cannot be used, 1 when the simulator failed.
func start(stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if httpserver.IsProbe(os.Args) {
		return httpserver.Probe(ctx, os.Getenv, stderr)
	}
	cfg, err := loadConfig()
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "simulator:", err)
		return 2
	}
	logger := telemetry.NewLogger(stdout, "simulator", cfg.Log)
	if err := run(ctx, cfg, logger); err != nil {
		logger.Error("the simulator stopped", "error", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, cfg config, logger *slog.Logger) (err error) {
	dapr, err := sidecar.Connect(ctx, cfg.Sidecar, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dapr.Close()) }()
	secrets, err := dapr.Secrets(ctx, []string{sidecar.SecretSimulatorKey}, []string{sidecar.SecretLLMAPIKey})
	if err != nil {
		return err
	}
	world, end, err := newWorld(cfg, secrets, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	health := httpserver.NewHealth(logger, map[string]httpserver.Check{"sidecar": dapr.Ready})
	public := httpserver.New(cfg.PublicAddr, world, logger)
	internal := httpserver.New(cfg.Internal.Addr(), internalRoutes(health, telemetry.MetricsOf(telemetry.AppSimulator, telemetry.MetricsConfig{})), logger)
	logger.Info("the simulator listens", "public", public.Addr, "internal", internal.Addr, "gateway", cfg.GatewayURL)
	drain := func() {
		health.Drain()
		world.Close()
	}
	return httpserver.Run(ctx, cfg.Grace, drain, public, internal)
}

// newWorld also gives what to do with the world in the end.
func newWorld(cfg config, secrets sidecar.Secrets, logger *slog.Logger) (world *simulator.World, end func() error, err error) {
	world = simulator.New(simulator.Options{
		Keys: simulator.NewKeys(secrets[sidecar.SecretSimulatorKey]), LLMKey: secrets[sidecar.SecretLLMAPIKey],
		GatewayURL: cfg.GatewayURL, BaseURL: cfg.PublicURL, Logger: logger,
	})
	end = func() error { return nil }
	if cfg.State != "" {
		if end, err = world.Keep(cfg.State); err != nil {
			return nil, nil, err
		}
	}
	if !cfg.Sample {
		return world, end, nil
	}
	if err := world.AddSample(); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return world, end, nil
}

// internalRoutes is for probes and the scraper.
func internalRoutes(health *httpserver.Health, metrics *telemetry.Metrics) http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/healthz", health.Live).Methods(http.MethodGet)
	r.HandleFunc("/readyz", health.Ready).Methods(http.MethodGet)
	r.Handle("/metrics", metrics.Handler()).Methods(http.MethodGet)
	return r
}
