package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

type config struct {
	Log      telemetry.LogConfig
	Sidecar  sidecar.Config
	Internal httpserver.InternalConfig

	PublicAddr string `envconfig:"PUBLIC_ADDR" default:"127.0.0.1:8089"`
	// PublicURL is how others reach PublicAddr; made from it when empty.
	PublicURL  string `envconfig:"SIMULATOR_URL"`
	GatewayURL string `envconfig:"GATEWAY_URL" default:"http://127.0.0.1:8080"`
	// AllowRemote lets PublicAddr be one that other machines reach: the admin API asks for no credentials.
	AllowRemote bool `envconfig:"SIMULATOR_ALLOW_REMOTE" default:"false"`
	Sample      bool `envconfig:"SIMULATOR_SAMPLE" default:"true"`
	// State is a file in which tenants, tickets and notes are kept; in memory alone when empty.
	State string        `envconfig:"SIMULATOR_STATE"`
	Grace time.Duration `envconfig:"SHUTDOWN_GRACE" default:"5s"`
}

func loadConfig() (config, error) {
	var cfg config
	if err := envconfig.Process("", &cfg); err != nil {
		return config{}, fmt.Errorf("settings from the environment: %w", err)
	}
	host, _, err := net.SplitHostPort(cfg.PublicAddr)
	if err != nil {
		return config{}, fmt.Errorf("PUBLIC_ADDR: use host:port, such as 127.0.0.1:8089: %w", err)
	}
	if !cfg.AllowRemote && !loopback(host) {
		return config{}, errors.New("PUBLIC_ADDR: " + cfg.PublicAddr + " can be reached by other machines, and the " +
			"simulator's admin API asks for no credentials: use 127.0.0.1, or set SIMULATOR_ALLOW_REMOTE=true " +
			"where the network keeps others out")
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = "http://" + cfg.PublicAddr
	}
	return cfg, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
