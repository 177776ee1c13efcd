package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// maxConns is enough for one operator.
const maxConns = 4

type settings struct {
	DatabaseURL string `envconfig:"DATABASE_URL"`
	SecretsFile string `envconfig:"SECRETS_FILE"`

	// As the enhancer has them: both have to keep the same tickets, and share the calls to a tenant's server.
	ResolvedStatuses []string `envconfig:"MIRROR_RESOLVED_STATUSES" default:"Resolved,Closed"`
	CloudCalls       int      `envconfig:"MIRROR_CLOUD_CALLS_PER_MINUTE" default:"25"`
	OnPremCalls      int      `envconfig:"MIRROR_ONPREM_CALLS_PER_MINUTE" default:"30"`

	// What the enhancer may reach, imports may.
	Outbound outbound.Config
}

// backend is the platform's data, reached as console_user: of all tables but that of the tenants it sees one tenant at a time.
type backend struct {
	db      *postgres.DB
	ledger  *ledger.Ledger
	tenants *tenantstore.Store
	cfg     settings
}

// openBackend names every missing setting at once.
func openBackend(ctx context.Context) (*backend, error) {
	var cfg settings
	if err := envconfig.Process("", &cfg); err != nil {
		return nil, fmt.Errorf("settings from the environment: %w", err)
	}
	var missing []error
	if cfg.DatabaseURL == "" {
		missing = append(missing, errors.New("DATABASE_URL is not set: the database, as console_user"))
	}
	if cfg.SecretsFile == "" {
		missing = append(missing, errors.New(`SECRETS_FILE is not set: the JSON file with "tenant-keyset"`))
	}
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("%w\nWith the local stack running: set -a; . .run/env; set +a", err)
	}
	sealer, err := readSealer(cfg.SecretsFile)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, cfg.DatabaseURL, postgres.Config{MaxConns: maxConns, ConnectTimeout: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	return &backend{db: db, ledger: ledger.New(db), tenants: tenantstore.New(db, sealer), cfg: cfg}, nil
}

func readSealer(path string) (*tenant.Sealer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secrets: %w", err)
	}
	var secrets map[string]string
	if err := json.Unmarshal(data, &secrets); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object of strings", path)
	}
	keyset := secrets[sidecar.SecretTenantKeyset]
	if keyset == "" {
		return nil, fmt.Errorf("%s has no %q", path, sidecar.SecretTenantKeyset)
	}
	return tenant.NewSealer(keyset)
}

func (b *backend) close() { b.db.Close() }
