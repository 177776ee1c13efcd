package main

import (
	"fmt"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

type config struct {
	Log      telemetry.LogConfig
	Metrics  telemetry.MetricsConfig
	Traces   tracing.Config
	Sidecar  sidecar.Config
	Database postgres.Config
	Internal httpserver.InternalConfig

	PublicAddr string `envconfig:"PUBLIC_ADDR" default:"127.0.0.1:8080"`
	// MaxBody holds the longest description with every character escaped, and some room.
	MaxBody int64         `envconfig:"WEBHOOK_MAX_BODY_BYTES" default:"262144"`
	MaxSkew time.Duration `envconfig:"WEBHOOK_MAX_SKEW" default:"5m"`
	// PerMinute is how many webhooks of a tenant are accepted in 60 seconds, unless it has a limit of its own.
	PerMinute int `envconfig:"WEBHOOK_RATE_LIMIT" default:"100"`
	// BadSignatures is how many an address may send in a minute before it is refused unheard.
	BadSignatures  int            `envconfig:"WEBHOOK_BAD_SIGNATURES_PER_MINUTE" default:"30"`
	TrustedProxies origin.Proxies `envconfig:"TRUSTED_PROXIES"`
	// Delay is how long a stop goes on as before, but for its readiness: load balancers take a while to notice.
	Delay time.Duration `envconfig:"SHUTDOWN_DELAY" default:"3s"`
	Grace time.Duration `envconfig:"SHUTDOWN_GRACE" default:"20s"`
}

func loadConfig() (config, error) {
	var cfg config
	if err := envconfig.Process("", &cfg); err != nil {
		return config{}, fmt.Errorf("settings from the environment: %w", err)
	}
	if err := cfg.Metrics.Validate(); err != nil {
		return config{}, err
	}
	if cfg.PerMinute < 1 || cfg.PerMinute > tenant.MaxWebhooksPerMinute {
		return config{}, fmt.Errorf("WEBHOOK_RATE_LIMIT: %d is not between 1 and %d", cfg.PerMinute, tenant.MaxWebhooksPerMinute)
	}
	if cfg.BadSignatures < 1 {
		return config{}, fmt.Errorf("WEBHOOK_BAD_SIGNATURES_PER_MINUTE: %d is not at least 1", cfg.BadSignatures)
	}
	if cfg.Delay < 0 {
		return config{}, fmt.Errorf("SHUTDOWN_DELAY: %s is negative; use 0s for none", cfg.Delay)
	}
	if err := cfg.Traces.Validate(); err != nil {
		return config{}, err
	}
	return cfg, nil
}
