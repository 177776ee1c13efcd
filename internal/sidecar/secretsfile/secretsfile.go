// Package secretsfile writes the file that Dapr's local secret store reads, for an installation that has no manager of secrets, such as
// one with compose. It knows which secrets the apps ask for, and refuses what they would fall over.
package secretsfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// secretRedis is what components/ call the password of Redis; no app reads it.
const secretRedis = "redis-password"

// Config is where the values come from. What is optional and empty is left out of the file.
type Config struct {
	AppPassword     string `envconfig:"APP_USER_PASSWORD"`
	ConsolePassword string `envconfig:"CONSOLE_USER_PASSWORD"`
	RedisPassword   string `envconfig:"REDIS_PASSWORD"`
	TenantKeyset    string `envconfig:"TENANT_KEYSET"`
	BootstrapToken  string `envconfig:"CONSOLE_BOOTSTRAP_TOKEN"`
	SignInSecret    string `envconfig:"CONSOLE_OIDC_CLIENT_SECRET"`
	LLMKey          string `envconfig:"LLM_API_KEY"`
	LLMFallbackKey  string `envconfig:"LLM_FALLBACK_API_KEY"`
	EmbeddingsKey   string `envconfig:"EMBEDDINGS_API_KEY"`
	SimulatorKey    string `envconfig:"SERVICEDESK_SIMULATOR_KEY"`
}

// Write replaces the file at path, readable by its owner alone. adminURL is the database's as its owner: the apps' are the same with another
// role. The folder has to be there. No error quotes a secret.
func Write(path, adminURL string, cfg Config) error {
	secrets, err := cfg.secrets(adminURL)
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	return replace(path, append(content, '\n'))
}

// secrets names everything that is wrong at once.
func (c Config) secrets(adminURL string) (map[string]string, error) {
	var errs []error
	for _, required := range []struct{ name, value string }{
		{"APP_USER_PASSWORD", c.AppPassword}, {"CONSOLE_USER_PASSWORD", c.ConsolePassword}, {"REDIS_PASSWORD", c.RedisPassword},
	} {
		if required.value == "" {
			errs = append(errs, fmt.Errorf("%s is not set", required.name))
		}
	}
	if _, err := tenant.NewSealer(c.TenantKeyset); err != nil {
		errs = append(errs, errors.New("TENANT_KEYSET is no keyset: make one with `agentctl keyset new`, and keep it as long as the database"))
	}
	database, err := url.Parse(adminURL)
	if err != nil || database.Host == "" || (database.Scheme != "postgres" && database.Scheme != "postgresql") {
		errs = append(errs, errors.New("DATABASE_ADMIN_URL is not of the form postgres://admin:PASSWORD@HOST/NAME"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	secrets := map[string]string{
		sidecar.SecretDatabaseURL:        as(*database, postgres.RoleApp, c.AppPassword),
		sidecar.SecretConsoleDatabaseURL: as(*database, postgres.RoleConsole, c.ConsolePassword),
		sidecar.SecretTenantKeyset:       c.TenantKeyset,
		secretRedis:                      c.RedisPassword,
	}
	for name, value := range map[string]string{
		access.BootstrapSecret: c.BootstrapToken, oidc.ClientSecret: c.SignInSecret, sidecar.SecretLLMAPIKey: c.LLMKey, sidecar.SecretLLMFallbackAPIKey: c.LLMFallbackKey,
		sidecar.SecretEmbeddingsAPIKey: c.EmbeddingsKey, sidecar.SecretSimulatorKey: c.SimulatorKey,
	} {
		if value != "" {
			secrets[name] = value
		}
	}
	return secrets, nil
}

func as(database url.URL, role, password string) string {
	database.User = url.UserPassword(role, password)
	return database.String()
}

// replace never leaves half a file behind: a sidecar may be starting.
func replace(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".secrets-*") // 0600
	if err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if _, err := file.Write(content); err != nil {
		return errors.Join(fmt.Errorf("write the secrets: %w", err), file.Close())
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	return nil
}
