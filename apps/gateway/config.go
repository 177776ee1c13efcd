package main

import (
	"fmt"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

type config struct {
	Log      telemetry.LogConfig
	Sidecar  sidecar.Config
	Database postgres.Config
	Internal httpserver.InternalConfig

	PublicAddr string `envconfig:"PUBLIC_ADDR" default:"127.0.0.1:8080"`
	// MaxBody holds the longest description with every character escaped, and some room.
	MaxBody int64         `envconfig:"WEBHOOK_MAX_BODY_BYTES" default:"262144"`
	MaxSkew time.Duration `envconfig:"WEBHOOK_MAX_SKEW" default:"5m"`
	Grace   time.Duration `envconfig:"SHUTDOWN_GRACE" default:"20s"`
}

func loadConfig() (config, error) {
	var cfg config
	if err := envconfig.Process("", &cfg); err != nil {
		return config{}, fmt.Errorf("settings from the environment: %w", err)
	}
	return cfg, nil
}
